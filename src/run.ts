import { createApp } from "./app.ts";
import { helpText, readCommand } from "./config.ts";
import { asPrefetchError, explain } from "./errors.ts";
import { runStdio } from "./transports/stdio.ts";
import { version } from "./version.ts";

/** Reads the command line and serves, or says on stderr why it cannot and exits with 1. */
export function run(args: readonly string[], env: NodeJS.ProcessEnv): void {
  try {
    const command = readCommand(args, env);
    // No protocol is running yet, so stdout is free for what was asked for.
    if (command.kind === "help") process.stdout.write(helpText(version));
    else if (command.kind === "version") process.stdout.write(`${version}\n`);
    else runStdio(createApp(command.config));
  } catch (error) {
    process.stderr.write(`cdn-prefetch-mcp: ${explain(asPrefetchError(error))}\n`);
    process.exitCode = 1;
  }
}
