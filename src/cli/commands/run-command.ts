/** Runs one command of the shell on an app of its own. Several commands and servers may share a store. */

import { createApp } from "../../app/app.ts";
import type { AppConfig } from "../../app/config.ts";
import { asPrefetchError, describe, PrefetchError } from "../../base/errors.ts";
import type { Command, Options } from "./command.ts";
import { type CommandName, exitCodes } from "./definitions.ts";
import { quota } from "./quota.ts";
import { inShellWords } from "./shell-words.ts";
import { status } from "./status.ts";
import { createTerminal, painter, type Streams, type Terminal } from "./terminal.ts";
import { warm } from "./warm.ts";

/** Commands that run the tools. `doctor` also works where no tool can. */
export type ToolCommandName = Exclude<CommandName, "doctor">;

/** What each command does on an app. The demo runs them one after the other on one app. */
export const commands: Readonly<Record<ToolCommandName, Command>> = { warm, status, quota };

const keptAdvice = "What was stored stays: the command status shows it, and a server on the same store sends it.";

/** A timer that never fires in practice: it keeps the process alive while a command waits on timers that do not. */
const FAR_AWAY_MS = 2_147_483_647;

export interface ShellCommand {
  readonly name: ToolCommandName;
  readonly operands: readonly string[];
  readonly options: Options;
  readonly config: AppConfig;
}

/** Resolves with the exit code. What a command has stored outlives it: `status` and servers on the same store go on with it. */
export async function runCommand({ name, operands, options, config }: ShellCommand, streams: Streams = process): Promise<number> {
  const { stdin, stdout, stderr } = streams;
  const terminal = createTerminal({ json: options.json === true, stdout, stderr });
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort(new PrefetchError("cancelled", "Interrupted"));
  const alive = setInterval(() => undefined, FAR_AWAY_MS);
  process.once("SIGINT", interrupt);
  // The log of a command has errors only, and a misspelt setting must not go unnoticed.
  for (const warning of config.warnings) stderr.write(`cdn-prefetch-mcp: ${warning}\n`);
  const app = createApp(config);
  try {
    const mostUrls = config.guards.maxUrlsPerCall;
    return await commands[name]({ app, operands, options, terminal, paint: painter(stdout), stdin, signal: interrupted.signal, mostUrls });
  } catch (thrown) {
    if (!(thrown instanceof PrefetchError)) app.report(thrown, `the command ${name}`);
    const error = asPrefetchError(thrown);
    const kept = config.store === ":memory:" ? "The store was in memory, so nothing of the task stays." : keptAdvice;
    const hint = interrupted.signal.aborted ? kept : error.hint;
    showFailure(terminal, error, hint);
    return interrupted.signal.aborted ? exitCodes.interrupted : exitCodes.refused;
  } finally {
    process.off("SIGINT", interrupt);
    await app.close();
    clearInterval(alive);
  }
}

function showFailure(terminal: Terminal, error: PrefetchError, hint: string | undefined): void {
  const message = inShellWords(describe(error));
  const advice = hint === undefined ? {} : { hint: inShellWords(hint) };
  terminal.failure({ code: error.code, message, ...advice }, ["cdn-prefetch-mcp:", message, ...Object.values(advice)].join(" "));
}
