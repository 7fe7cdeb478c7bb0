/** Reads the command line. */

import { parseArgs } from "node:util";
import { PrefetchError } from "../base/errors.ts";
import type { Setting } from "../base/setting.ts";
import { type CommandName, type CommandOption, commandDefinitions, commandNames } from "./commands/definitions.ts";
import { nearestName } from "./spelling.ts";

/** Values by flag, such as `{ sandbox: true, port: "8080" }`. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>;

export interface CommandLine {
  /** `undefined` for a server. */
  readonly command: CommandName | undefined;
  readonly flags: Flags;
  readonly operands: readonly string[];
}

/** Throws `invalid_argument` for an unknown command or flag, and for a missing value. */
export function readCommandLine(args: readonly string[], settings: readonly Setting[]): CommandLine {
  const [first, ...rest] = args;
  if (first === undefined || first.startsWith("-")) return { command: undefined, ...readFlags(args, settings, {}) };
  const command = commandNames.find((name) => name === first);
  if (command === undefined) throw unknownCommand(first);
  return { command, ...readFlags(rest, settings, commandDefinitions[command].options) };
}

function unknownCommand(typed: string): PrefetchError {
  const nearest = nearestName(typed, commandNames);
  const suggestion =
    nearest === undefined ? `Commands are ${commandNames.join(", ")}; without one, a server starts.` : `Did you mean ${nearest}?`;
  return new PrefetchError("invalid_argument", `"${typed.slice(0, 60)}" is no command`, {
    hint: `${suggestion} Run with --help for all of them.`,
  });
}

function readFlags(
  args: readonly string[],
  settings: readonly Setting[],
  own: Readonly<Record<string, CommandOption>>,
): Omit<CommandLine, "command"> {
  const options: Record<string, { type: "string" | "boolean"; short?: string; multiple?: boolean }> = {
    help: { type: "boolean", short: "h" },
    version: { type: "boolean", short: "v" },
    check: { type: "boolean" },
  };
  for (const { flag, kind } of settings) if (flag) options[flag] = { type: kind === "boolean" ? "boolean" : "string" };
  for (const [name, { type, multiple = false }] of Object.entries(own)) options[name] = { type, multiple };
  try {
    const takesOperands = Object.keys(own).length > 0;
    const { values, positionals } = parseArgs({
      args: withNegativeValues(args, options),
      options,
      strict: true,
      allowPositionals: takesOperands,
    });
    const flags = Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? value.join("\n") : value]);
    return { flags: Object.fromEntries(flags), operands: positionals };
  } catch (error) {
    const [, unknown] = /^Unknown option '--([^']*)'/.exec(firstSentence(error)) ?? [];
    const hint = `${unknown ? adviceOn(unknown, Object.keys(options), settings) : ""}Run with --help for all flags.`;
    throw new PrefetchError("invalid_argument", firstSentence(error), { hint, cause: error });
  }
}

/** Node calls `--wait -5` ambiguous. As `--wait=-5`, the check of the flag's own value says what is wrong. */
function withNegativeValues(args: readonly string[], options: Readonly<Record<string, { readonly type: string }>>): string[] {
  const joined: string[] = [];
  for (const arg of args) {
    const flag = joined.at(-1);
    const takesValue = flag?.startsWith("--") && !joined.includes("--") && options[flag.slice(2)]?.type === "string";
    if (takesValue && /^-\d/.test(arg)) joined.splice(-1, 1, `${flag}=${arg}`);
    else joined.push(arg);
  }
  return joined;
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

/** Node's message goes on with advice on positional arguments, which a server does not take. */
function firstSentence(error: unknown): string {
  const [sentence] = error instanceof Error ? error.message.split(/\. |\.?\n/) : [];
  return sentence ?? "The command line cannot be read";
}
