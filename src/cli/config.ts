/** Turns the command line and the environment into a command with its configuration. */

import type { DoctorCommand } from "./commands/doctor/doctor.ts";
import type { ShellCommand } from "./commands/run-command.ts";
import { type Flags, readCommandLine } from "./flags.ts";
import { type Config, readConfig, refusalOf } from "./read-config.ts";
import { settingSources } from "./setting-values.ts";
import { allSettings } from "./settings.ts";
import { inTypedNames, inTypedReading } from "./typed-names.ts";

export interface StartCommand {
  readonly kind: "serve" | "check";
  readonly config: Config;
  /** As typed, for errors that follow. */
  readonly flags: Flags;
}

export type Command =
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | StartCommand
  | ({ readonly kind: "command" } & ShellCommand)
  | ({ readonly kind: "doctor" } & DoctorCommand);

/** Throws `invalid_argument` that lists every mistake in single settings, or else the first contradiction between settings. */
export function readCommand(args: readonly string[], env: NodeJS.ProcessEnv): Command {
  const { command, flags, operands } = readCommandLine(args, allSettings);
  if (flags.help) return { kind: "help" };
  if (flags.version) return { kind: "version" };

  // On a terminal, a log of ordinary work would stand between the lines of a command.
  const quiet = command === undefined ? env : { PREFETCH_LOG_LEVEL: "error", ...env };
  const reading = readConfig(flags, quiet);
  if (command === "doctor") {
    return { kind: "doctor", operands, options: flags, reading: inTypedReading(flags, reading), sources: settingSources(flags, env) };
  }
  const refusal = refusalOf(reading);
  if (refusal) throw inTypedNames(flags, refusal);
  const config = Object.freeze(reading.config);
  if (command !== undefined) return { kind: "command", name: command, operands, options: flags, config };
  return { kind: flags.check ? "check" : "serve", config, flags };
}
