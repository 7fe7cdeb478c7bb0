/** Starts the built server with the probe inside, over HTTP or over stdio. */

import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const TOKEN = "benchmark-token";
const tokens = ["anna", "bert"].map((name) => ({
  name,
  sha256: createHash("sha256").update(`${TOKEN}-${name}`).digest("hex"),
  scopes: ["prefetch:write"],
}));

export interface Server {
  readonly child: ChildProcess;
  /** The MCP endpoint; empty over stdio. */
  readonly url: string;
  /** The longest standstill since the last question, such as "120 (cpu 45)" milliseconds. */
  longestDelay(): Promise<string>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** The bin of the server. */
  readonly bin: string;
  readonly transport: "http" | "stdio";
  readonly env: Readonly<Record<string, string>>;
  /** A folder for a CPU profile. */
  readonly profile: string | undefined;
}

export async function startServer({ bin, transport, env, profile }: ServerOptions): Promise<Server> {
  const store = join(mkdtempSync(join(tmpdir(), "bench-loop-")), "prefetch.sqlite");
  const flags = ["--import", join(import.meta.dirname, "probe.ts"), ...(profile ? ["--cpu-prof", `--cpu-prof-dir=${profile}`] : [])];
  const args = transport === "http" ? ["--transport", "http", "--port", "0"] : [];
  const child = spawn(process.execPath, [...flags, bin, ...args], {
    env: {
      PATH: process.env.PATH ?? "",
      PREFETCH_STORE: `sqlite:${store}`,
      PREFETCH_TENANT_REQUESTS_PER_MINUTE: "1000000",
      PREFETCH_CONFIRM_ABOVE: "0",
      ...(transport === "http" && { PREFETCH_SERVER_TOKENS: JSON.stringify(tokens) }),
      ...env,
    },
    stdio: ["pipe", "pipe", "pipe", "ipc"],
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr ?? process.stdin }).on("line", (line) => {
      if (line.includes('"listening"')) resolve(String(JSON.parse(line).url));
    });
    child.once("exit", (code) => reject(new Error(`The server exited with code ${code}`)));
    if (transport === "stdio") child.once("spawn", () => resolve(""));
  });
  const longestDelay = async (): Promise<string> => {
    child.send("?");
    const [{ wall, cpu }] = (await once(child, "message")) as [{ readonly wall: number; readonly cpu: number }];
    return `${wall.toFixed(0)} (cpu ${cpu.toFixed(0)})`;
  };
  const stop = async (): Promise<void> => {
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
  };
  return { child, url, longestDelay, stop };
}
