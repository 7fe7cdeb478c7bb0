/** Names settings in errors as the user gave them: by a flag or by a variable. */

import { asPrefetchError, PrefetchError } from "../base/errors.ts";
import type { Setting } from "../base/setting.ts";
import type { Flags } from "./flags.ts";
import { allSettings } from "./settings.ts";

export function isTyped({ flag }: Setting, flags: Flags): boolean {
  return flag !== undefined && flags[flag] !== undefined;
}

/** The error of a start, in which the flags that the user typed stand for the names of their variables. */
export function inTypedNames(flags: Flags, error: unknown): unknown {
  if (!(error instanceof PrefetchError)) return error;
  const { code, message, hint } = error;
  const inFlags = flagNames(flags);
  return new PrefetchError(code, inFlags(message), { hint: hint && inFlags(hint), cause: error });
}

/** The same for everything that is wrong with a configuration. */
export function inTypedReading<Reading extends WrongParts>(flags: Flags, reading: Reading): Reading {
  const inFlags = flagNames(flags);
  return {
    ...reading,
    mistakes: reading.mistakes.map(({ name, message }) => ({ name, message: inFlags(message) })),
    contradictions: reading.contradictions.map((error) => asPrefetchError(inTypedNames(flags, error))),
  };
}

interface WrongParts {
  readonly mistakes: readonly { readonly name: string; readonly message: string }[];
  readonly contradictions: readonly PrefetchError[];
}

function flagNames(flags: Flags): (text: string) => string {
  const typed = new Map(allSettings.filter((setting) => isTyped(setting, flags)).map(({ name, flag }) => [name, `--${flag}`]));
  return (text) => text.replace(/\b[A-Z][A-Z\d_]+\b/g, (name) => typed.get(name) ?? name);
}
