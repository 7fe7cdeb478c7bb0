/** What crash tests share: a vendor, a store, servers that do not live long, and the judgement of what came of it. */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { vendorDay } from "../../src/prefetch/quota.ts";
import { modernSession, type Session, type TaskAnswer, taskOf, usedOf } from "../e2e/clients.ts";
import { bundleFastServer } from "./fast-bundle.ts";
import { type FastTime, fastClock } from "./fast-clock.ts";
import type { Random } from "./random.ts";
import { batchStates, integrityOf, ledgerOf, writeLock } from "./store-file.ts";
import { startVendor, type Vendor, type VendorId } from "./vendors.ts";
import { type Point, startWire, type Wire } from "./wire.ts";

/** Both vendors' days are China's. */
const ZONE = "Asia/Shanghai";
/** No test lasts so long in its own time; what waits for longer is not waited for. */
const HORIZON_MS = 6 * 3_600_000;
const LOOK_MS = 25;

/** Today in China, at that hour: tests that are not about midnight must not meet it. */
export function chinaAt(hour: number, minute = 0): number {
  const time = `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
  return Date.parse(`${vendorDay(Date.now(), ZONE)}T${time}:00+08:00`);
}

/** Time that begins at `start` now, and runs `speed` times as fast as it does. */
function timeFrom(start: number, speed: number): FastTime {
  return { since: (Date.now() * speed - start) / (speed - 1), speed };
}

/** A server that nobody talks to. */
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
  start(number?: number): Promise<Server>;
  session(number?: number): Promise<Session>;
  /** Batches of which nobody knows yet that the vendor has them, but for those that wait for another day. */
  waiting(): number;
  /** Ends everything; where it went well, the store goes with it. */
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
  readonly leniency?: number;
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

export async function stage({
  vendor: id,
  limit,
  speed,
  random,
  start = chinaAt(12),
  slowest = 15,
  leniency,
}: SceneOptions): Promise<Scene> {
  const entry = await fastServer();
  const folder = mkdtempSync(join(tmpdir(), "crash-"));
  const store = join(folder, "store.sqlite");
  const time = timeFrom(start, speed);
  const { now } = fastClock(time);
  const vendor = await startVendor(id, { now, limit, leniency });
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
  const listen = (text: string): void => void log.push(...text.split("\n").filter(Boolean));

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
      child.stderr.on("data", (chunk) => listen(String(chunk)));
      // Writing to one that is gone is nobody's fault.
      child.stdin.on("error", () => undefined);
      const server = serverOf(child);
      servers.add(server);
      return server;
    },
    session: async (number) => {
      const session = await modernSession({ entry, env: await envOf(number), onStderr: listen });
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

/** A server that a client talks to, as one that can be killed. */
export function serverBehind({ pid }: Session): Pick<Server, "alive" | "kill"> {
  if (pid === null) throw new Error("There is nothing to kill.");
  const alive = (): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  return {
    get alive() {
      return alive();
    },
    kill: async (signal) => {
      if (alive()) process.kill(pid, signal);
      await until("the server to be gone", () => !alive());
    },
  };
}

/**
 * Stops a process, but not in the middle of a transaction: it would keep the store's only lock for writing, and nobody
 * else could do anything until it goes on.
 */
export async function suspend({ store }: Scene, pid: number): Promise<void> {
  for (;;) {
    process.kill(pid, "SIGSTOP");
    const lock = writeLock(store);
    lock?.release();
    if (lock) return;
    process.kill(pid, "SIGCONT");
    await sleep(1);
  }
}

/** Looks until it is so. */
export async function until(what: string, done: () => boolean | Promise<boolean>, patienceMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + patienceMs; !(await done()); await sleep(LOOK_MS)) {
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs} ms in vain for ${what}.`);
  }
}

/** What a kill waits for: a request that has come so far, or just some moment of a life. */
export type Aim = Point | "moment";

export interface Kill {
  readonly aim: Aim;
  /** Spending requests that were on the wire. */
  readonly there: number;
  readonly back: number;
  /** Batches that the dead server left to be sent, or to be found out about. */
  readonly waiting: number;
}

/** Real milliseconds in which a server gets to its first requests, mostly. */
const LIFE_MS = 650;
/** One that has sent nothing by then has nothing to send. */
const PATIENCE_MS = 4_000;

/** Starts one server after the other, and kills each: in its start, while it waits, or with requests on the wire. */
export async function killAll(scene: Scene, aims: readonly Aim[]): Promise<Kill[]> {
  const kills: Kill[] = [];
  for (const aim of aims) {
    const server = await scene.start();
    // A server's first request goes out alone, later ones side by side; something has to be left for the kills to come.
    const share = scene.waiting() / (aims.length - kills.length);
    const late = share > 2 && scene.random.chance(0.3);
    kills.push(await killAt(scene, server, aim, late ? 4 + scene.random.upTo(3) : 1));
  }
  return kills;
}

/** `longest` bounds, in milliseconds, the moment of one that is killed at a moment. */
export async function killAt(
  scene: Scene,
  server: Pick<Server, "alive" | "kill">,
  aim: Aim,
  nth: number,
  longest = LIFE_MS,
): Promise<Kill> {
  const wire = await scene.wire();
  let hit = { there: 0, back: 0 };
  const strike = async (): Promise<void> => {
    if (server.alive) hit = { ...wire.onTheWay };
    await server.kill("SIGKILL");
  };
  if (aim === "moment") await sleep(scene.random.upTo(longest));
  else {
    const struck = Promise.withResolvers<void>();
    const callOff = wire.interrupt(aim, nth, async () => {
      await strike();
      struck.resolve();
      return "goes on";
    });
    const patience = new AbortController();
    await Promise.race([struck.promise, sleep(PATIENCE_MS, undefined, { signal: patience.signal })]);
    patience.abort();
    callOff();
  }
  await strike();
  return { aim, ...hit, waiting: scene.waiting() };
}

/** The last server: it sends what is left without being told, and then says what became of the tasks. */
export async function finish(scene: Scene, taskIds: readonly string[]): Promise<Ending> {
  const session = await scene.session();
  await until("everything to be sent", () => scene.waiting() === 0);
  return endingOf(session, taskIds);
}

export interface Ending {
  readonly tasks: readonly TaskAnswer[];
  /** The state of every URL of the tasks. */
  readonly states: ReadonlyMap<string, string>;
  /** As the quota tool says. */
  readonly used: number;
}

export async function endingOf(session: Session, taskIds: readonly string[]): Promise<Ending> {
  const tasks: TaskAnswer[] = [];
  const states = new Map<string, string>();
  for (const id of taskIds) {
    let task = taskOf(await session.call("get_prefetch_status", { task_id: id, wait_seconds: 50 }));
    const deadline = Date.now() + 60_000;
    while (task.counts.processing > 0 && Date.now() < deadline) {
      task = taskOf(await session.call("get_prefetch_status", { task_id: id, wait_seconds: 50 }));
    }
    tasks.push(task);
    for (let cursor: string | undefined = ""; cursor !== undefined; ) {
      const page = taskOf(await session.call("get_prefetch_status", { task_id: id, detail: "all", ...(cursor && { cursor }) }));
      for (const row of page.items ?? []) {
        // What was over one task's quota another one may have sent.
        if (row.url !== undefined && (states.get(row.url) ?? "over quota") === "over quota") states.set(row.url, stateOf(row));
      }
      cursor = page.next_cursor;
    }
  }
  const [used = Number.NaN] = usedOf(await session.call("get_prefetch_quota"));
  return { tasks, states, used };
}

function stateOf({ state, code, not_before: notBefore }: NonNullable<TaskAnswer["items"]>[number]): string {
  if (state === "rejected" && code === "quota_exhausted") return "over quota";
  return state === "queued" && notBefore !== undefined ? "put off" : state;
}

export interface Figures {
  readonly urls: number;
  readonly receivedOnce: number;
  readonly resent: number;
  readonly unknown: number;
  /** Of the unknown: those that did reach the vendor. */
  readonly unknownReceived: number;
  readonly overQuota: number;
  /** Those that wait for a day which the test does not reach. */
  readonly putOff: number;
  readonly leftovers: number;
  /** Requests that the vendor turned down because there were too many of them. */
  readonly throttled: number;
  /** Days on which the vendor was asked for more than it gives. */
  readonly exceeded: number;
}

export interface Verdict {
  readonly figures: Figures;
  readonly violations: readonly string[];
}

/** Holds what the tasks and the store say against what the vendor has seen. `calls` are all lists that were asked for, one after the other. */
export function judge({ vendor, store, log, now }: Scene, calls: readonly string[], { tasks, states, used }: Ending): Verdict {
  const asked = [...new Set(calls)];
  const violations: string[] = [];
  const demand = (holds: boolean, otherwise: string): void => {
    if (!holds) violations.push(otherwise);
  };
  const seen = vendor.seen();
  const times = countOf(seen.flatMap((request) => request.accepted));
  const toldOf = (url: string) => states.get(url) ?? "not told of";
  const having = (state: string) => asked.filter((url) => toldOf(url) === state);
  const received = (urls: readonly string[]) => urls.filter((url) => times.has(url));

  const resent = [...times].filter(([, count]) => count > 1).map(([url]) => url);
  demand(resent.length === 0, `${resent.length} received more than once, such as ${resent[0]} (${toldOf(resent[0] ?? "")})`);
  const wanted = new Set(asked);
  const foreign = [...times.keys()].filter((url) => !wanted.has(url));
  demand(foreign.length === 0, `${foreign.length} received that nobody asked for, such as ${foreign[0]}`);

  const done = having("succeeded");
  const missing = done.filter((url) => !times.has(url));
  demand(missing.length === 0, `${missing.length} called succeeded that never were received, such as ${missing[0]}`);
  const unknown = having("unknown");
  const overQuota = having("over quota");
  const putOff = having("put off");
  const early = received([...overQuota, ...putOff]);
  demand(early.length === 0, `${early.length} received that were called over quota, such as ${early[0]}`);
  const rest = countOf(asked.map(toldOf).filter((state) => !["succeeded", "unknown", "over quota", "put off"].includes(state)));
  demand(rest.size === 0, `items are ${[...rest].map(([state, count]) => `${count} ${state}`).join(", ")}`);

  const counted = tasks.reduce((sum, task) => sum + task.counts.total + task.skipped_recent, 0);
  demand(counted === calls.length, `counts add up to ${counted}, not to ${calls.length}`);
  const open = tasks.reduce((sum, task) => sum + task.counts.queued + task.counts.processing, 0) - putOff.length;
  const batches = batchStates(store, now() + HORIZON_MS);
  batches.delete("ended");
  demand(batches.size === 0, `batches are ${[...batches].map(([state, count]) => `${count} ${state}`).join(", ")}`);

  // What was planned for a day is spent on it, whether or not the vendor got it.
  const spent = asked.length - overQuota.length;
  const ledger = ledgerOf(store);
  const booked = [...ledger.values()].reduce((sum, units) => sum + units, 0);
  const atVendor = received(asked).length;
  const nowhere = unknown.length - received(unknown).length;
  demand(booked === spent, `the ledger has ${booked}, although ${spent} were sent or are unknown`);
  demand(
    booked === atVendor + nowhere + putOff.length,
    `the ledger has ${booked}, the vendor ${atVendor}, ${nowhere} got lost, ${putOff.length} wait`,
  );
  // The vendor's own count knows nothing of what never reached it.
  const told = ledger.size > 1 ? used : vendor.traceable ? atVendor : booked;
  demand(used === told, `the quota tool says ${used}, not ${told}`);

  const days = countOf(seen.flatMap((request) => request.accepted.map(() => vendorDay(request.at, ZONE))));
  const exceeded = [...days].filter(([, units]) => units > vendor.limit).length;
  demand(exceeded === 0, `more than the limit of ${vendor.limit} was received on a day`);
  const refusals = countOf(seen.filter(({ status }) => status >= 300).map(({ status }) => status));
  demand(refusals.size === 0, `refused: ${[...refusals].map(([status, count]) => `${count} times ${status}`).join(", ")}`);
  const integrity = integrityOf(store);
  demand(integrity === "ok", `the store is damaged: ${integrity}`);
  // Warnings are of what was foreseen; what is no line of the log is what Node says when it gives up.
  const bugs = log.filter((line) => !/^\{"level":[1-4]0,/.test(line));
  demand(bugs.length === 0, `logged: ${bugs.slice(0, 3).join("\n")}`);

  return {
    figures: {
      urls: asked.length,
      receivedOnce: [...times.values()].filter((count) => count === 1).length,
      resent: resent.length,
      unknown: unknown.length,
      unknownReceived: received(unknown).length,
      overQuota: overQuota.length,
      putOff: putOff.length,
      leftovers: open,
      throttled: refusals.get(429) ?? 0,
      exceeded,
    },
    violations,
  };
}

/** The most requests that count in any stretch of a minute. */
export function busiestMinute(vendor: Vendor): number {
  const at = vendor
    .seen()
    .filter((request) => request.counted)
    .map((request) => request.at)
    .sort((a, b) => a - b);
  return Math.max(0, ...at.map((end, last) => at.slice(0, last + 1).filter((time) => time > end - 60_000).length));
}

function countOf<Value>(values: readonly Value[]): Map<Value, number> {
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
