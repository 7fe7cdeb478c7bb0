/** Commands of the built program, run as a shell runs them. */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { bin } from "./clients-harness.ts";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ShellOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Another user, for root only. */
  readonly uid?: number | undefined;
}

export async function shell(args: readonly string[], { input = "", env = {}, cwd, uid }: ShellOptions = {}): Promise<Ended> {
  const options = { cwd, env: { PATH: process.env.PATH ?? "", HOME: newFolder(), ...env }, ...(uid !== undefined && { uid }) };
  const child = spawn(process.execPath, [bin, ...args], options);
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

/** Deleted when the test ends. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "commands-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
