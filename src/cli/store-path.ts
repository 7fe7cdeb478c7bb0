/** The place of the store file. */

import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import envPaths from "env-paths";
import { PrefetchError } from "../base/errors.ts";

/** `given`: `:memory:`, or a path that may begin with `~/`; `undefined` stands for the user's data folder. */
export function storePath(given: string | undefined): string {
  if (given === undefined) return underHome(join(envPaths("cdn-prefetch-mcp", { suffix: "" }).data, "prefetch.sqlite"));
  // A shell expands `~` at the beginning of a word only, so `sqlite:~/x` arrives as it is.
  const inHome = /^~(?:$|[\\/](?<rest>.*))/s.exec(given);
  return inHome ? underHome(join(homedir(), inHome.groups?.rest ?? "")) : given;
}

/** Without a home folder, the path would begin in the working directory, which differs from start to start. */
function underHome(path: string): string {
  if (isAbsolute(path)) return path;
  throw new PrefetchError("invalid_argument", "PREFETCH_STORE needs your home folder, and HOME is empty", {
    hint: "Set HOME, or name a file with PREFETCH_STORE=sqlite:/path/to/prefetch.sqlite, or keep nothing with PREFETCH_STORE=memory:.",
  });
}
