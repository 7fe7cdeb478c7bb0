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
    const [, unknown] = /^Unknown option '--([^']*)'/.exec(firstSentence(error)) ?? [];
    const hint = `${unknown ? adviceOn(unknown, Object.keys(options), settings) : ""}Run with --help for all flags.`;
    throw new PrefetchError("invalid_argument", firstSentence(error), { hint, cause: error });
  }
}

/** Users also type a variable as a flag (`--prefetch-store`), or a part of a flag's name (`--budget`). */
function adviceOn(typed: string, flags: readonly string[], settings: readonly Setting[]): string {
  const setting = settings.find(({ name }) => name === typed.toUpperCase().replaceAll("-", "_"));
  if (setting && setting.flag === undefined) return `${setting.name} has no flag: set it in the environment. `;
  const meant = setting?.flag ?? nearestName(typed, flags) ?? similarFlag(typed, flags);
  return meant === undefined ? "" : `Did you mean --${meant}? `;
}

/** The shortest flag that has all words of the typed one (`--budget`), or with whose words the typed one begins (`--sandbox-mode`). */
function similarFlag(typed: string, flags: readonly string[]): string | undefined {
  const words = wordsOf(typed);
  const similar = flags.filter((flag) => hasAll(wordsOf(flag), words) || words.join("-").startsWith(`${flag}-`));
  return similar.sort((one, other) => one.length - other.length)[0];
}

function wordsOf(flag: string): readonly string[] {
  return flag.toLowerCase().split(/[-_.]/);
}

function hasAll(words: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((word) => words.includes(word));
}

/** Node's message goes on with advice on positional arguments, which this command does not take. */
function firstSentence(error: unknown): string {
  const [sentence] = error instanceof Error ? error.message.split(/\. |\.?\n/) : [];
  return sentence ?? "The command line cannot be read";
}
