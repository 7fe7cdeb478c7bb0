/** Reads the command line. */

import { parseArgs } from "node:util";
import { PrefetchError } from "../base/errors.ts";
import type { Setting } from "../base/setting.ts";
import { nearestName } from "./spelling.ts";

/** Values by flag, such as `{ sandbox: true, port: "8080" }`. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;

/** Throws `invalid_argument` for an unknown flag, a missing value or a positional argument. */
export function readFlags(args: readonly string[], settings: readonly Setting[]): Flags {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {
    help: { type: "boolean", short: "h" },
    version: { type: "boolean", short: "v" },
    check: { type: "boolean" },
  };
  for (const { flag, kind } of settings) if (flag) options[flag] = { type: kind === "boolean" ? "boolean" : "string" };
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string | boolean] => !Array.isArray(entry[1])));
  } catch (error) {
    const nearest = nearestFlag(error, Object.keys(options));
    const hint = `${nearest === undefined ? "" : `Did you mean --${nearest}? `}Run with --help for all flags.`;
    throw new PrefetchError("invalid_argument", firstSentence(error), { hint, cause: error });
  }
}

function nearestFlag(error: unknown, flags: readonly string[]): string | undefined {
  const [, unknown] = /^Unknown option '--([^']*)'/.exec(firstSentence(error)) ?? [];
  return unknown && nearestName(unknown, flags);
}

/** Node's message goes on with advice on positional arguments, which this command does not take. */
function firstSentence(error: unknown): string {
  const [sentence] = error instanceof Error ? error.message.split(/\. |\.?\n/) : [];
  return sentence ?? "The command line cannot be read";
}
