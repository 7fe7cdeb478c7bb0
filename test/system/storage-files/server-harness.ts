/** A server process on a store file, whose room on the disk can be taken away and given back while it runs. */

import { execFileSync } from "node:child_process";
import { Client } from "@modelcontextprotocol/client";
import { onTestFinished, type TestContext } from "vitest";
import { z } from "zod";
import { type Arguments, baseEnv, bin, OneProcessTransport, type ToolAnswer } from "../harness/clients-harness.ts";
import { fastServer } from "../harness/fast-bundle-harness.ts";
import { type FastTime, fastEnv } from "../harness/fast-clock-harness.ts";

const toolResult = z.object({
  isError: z.boolean().default(false),
  content: z.tuple([z.object({ type: z.literal("text"), text: z.string() })]),
  structuredContent: z.unknown().optional(),
});

export interface StoreServer {
  readonly pid: number;
  call(tool: string, args?: Arguments): Promise<ToolAnswer>;
  /** Everything that it has logged. */
  log(): string;
  /** No file of it may become larger than this, from now on. */
  limitFiles(bytes: number): void;
  freeFiles(): void;
  close(): Promise<void>;
}

/** Starts the built server, or with `time` the same one in fast time. It ends with the test. */
export async function startStoreServer(env: Readonly<Record<string, string>>, time?: FastTime): Promise<StoreServer> {
  const fast = time && fastEnv(time);
  const transport = new OneProcessTransport({
    command: process.execPath,
    args: [time ? await fastServer() : bin],
    env: { ...baseEnv, ...fast, ...env },
    stderr: "pipe",
  });
  let log = "";
  transport.stderr?.on("data", (chunk) => {
    log += String(chunk);
  });
  const client = new Client({ name: "store-test", version: "1.0.0" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(transport);
  onTestFinished(() => client.close());
  const { pid } = transport;
  if (pid === null) throw new Error("The server has no process.");
  const limit = (size: string): void => {
    execFileSync("prlimit", ["--pid", String(pid), `--fsize=${size}:`]);
  };
  return {
    pid,
    call: async (name, args = {}) => {
      const result = toolResult.parse(await client.callTool({ name, arguments: args }, { timeout: 70_000 }));
      return { isError: result.isError, text: result.content[0].text, structured: result.structuredContent };
    },
    log: () => log,
    limitFiles: (bytes) => limit(String(bytes)),
    freeFiles: () => limit("unlimited"),
    close: () => client.close(),
  };
}

/** Skips the test where the system has no way to limit a running process's files. Debian, where CI runs, always has it. */
export function needsLimits({ skip }: Pick<TestContext, "skip">): void {
  try {
    execFileSync("prlimit", ["--version"]);
  } catch (error) {
    if (process.env.CI === "true") throw error;
    skip("there is no prlimit(1) here");
  }
}
