/** A vendor, a store, and the servers that use both, all in one fast time. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { vendorDay } from "../../../src/prefetch/model/quota.ts";
import { modernSession, type Session } from "../harness/clients-harness.ts";
import { bundleFastServer } from "../harness/fast-bundle-harness.ts";
import { type FastTime, fastClock } from "../harness/fast-clock-harness.ts";
import type { Random } from "./random-harness.ts";
import { batchStates } from "./store-file-harness.ts";
import { startVendor, type Vendor, type VendorId } from "./vendors-harness.ts";
import { startWire, type Wire } from "./wire-harness.ts";

/** Both vendors' days are China's. */
export const ZONE = "Asia/Shanghai";
/** No test lasts so long in its own time; what waits for longer is not waited for. */
export const HORIZON_MS = 6 * 3_600_000;
const LOOK_MS = 25;
/** What a busy machine may make of a moment. */
const LATE_MS = 400;

/** Today in China, at that hour: tests that are not about midnight must not meet it. */
export function chinaAt(hour: number, minute = 0): number {
  const time = `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
  return Date.parse(`${vendorDay(Date.now(), ZONE)}T${time}:00+08:00`);
}

/** Time that begins at `start` now, and runs `speed` times as fast as it does. */
function timeFrom(start: number, speed: number): FastTime {
  return { since: (Date.now() * speed - start) / (speed - 1), speed };
}

/** Requests that may reach a vendor within a minute beyond those that set out in it: what is late is so in fast time. */
export function latecomers(requestsPerMinute: number, speed: number): number {
  return Math.ceil((LATE_MS * speed * requestsPerMinute) / 60_000);
}

export interface Server {
  readonly pid: number;
  readonly alive: boolean;
  /** Resolves when the process is gone. */
  kill(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
}

export interface Scene {
  readonly vendor: Vendor;
  readonly random: Random;
  readonly time: FastTime;
  readonly store: string;
  /** Lines that servers logged. */
  readonly log: readonly string[];
  now(): number;
  /** Each server that lives beside others has a wire of its own, known by its number. */
  wire(number?: number): Promise<Wire>;
  /** Starts a server that nobody talks to. */
  start(number?: number): Promise<Server>;
  session(number?: number): Promise<Session>;
  /** Batches of which nobody knows yet that the vendor has them, but for those that wait for another day. */
  waiting(): number;
  /** Ends everything; the store goes with it. */
  close(): Promise<void>;
}

export interface SceneOptions {
  readonly vendor: VendorId;
  readonly limit: number;
  readonly speed: number;
  readonly random: Random;
  /** The moment at which its time begins. */
  readonly start?: number;
  /** Milliseconds that a leg of the wire takes at most. */
  readonly slowest?: number;
}

let bundle: Promise<string> | undefined;

/** The server's entry file, made once a process. */
function fastServer(): Promise<string> {
  bundle ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), "fast-server-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    return bundleFastServer(folder);
  })();
  return bundle;
}

export async function stage(options: SceneOptions): Promise<Scene> {
  const { vendor: id, limit, speed, random, start = chinaAt(12), slowest = 15 } = options;
  const entry = await fastServer();
  const folder = mkdtempSync(join(tmpdir(), "crash-"));
  const store = join(folder, "store.sqlite");
  const time = timeFrom(start, speed);
  const { now } = fastClock(time);
  const vendor = await startVendor(id, { now, limit, latecomers: (perMinute) => latecomers(perMinute, speed) });
  const wires = new Map<number, Promise<Wire>>();
  const servers = new Set<Server>();
  const sessions = new Set<Session>();
  const log: string[] = [];

  const wire: Scene["wire"] = (number = 0) => {
    const known = wires.get(number);
    if (known) return known;
    const { endpoint, spends } = vendor;
    const made = startWire({ target: endpoint, spends, delay: () => random.upTo(slowest), loses: () => random.chance(0.5) });
    wires.set(number, made);
    return made;
  };
  const envOf = async (number: number | undefined): Promise<Record<string, string>> => ({
    ...vendor.env((await wire(number)).endpoint),
    PREFETCH_STORE: `sqlite:${store}`,
    FAST_SINCE: String(time.since),
    FAST_SPEED: String(time.speed),
  });
  /** One for each server: text comes in pieces that need not end with a line, and what a kill cuts off counts for nothing. */
  const listener = () => {
    let rest = "";
    return (text: string): void => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      log.push(...lines);
    };
  };

  return {
    vendor,
    random,
    time,
    store,
    log,
    now,
    wire,
    start: async (number) => {
      const env = { PATH: process.env.PATH ?? "", HOME: folder, ...(await envOf(number)) };
      const child = spawn(process.execPath, [entry], { env, stdio: ["pipe", "ignore", "pipe"] });
      const listen = listener();
      child.stderr.on("data", (chunk) => listen(String(chunk)));
      // Writing to one that is gone is nobody's fault.
      child.stdin.on("error", () => undefined);
      const server = serverOf(child);
      servers.add(server);
      return server;
    },
    session: async (number) => {
      const session = await modernSession({ entry, env: await envOf(number), onStderr: listener() });
      sessions.add(session);
      return session;
    },
    waiting: () => {
      const states = batchStates(store, now() + HORIZON_MS);
      return (["queued", "claimed", "sending"] as const).reduce((sum, state) => sum + (states.get(state) ?? 0), 0);
    },
    close: async () => {
      await Promise.all([...servers].map((server) => server.kill("SIGKILL")));
      await Promise.all([...sessions].map((session) => session.close()));
      await Promise.all([...wires.values()].map(async (made) => (await made).close()));
      await vendor.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function serverOf(child: ChildProcess): Server {
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const { pid } = child;
  if (pid === undefined) throw new Error("A server could not be started.");
  const alive = () => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    get alive() {
      return alive();
    },
    kill: async (signal) => {
      if (alive()) child.kill(signal);
      await gone;
    },
  };
}

export function serverBehind({ pid }: Session): Server {
  if (pid === null) throw new Error("The session has no server any more.");
  const alive = (): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  return {
    pid,
    get alive() {
      return alive();
    },
    kill: async (signal) => {
      if (alive()) process.kill(pid, signal);
      await until("the server to be gone", () => !alive());
    },
  };
}

/** Looks until it is so. */
export async function until(what: string, done: () => boolean | Promise<boolean>, patienceMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + patienceMs; !(await done()); await sleep(LOOK_MS)) {
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs} ms in vain for ${what}.`);
  }
}
