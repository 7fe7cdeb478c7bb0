/** Runs one command line. */

import { createApp } from "../app/app.ts";
import { asPrefetchError, explain } from "../base/errors.ts";
import { createRedactor } from "../base/redact.ts";
import { createSecrets } from "../base/secrets.ts";
import { version } from "../base/version.ts";
import { runStdio } from "../transports/stdio.ts";
import type { DoctorCommand } from "./commands/doctor/doctor.ts";
import type { ShellCommand } from "./commands/run-command.ts";
import { readCommand, type StartCommand } from "./config.ts";
import { helpText, terminalNotice } from "./help.ts";
import type { Config } from "./read-config.ts";
import { keyIdValues, readSettingValues, secretValues } from "./setting-values.ts";
import { inTypedNames } from "./typed-names.ts";

/** A check ends this long after its answer, whatever still waits for a disk. Shorter: a slow disk leaves its log for the next start. */
const LONGEST_CLOSE_MS = 2_000;

/** Serves, checks, or prints help or the version. After an error it explains the error on stderr and sets exit code 1. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  try {
    const command = readCommand(args, env);
    if (command.kind === "help") process.stdout.write(helpText(version));
    else if (command.kind === "version") process.stdout.write(`${version}\n`);
    else if (command.kind === "command") process.exitCode = await runShellCommand(command);
    else if (command.kind === "doctor") process.exitCode = await runDoctorCommand(command);
    else await start(command);
  } catch (error) {
    const values = readSettingValues({}, env);
    const redact = createRedactor(createSecrets(secretValues(values), keyIdValues(values)));
    process.stderr.write(`cdn-prefetch-mcp: ${redact(explain(asPrefetchError(error)))}\n`);
    process.exitCode = 1;
  }
}

async function start({ kind, config, flags }: StartCommand): Promise<void> {
  try {
    if (kind === "check") await check(config);
    else if (config.transport === "http") await serveHttp(config);
    else {
      if (process.stdin.isTTY) process.stderr.write(terminalNotice(version));
      runStdio(createApp(config));
    }
  } catch (error) {
    throw inTypedNames(flags, error);
  }
}

/** Loads the HTTP server's modules on demand: a server over stdio starts faster without them. */
async function serveHttp(config: Config): Promise<void> {
  const { runHttp } = await import("../transports/http/process.ts");
  await runHttp(config.server, (observer) => createApp(config, { observer }));
}

/** Loaded on demand, because a server needs none of it. */
async function runShellCommand(command: ShellCommand): Promise<number> {
  const { runCommand } = await import("./commands/run-command.ts");
  return runCommand(command);
}

async function runDoctorCommand(command: DoctorCommand): Promise<number> {
  const { runDoctor } = await import("./commands/doctor/doctor.ts");
  const code = await runDoctor(command);
  // A disk on which a check gave up must not hold the process.
  setTimeout(() => process.exit(code), LONGEST_CLOSE_MS).unref();
  return code;
}

async function check(config: Config): Promise<void> {
  const app = createApp(config);
  try {
    await app.ready();
  } finally {
    // The answer does not wait for a disk that hangs.
    setTimeout(() => process.exit(), LONGEST_CLOSE_MS).unref();
    app.close(0).catch((error: unknown) => app.report(error, "closing the store"));
  }
  process.stdout.write("The settings are valid, and the store can be read and written.\n");
}
