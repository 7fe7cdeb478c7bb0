/** Starts and stops the built server as a listening process. */

import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { onTestFinished, type TestContext } from "vitest";
import { z } from "zod";
import { baseEnv, bin } from "./clients-harness.ts";

export interface HttpServer {
  readonly url: string;
  readonly child: ChildProcess;
  /** Lines of its log so far. */
  readonly log: readonly string[];
  /** Sends SIGTERM, waits for the end, and resolves with the exit code. */
  stop(): Promise<number | null>;
}

const listening = z.object({ msg: z.literal("listening"), url: z.string() });

/** Starts a server on a free port, by default in the sandbox. The server ends with the test. */
export function startServer(...options: Parameters<typeof launchServer>): Promise<HttpServer> {
  return startServerFor({ onTestFinished }, ...options);
}

/** The same for concurrent tests, which pass their own context. */
export async function startServerFor(
  test: Pick<TestContext, "onTestFinished">,
  ...options: Parameters<typeof launchServer>
): Promise<HttpServer> {
  const server = await launchServer(...options);
  test.onTestFinished(async () => {
    await server.stop();
  });
  return server;
}

/** The same for a server that several tests share. They have to stop it. */
export async function launchServer(
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = ["--sandbox"],
): Promise<HttpServer> {
  const child = spawn(process.execPath, [bin, "--transport", "http", "--port", "0", ...args], {
    env: { ...baseEnv, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  const log: string[] = [];
  const stop = async (): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await exited;
    return child.exitCode;
  };
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      log.push(line);
      if (!line.includes('"listening"')) return;
      resolve(listening.parse(JSON.parse(line)).url);
    });
    exited.then(() => reject(new Error(`The server ended: ${log.join("\n")}`)), reject);
  });
  return { url, child, log, stop };
}

export interface TokenSketch {
  readonly name: string;
  readonly scopes?: readonly string[];
  readonly tenant?: string;
  readonly expires?: string;
}

/** The secret of the token with that name. */
export const secretOf = (name: string): string => `secret-of-${name}`;

/** A token list as an operator writes it. */
export function tokenList(...tokens: readonly TokenSketch[]): string {
  return JSON.stringify(
    tokens.map(({ name, scopes = ["prefetch:read", "prefetch:write"], ...more }) => ({
      name,
      sha256: createHash("sha256").update(secretOf(name)).digest("hex"),
      scopes,
      ...more,
    })),
  );
}
