/** Commands, run as a shell runs them, or in the test's own process. */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { runDoctor } from "../../../src/cli/commands/doctor/doctor.ts";
import { runCommand } from "../../../src/cli/commands/run-command.ts";
import type { Streams } from "../../../src/cli/commands/terminal.ts";
import { type Command, readCommand } from "../../../src/cli/config.ts";
import { bin, compileCache } from "./clients-harness.ts";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ShellOptions extends CommandOptions {
  readonly cwd?: string;
  /** Another user, for root only. */
  readonly uid?: number | undefined;
}

/** Runs the built program. */
export async function shell(args: readonly string[], { input = "", env = {}, cwd, uid }: ShellOptions = {}): Promise<Ended> {
  const options = {
    cwd,
    env: { PATH: process.env.PATH ?? "", HOME: newFolder(), ...compileCache, ...env },
    ...(uid !== undefined && { uid }),
  };
  const child = spawn(process.execPath, [bin, ...args], options);
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

/** Runs the command from its sources, without a process of its own, whose start takes ten times as long. */
export async function command(args: readonly string[], { input = "", env = {} }: CommandOptions = {}): Promise<Ended> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const code = await exitCodeOf(readCommand(args, { HOME: newFolder(), ...env }), { stdin: Readable.from([input]), stdout, stderr });
  const written = [stdout, stderr].map((stream) => text(stream.end()));
  const [printed = "", complained = ""] = await Promise.all(written);
  return { code, stdout: printed, stderr: complained };
}

function exitCodeOf(read: Command, streams: Streams): Promise<number> {
  if (read.kind === "doctor") return runDoctor(read, streams);
  if (read.kind === "command") return runCommand(read, streams);
  throw new Error(`"${read.kind}" is no command.`);
}

/** Deleted when the test ends. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "commands-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
