/**
 * The cost and the use of the storage thread: the same calls with SQLite in the main thread and in its own, and the longest
 * time for which the event loop stands still. Ratios of one run, because the machine decides the times.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { systemClock } from "../src/app/system-clock.ts";
import { createBreathe } from "../src/base/breathe.ts";
import type { Storage } from "../src/prefetch/model/storage.ts";
import { openSqlite } from "../src/storage/sqlite.ts";
import { openThreadStorage } from "../src/storage/thread/thread-storage.ts";
import { manyUrls } from "../test/fakes/provider.ts";
import { accountQuery, newTask } from "../test/fakes/task.ts";

/** Longer than a call waits for a lock, so that the whole wait is seen. */
const LOCK_MS = 8_000;

interface Kind {
  readonly name: string;
  open(location: string): Storage;
}

const breathe = createBreathe(() => performance.now());
const report = (error: unknown): void => void process.stderr.write(`${String(error)}\n`);
const mainThread: Kind = { name: "main", open: (location) => openSqlite(location, systemClock) };
const ownThread: Kind = { name: "own", open: (location) => openThreadStorage({ location, clock: systemClock, breathe, report }) };

const folder = mkdtempSync(join(tmpdir(), "bench-storage-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

function median(times: number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

async function timed(runs: number, work: (run: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const begun = performance.now();
    await work(run);
    times.push(performance.now() - begun);
  }
  return median(times);
}

/** The longest delay of the event loop while `work` runs, in milliseconds. */
async function longestDelay(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(20);
  await work();
  await sleep(20);
  delay.disable();
  return delay.max / 1e6;
}

let tasks = 0;
function admit(storage: Storage, count: number): Promise<unknown> {
  tasks += 1;
  const id = `pf_${String(tasks).padStart(9, "0")}`;
  const urls = manyUrls(count, `https://media.example.com/${id}/`);
  return storage.admit([accountQuery({ targets: urls })], () => ({ task: newTask({ id, urls, perBatch: 100 }) }));
}

/** Holds the write lock in another process while `work` runs. */
async function whileLocked(path: string, work: () => Promise<unknown>): Promise<void> {
  const code = `
    const db = new (require("node:sqlite").DatabaseSync)(${JSON.stringify(path)});
    db.exec("BEGIN IMMEDIATE");
    process.stdout.write("locked");
    setTimeout(() => db.close(), ${LOCK_MS});`;
  const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "ignore"] });
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  await work();
  await exited;
}

async function measure({ name, open }: Kind): Promise<Record<string, number>> {
  const path = join(folder, `${name}.sqlite`);
  const rss = process.memoryUsage.rss();
  const storage = open(path);
  await storage.census();
  const openRss = (process.memoryUsage.rss() - rss) / 2 ** 20;
  await admit(storage, 400);
  await timed(200, () => storage.task("pf_000000001"));
  const results = {
    "MiB to open it": openRss,
    "ms task() of 400 items": await timed(500, () => storage.task("pf_000000001")),
    "ms ledger()": await timed(500, () => storage.ledger("fake-cdn:1", "2026-11-21")),
    "ms beat()": await timed(200, () => storage.beat("bench")),
    "ms admit of 10 URLs": await timed(100, () => admit(storage, 10)),
    "ms admit of 10,000 URLs": await timed(5, () => admit(storage, 10_000)),
    "ms longest stop while 10,000 URLs are admitted": await longestDelay(() => admit(storage, 10_000)),
    "ms longest stop while another process holds the lock": await longestDelay(() =>
      whileLocked(path, () => storage.beat("bench").catch(() => undefined)),
    ),
  };
  await storage.close();
  return results;
}

const main = await measure(mainThread);
const own = await measure(ownThread);
for (const [what, before] of Object.entries(main)) {
  const after = own[what] ?? 0;
  process.stdout.write(
    `${what}: ${before.toFixed(2)} in the main thread, ${after.toFixed(2)} in its own (${(after / before).toFixed(2)} times)\n`,
  );
}
