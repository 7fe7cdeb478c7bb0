/**
 * Measures the store on the sizes that grow for 30 days: pages of the list at a million items in 40,000 tasks, the admission
 * of URLs that were warmed before, and the deletion of old tasks beside calls.
 *
 * Usage: `node bench/store-size.ts [list|admission|deletion]`. The ratios tell whether a change made it slower, the times do not.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { systemClock } from "../src/app/system-clock.ts";
import { createListTasks, type ListRequest } from "../src/prefetch/calls/list.ts";
import type { ProviderDirectory } from "../src/prefetch/model/provider-directory.ts";
import type { NewTask, Storage } from "../src/prefetch/model/storage.ts";
import { taskStates } from "../src/prefetch/model/task.ts";
import { keepClean } from "../src/storage/retention.ts";
import { openSqlite } from "../src/storage/sqlite.ts";

const ACCOUNT = "huawei-vod:5a4dbe1d0c2b4f0e9f5d7c6b8a901234";
const DAY_MS = 86_400_000;
const [only] = process.argv.slice(2);

const print = (...columns: readonly (string | number)[]): void => void process.stdout.write(`${columns.join(" | ")}\n`);
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const idOf = (number: number): string => `pf_01a1fe90-4313-7652-95e0-${String(number).padStart(12, "0")}`;
const urlOf = (task: number, index: number): string =>
  `https://vod-1.media.example.com/tenant-42/2026/11/playlist-${task}/segment-${String(index).padStart(20, "0")}.ts`;

/** How long each of some runs takes, shortest first. */
async function timed(runs: number, work: (run: number) => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const begun = performance.now();
    await work(run);
    times.push(performance.now() - begun);
  }
  return times.sort((a, b) => a - b);
}

const median = (times: readonly number[]): number => times[Math.floor(times.length / 2)] ?? 0;

interface Filling {
  readonly tasks: number;
  readonly items: number;
  readonly createdAt: (task: number) => number;
  readonly tenantOf: (task: number) => string;
  readonly stateOf: (task: number, index: number) => string;
  readonly target?: (task: number, index: number) => string;
}

/** Writes tasks past the storage, which would take minutes. */
function fill(path: string, { tasks, items, createdAt, tenantOf, stateOf, target = urlOf }: Filling): void {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA synchronous = OFF; BEGIN");
  const task = db.prepare(
    "INSERT INTO tasks (id, tenant, created_at, providers, duplicates_removed, skipped_recent) VALUES (?, ?, ?, ?, 0, 0)",
  );
  const batch = db.prepare(
    `INSERT INTO batches (task_id, number, provider, account, kind, state, day, cost, attempts, not_before, sent_at, vendor_task_ids)
     VALUES (?, 0, 'huawei-vod', ?, 'urls', 'sending', '2026-11-01', ?, 0, 0, ?, '[]')`,
  );
  const settle = db.prepare("UPDATE batches SET state = 'ended' WHERE task_id = ?");
  const item = db.prepare("INSERT INTO items (task_id, idx, batch, kind, target, state) VALUES (?, ?, 0, 'url', ?, ?)");
  for (let number = 0; number < tasks; number += 1) {
    task.run(idOf(number), tenantOf(number), createdAt(number), number % 97 === 0 ? '["alibaba-vod"]' : '["huawei-vod"]');
    batch.run(idOf(number), ACCOUNT, items, createdAt(number));
    for (let index = 0; index < items; index += 1) item.run(idOf(number), index, target(number, index), stateOf(number, index));
    settle.run(idOf(number));
  }
  db.exec("COMMIT");
  db.close();
}

async function withStore(work: (storage: Storage, path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cdn-prefetch-bench-"));
  const path = join(folder, "store.sqlite");
  const storage = openSqlite(path, systemClock);
  await storage.census();
  try {
    await work(storage, path);
  } finally {
    await storage.close();
    rmSync(folder, { recursive: true });
  }
}

/** The first page and the last one of each list that a caller can ask for. */
function listRequests(deep: string): (readonly [seesAll: boolean, request: ListRequest])[] {
  const limit = 50;
  return [true, false].flatMap((seesAll) =>
    [undefined, "alibaba-vod", "http"].flatMap((provider) =>
      [undefined, ...taskStates].flatMap((state) =>
        [undefined, deep].map((cursor) => [seesAll, { limit, provider, ...(state && { states: [state] }), cursor }] as const),
      ),
    ),
  );
}

async function benchList(): Promise<void> {
  await withStore(async (storage, path) => {
    const createdAt = (task: number) => Date.now() - DAY_MS + task;
    // One task of 4,000 is partial, none is cancelled.
    const stateOf = (task: number, index: number) => (task % 4_000 === 0 && index === 0 ? "failed" : "succeeded");
    fill(path, { tasks: 40_000, items: 25, createdAt, tenantOf: (task) => `tenant-${task % 2}`, stateOf });
    const directory = { known: ["alibaba-vod", "huawei-vod", "http"] } as unknown as ProviderDirectory;
    const list = createListTasks({ storage, directory });
    const deep = Buffer.from(`before ${createdAt(40)} ${idOf(40)}`).toString("base64url");
    const { signal } = new AbortController();
    print("list", "1,000,000 items in 40,000 tasks", "median of 5", "longest");
    for (const [seesAll, request] of listRequests(deep)) {
      const times = await timed(5, () => list(request, { caller: { tenant: "tenant-1", seesAll }, signal }));
      const { provider = "any provider", states: [state = "any state"] = [], cursor } = request;
      const place = cursor === undefined ? "first page" : "last page";
      print("list", seesAll ? "every tenant" : "one tenant", provider, state, place, ms(median(times)), ms(times.at(-1) ?? 0));
    }
  });
}

function taskOf(number: number, targets: readonly string[], now: number): NewTask {
  const id = idOf(number);
  const base = { taskId: id, provider: "huawei-vod", account: ACCOUNT, kind: "urls", day: "2026-11-29" } as const;
  const none = { owner: undefined, leaseUntil: undefined, sentAt: undefined, sentMonotonic: undefined, sentBoot: undefined };
  const rest = {
    ...none,
    deferrable: false,
    attempts: 0,
    vendorTaskIds: [],
    requestId: undefined,
    nextProvider: undefined,
    nextAccount: undefined,
  };
  const task = { id, tenant: "tenant-1", traceparent: undefined, createdAt: now, providers: ["huawei-vod"] };
  return {
    task: { ...task, duplicatesRemoved: 0, skippedRecent: 0 },
    batches: [{ ...base, ...rest, number: 0, origin: 0, state: "queued", cost: targets.length, notBefore: now }],
    items: targets.map((target, index) => ({
      ...{ index, batch: 0, kind: "url", target, state: "queued", given: undefined, code: undefined, reason: undefined, parts: undefined },
    })),
  };
}

/** Admits URLs that were warmed once, or four hundred times, 20 minutes apart. The store holds 200,000 items in both cases. */
async function benchAdmission(): Promise<void> {
  const most = 400;
  const targets = Array.from({ length: 500 }, (_, index) => urlOf(0, index));
  const now = Date.now();
  const query = { account: ACCOUNT, tenant: "tenant-1", day: "2026-11-29", targets, laterDays: [], recentSince: now - 600_000 };
  const results: (readonly [facts: number, admission: number])[] = [];
  for (const history of [1, most]) {
    await withStore(async (storage, path) => {
      const createdAt = (task: number): number => now - (most - task) * 1_200_000;
      const target = (task: number, index: number): string => urlOf(task >= most - history ? 0 : task + 1, index);
      const same = { tenantOf: () => "tenant-1", stateOf: () => "succeeded" };
      fill(path, { tasks: most, items: targets.length, createdAt, target, ...same });
      const facts = median(await timed(25, () => storage.facts([query])));
      const admit = (run: number) => storage.admit([query], () => ({ task: taskOf(10_000 + run, targets, now) }));
      results.push([facts, median(await timed(9, admit))]);
      print("admission", `500 URLs, warmed ${history} times before`, ...(results.at(-1) ?? []).map(ms));
    });
  }
  const [[factsOnce, once] = [1, 1], [factsOften, often] = [1, 1]] = results;
  print("admission", `ratio ${most} : 1`, `facts ${(factsOften / factsOnce).toFixed(1)}`, `admission ${(often / once).toFixed(1)}`);
}

/** Calls the store every 10 ms until the signal aborts. Returns how long calls took, and how long the event loop stood still. */
async function load(storage: Storage, stopped: AbortSignal): Promise<{ readonly calls: number[]; readonly held: number }> {
  const calls: number[] = [];
  let held = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    held = Math.max(held, performance.now() - last - 10);
    last = performance.now();
  }, 10);
  while (!stopped.aborted) {
    calls.push(...(await timed(1, () => storage.tasks({ tenant: "tenant-1", states: ["succeeded"], limit: 50 }))));
    await systemClock.sleep(10);
  }
  clearInterval(watch);
  return { calls: calls.sort((a, b) => a - b), held };
}

/** Deletes old tasks as the server does, beside a call every 10 ms. The same calls alone tell what the machine adds. */
async function benchDeletion(): Promise<void> {
  await withStore(async (storage, path) => {
    const createdAt = (): number => Date.now() - 40 * DAY_MS;
    fill(path, { tasks: 4_000, items: 5, createdAt, tenantOf: () => "tenant-1", stateOf: () => "succeeded" });
    for (const number of [0, 1, 2, 3]) {
      const targets = Array.from({ length: 10_000 }, (_, index) => urlOf(number, index));
      const task = taskOf(4_000 + number, targets, createdAt());
      await storage.admit([], () => ({ task }));
      // The other long tasks still wait, so their quota is given back.
      if (number % 2 === 0) await storage.cancel(task.task.id);
    }
    const items = 60_000;
    const alone = await load(storage, AbortSignal.timeout(5_000));
    const done = new AbortController();
    let longest = 0;
    let busiest = 0;
    let begun = 0;
    const clean: Storage["clean"] = async (before, most) => {
      const from = performance.now();
      const used = process.cpuUsage();
      begun ||= from;
      const result = await storage.clean(before, most);
      longest = Math.max(longest, performance.now() - from);
      const { user, system } = process.cpuUsage(used);
      busiest = Math.max(busiest, (user + system) / 1_000);
      if (result.isDone) done.abort();
      return result;
    };
    // The first pause of a server is a minute.
    const clock = { ...systemClock, sleep: (time: number, signal?: AbortSignal) => systemClock.sleep(Math.min(time, 1_000), signal) };
    const report = (error: unknown): void => print("deletion", String(error));
    const cleaning = keepClean({ storage: { clean }, clock, stopped: done.signal, report });
    const beside = await load(storage, done.signal);
    const rate = items / ((performance.now() - begun) / 1_000);
    await cleaning;
    print("deletion", `${items} items`, `${Math.round(rate)} items a second`, `a day's million in ${Math.round(1e6 / rate)} s`);
    print(
      "deletion",
      `longest step ${ms(longest)}, of processor time ${ms(busiest)}`,
      `longest hold-up ${ms(beside.held)} (calls alone: ${ms(alone.held)})`,
    );
    const row = ({ calls }: typeof alone): string => `${ms(median(calls))}, longest ${ms(calls.at(-1) ?? 0)}`;
    print("deletion", `calls: median ${row(beside)}`, `alone: median ${row(alone)}`);
  });
}

const benches: Readonly<Record<string, () => Promise<void>>> = { list: benchList, admission: benchAdmission, deletion: benchDeletion };
for (const [name, bench] of Object.entries(benches)) if (only === undefined || only === name) await bench();
