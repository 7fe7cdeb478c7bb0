import { execFile } from "node:child_process";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { storePath } from "../../src/cli/store-path.ts";

const module = JSON.stringify(new URL("../../src/cli/store-path.ts", import.meta.url).href);

/** The path, or the error, in a process of its own: `env-paths` reads HOME once, when it loads. */
async function storePathWith(env: NodeJS.ProcessEnv, given: string | undefined): Promise<string> {
  const script = `import { storePath } from ${module};
    try { console.log(storePath(${JSON.stringify(given) ?? ""})) } catch (error) { console.log(error.message) }`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { env });
  return stdout.trim();
}

describe("storePath", () => {
  it.each([
    ["/var/lib/t.sqlite", "/var/lib/t.sqlite"],
    ["t.sqlite", "t.sqlite"],
    [":memory:", ":memory:"],
    ["~/t.sqlite", join(homedir(), "t.sqlite")],
    ["~", homedir()],
    ["~other/t.sqlite", "~other/t.sqlite"],
    ["folder/~/t.sqlite", "folder/~/t.sqlite"],
    ["~\\t.sqlite", join(homedir(), "t.sqlite")],
    ["C:\\Users\\me\\t.sqlite", "C:\\Users\\me\\t.sqlite"],
  ])("leads from %s to %s", (given, path) => {
    expect(storePath(given)).toBe(path);
  });

  // Windows always knows a home folder.
  it.skipIf(process.platform === "win32").each([undefined, "~/t.sqlite"])("is refused when it is %s and HOME is empty", async (given) => {
    expect(await storePathWith({ HOME: "" }, given)).toBe("PREFETCH_STORE needs your home folder, and HOME is empty");
  });

  it.skipIf(process.platform === "win32")("needs no home folder when the path does not begin there", async () => {
    expect(await storePathWith({ HOME: "" }, "/var/lib/t.sqlite")).toBe("/var/lib/t.sqlite");
    expect(await storePathWith({ HOME: "", XDG_DATA_HOME: "/data" }, undefined)).toBe("/data/cdn-prefetch-mcp/prefetch.sqlite");
  });
});
