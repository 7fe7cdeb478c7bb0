/** A vendor, a store, and the servers that use both, all in one fast time. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { vendorDay } from "../../../src/prefetch/model/vendor-day.ts";
import { baseEnv, modernSession, type Session } from "../harness/clients-harness.ts";
import { fastServer } from "../harness/fast-bundle-harness.ts";
import { createSkipFile, type FastTime, fastClock, fastEnv, skip } from "../harness/fast-clock-harness.ts";
import { batchStates } from "../harness/store-file-harness.ts";
import type { Random } from "./random-harness.ts";
import { startVendor, type Vendor, type VendorId } from "./vendors-harness.ts";
import { startWire, type Wire } from "./wire-harness.ts";

/** The days of both vendors are those of China. */
export const ZONE = "Asia/Shanghai";
/** In its own time, a test is over after this. A batch that is due later counts as put off. */
export const HORIZON_MS = 6 * 3_600_000;
/** A little longer than the five minutes for which the vendor's records are asked. */
const LEASES_MS = 320_000;
/** Shorter, and the looks at the store use up the processor. Longer, and the tests wait longer. */
const LOOK_MS = 50;
/** A busy machine may delay a request by this much real time. */
const LATE_MS = 800;

/** Today in China at that hour. Tests that are not about midnight start at noon. */
export function chinaAt(hour: number, minute = 0): number {
  const time = `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
  return Date.parse(`${vendorDay(Date.now(), ZONE)}T${time}:00+08:00`);
}

/** Time that is at `start` now and runs `speed` times as fast as real time. */
function timeFrom(start: number, speed: number, skipFile: string): FastTime {
  return { since: (Date.now() * speed - start) / (speed - 1), speed, skipFile };
}

/** Requests that may reach a vendor within a minute beyond those that set out in it, because delays grow with the speed. */
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
  /** Moves the time of all processes forward, once no request is in flight. Call it while no server is sending. */
  skip(ms: number): Promise<void>;
  /** Moves the time past every stale turn and past the pauses of look-ups, so that a dead server's batches end sooner. */
  endLeases(): Promise<void>;
  /** Servers that live side by side have a numbered wire each. */
  wire(number?: number): Promise<Wire>;
  /** Starts a server without a client. */
  start(number?: number): Promise<Server>;
  session(number?: number): Promise<Session>;
  /** Batches that are not settled with the vendor and not put off to another day. */
  waiting(): number;
  /** Ends all processes and deletes the store. */
  close(): Promise<void>;
}

export interface SceneOptions {
  readonly vendor: VendorId;
  readonly limit: number;
  readonly speed: number;
  readonly random: Random;
  /** The moment at which the scene's time begins. */
  readonly start?: number;
  /** The longest time that one direction of the wire takes, in milliseconds. */
  readonly slowest?: number;
}

export async function stage(options: SceneOptions): Promise<Scene> {
  const { vendor: id, limit, speed, random, start = chinaAt(12), slowest = 15 } = options;
  const entry = await fastServer();
  const folder = mkdtempSync(join(tmpdir(), "crash-"));
  const store = join(folder, "store.sqlite");
  const skipFile = join(folder, "skipped-ms");
  createSkipFile(skipFile);
  const time = timeFrom(start, speed, skipFile);
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
    ...fastEnv(time),
  });
  /** Collects one server's lines. A line that a kill cuts off is dropped. */
  const listener = () => {
    let rest = "";
    return (text: string): void => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      log.push(...lines);
    };
  };

  const skipTime: Scene["skip"] = async (ms) => {
    // The vendor refuses the signature of a request that arrives a quarter of an hour later.
    const known = await Promise.all(wires.values());
    await until("no request to be in flight", () => known.every(({ inFlight }) => inFlight === 0));
    skip(skipFile, ms);
  };

  return {
    vendor,
    random,
    time,
    store,
    log,
    now,
    skip: skipTime,
    endLeases: () => skipTime(LEASES_MS),
    wire,
    start: async (number) => {
      const env = { ...baseEnv, HOME: folder, ...(await envOf(number)) };
      const child = spawn(process.execPath, [entry], { env, stdio: ["pipe", "ignore", "pipe"] });
      const listen = listener();
      child.stderr.on("data", (chunk) => listen(String(chunk)));
      // A write to a killed server fails, which these tests expect.
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

/** Looks again and again until the condition holds. */
export async function until(what: string, done: () => boolean | Promise<boolean>, patienceMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + patienceMs; !(await done()); await sleep(LOOK_MS)) {
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs} ms in vain for ${what}.`);
  }
}

/** Resolves as the promise does. Fails with a message that names the event, instead of letting the test run into its timeout. */
export async function event<Result>(what: string, promise: Promise<Result>, patienceMs = 60_000): Promise<Result> {
  let settled = false;
  const settle = (): void => {
    settled = true;
  };
  promise.then(settle, settle);
  await until(what, () => settled, patienceMs);
  return promise;
}
