import { createApp } from "../app/app.ts";
import { asPrefetchError, explain } from "../base/errors.ts";
import { version } from "../base/version.ts";
import { runStdio } from "../transports/stdio.ts";
import type { Config } from "./config.ts";
import { helpText, readCommand } from "./config.ts";

/** Reads the command line and serves, or says on stderr why it cannot and exits with 1. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    const command = readCommand(args, env);
    // No protocol is running yet, so stdout is free for what was asked for.
    if (command.kind === "help") process.stdout.write(helpText(version));
    else if (command.kind === "version") process.stdout.write(`${version}\n`);
    else if (command.config.transport === "http") await serveHttp(command.config);
    else runStdio(createApp(command.config));
  } catch (error) {
    process.stderr.write(`cdn-prefetch-mcp: ${explain(asPrefetchError(error))}\n`);
    process.exitCode = 1;
  }
}

/** What only a listening server needs is loaded only for one. */
async function serveHttp(config: Config): Promise<void> {
  const { runHttp } = await import("../transports/http/process.ts");
  await runHttp(config.server, (observer) => createApp(config, { observer }));
}
