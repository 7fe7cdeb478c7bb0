/** Files that are damaged: everything asked of them is either answered or refused in the house's words, without their content. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import { startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { openSqlite } from "../../../src/storage/sqlite.ts";
import { fakeClock, NOON, TODAY } from "../../fakes/clock.ts";
import { startProcess } from "../../fakes/process.ts";
import { fakeProvider, manyUrls, urlsOf } from "../../fakes/provider.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";
import { newFolder, tamper } from "../../storage/file-harness.ts";
import { huaweiEnv } from "../harness/clients-harness.ts";
import { startStoreServer } from "./server-harness.ts";

/** Marks the texts of callers and vendors, to tell them from the server's own. */
const MARK = "s3cr3t";
const urls = manyUrls(200, `https://media.example.com/${MARK}/`);
const queries = [accountQuery({ targets: urls })];

async function sendNext(storage: Storage, state: "sent" | "ended" | "queued"): Promise<void> {
  const work = await storage.claim("fake-cdn:1", NOON, NOON + 60_000);
  if (work?.batch.state !== "claimed") return;
  const leaseUntil = NOON + 45_000;
  await storage.startSending(work.batch, { now: NOON, leaseUntil, day: TODAY, allowance: undefined });
  const outcome = { state: "failed", code: "vendor_failed", reason: `${MARK} said 403` } as const;
  const items = work.items.map(({ index, target }) => ({
    index,
    ...(state === "queued" ? { state } : { ...outcome, parts: [{ url: target, state: "failed" as const, reason: MARK }] }),
  }));
  const half = items.slice(0, 2).map(({ index }) => index);
  await storage.change(
    { ...work.batch, state: "sending", leaseUntil },
    state === "queued"
      ? { kind: "divide", notBefore: NOON, part: { items: half, cost: 2 }, items, refund: 1 }
      : { kind: "accept", followed: state === "sent", vendorTaskIds: [MARK], requestId: MARK, items, refund: 1 },
  );
}

interface Bytes {
  readonly file: Buffer;
  readonly log: Buffer;
}

/** A store in which every table has rows, as it is on the disk when its process was killed: half of it is in the log. */
async function usedStore(): Promise<Bytes> {
  const path = join(newFolder(), "store.sqlite");
  const before = await openSqlite(path, fakeClock());
  await before.admit(queries, () => ({ task: newTask({ id: "pf_1", urls, perBatch: 10, rejected: [`not a url ${MARK}`] }) }));
  for (const state of ["sent", "sent", "ended", "queued"] as const) await sendNext(before, state);
  await before.close();
  const after = await openSqlite(path, fakeClock());
  await after.admit(queries, () => ({ task: newTask({ id: "pf_2", assetId: MARK, now: NOON - 1_000 }) }));
  await after.reserveSlot("fake-cdn:1", 1_000, 1, NOON);
  const bytes = { file: readFileSync(path), log: readFileSync(`${path}-wal`) };
  await after.close();
  return bytes;
}

type Use = (storage: Storage) => Promise<unknown>;

const uses: readonly Use[] = [
  (storage) => storage.task("pf_1"),
  (storage) => storage.tasks({ tenant: undefined, limit: 50 }),
  (storage) => storage.items("pf_1", { limit: 100 }),
  (storage) => storage.items("pf_2", { limit: 100 }),
  (storage) => storage.following("pf_1"),
  (storage) => storage.facts(queries),
  (storage) => storage.ledger("fake-cdn:1", TODAY),
  (storage) => storage.nextDue("fake-cdn:1", NOON),
  (storage) => sendNext(storage, "queued"),
  (storage) => storage.reserveSlot("fake-cdn:1", 1_000, 1, NOON),
  (storage) => storage.pauseSlots("fake-cdn:1", NOON),
  (storage) => storage.admit(queries, () => ({ task: newTask({ id: "pf_3", urls, perBatch: 10 }) })),
  (storage) => storage.cancel("pf_1"),
  (storage) => storage.clean(NOON - 1, 1),
  (storage) => storage.clean(NOON + 1, 9),
];

/** Uses the file in every way. Returns the refusals; anything else that is thrown goes through. */
async function useAll(path: string): Promise<PrefetchError[]> {
  const refusals: PrefetchError[] = [];
  const refused = (error: unknown): void => {
    if (!(error instanceof PrefetchError)) throw error;
    refusals.push(error);
  };
  const storage = openSqlite(path, fakeClock());
  for (const use of uses) await use(storage).catch(refused);
  await storage.close();
  return refusals;
}

describe("bytes that are not as they were written", { timeout: 60_000 }, () => {
  interface Wound {
    /** Where in the file, as a share of its length. */
    readonly at: number;
    readonly bytes: Uint8Array;
  }
  const share = fc.nat(1_000_000).map((millionths) => millionths / 1_000_000);
  const wounds = fc.array(fc.record({ at: share, bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }) }), { minLength: 1, maxLength: 8 });
  const wounded = (bytes: Buffer, all: readonly Wound[]): Buffer => {
    const damaged = Buffer.from(bytes);
    for (const wound of all) {
      const start = Math.floor(wound.at * (damaged.length - wound.bytes.length));
      damaged.set(wound.bytes, start);
    }
    return damaged;
  };
  const cut = (bytes: Buffer, at: number): Buffer => bytes.subarray(0, Math.floor(bytes.length * at));

  const noLog = Buffer.alloc(0);

  /** Uses files that are damaged in many ways, and checks what each of them is refused with. Returns the refusals of each. */
  const refusalsOf = async (damage: fc.Arbitrary<(bytes: Bytes) => Bytes>, numRuns: number): Promise<number[]> => {
    const folder = newFolder();
    const good = await usedStore();
    const refusals: number[] = [];
    const check = async (spoil: (bytes: Bytes) => Bytes): Promise<void> => {
      const path = join(folder, `${refusals.length}.sqlite`);
      const { file, log } = spoil(good);
      writeFileSync(path, file);
      writeFileSync(`${path}-wal`, log);
      const found = await useAll(path);
      refusals.push(found.length);
      for (const { message, hint } of found) {
        // A damaged version number may well be a newer one.
        expect(message).toMatch(/ cannot be used: | was written by a newer version /);
        expect(message).toContain(`The store ${path} `);
        expect(message).not.toContain(MARK);
        expect(hint).toMatch(/PREFETCH_STORE\.$/);
      }
      for (const end of ["", "-wal", "-shm"]) rmSync(path + end, { force: true });
    };
    // Always the same damages: one that is found to do harm some day belongs into a test of its own.
    await fc.assert(fc.asyncProperty(damage, check), { numRuns, seed: 7, endOnFailure: true });
    return refusals;
  };

  it("in its pages: every use either works or is refused", async () => {
    const refusals = await refusalsOf(
      wounds.map((all) => ({ file }) => ({ file: wounded(file, all), log: noLog })),
      80,
    );
    // From files that cannot even be opened to such as are none the worse.
    expect(new Set(refusals).size).toBeGreaterThan(6);
  });

  it("because the file ends too early: every use either works or is refused", async () => {
    const refusals = await refusalsOf(
      share.map((at) => ({ file }) => ({ file: cut(file, at), log: noLog })),
      40,
    );
    expect(refusals.filter((count) => count > 0).length).toBeGreaterThan(20);
  });

  it("in the log of a killed process: only the transactions behind the damage are lost, each as a whole", async () => {
    const folder = newFolder();
    const good = await usedStore();
    const read = async (bytes: Bytes) => {
      const path = join(folder, "store.sqlite");
      writeFileSync(path, bytes.file);
      writeFileSync(`${path}-wal`, bytes.log);
      const storage = await openSqlite(path, fakeClock());
      const tasks = await Promise.all(
        ["pf_1", "pf_2"].map(async (id) => [await storage.task(id), await storage.items(id, { limit: 999 })]),
      );
      await storage.close();
      return tasks;
    };
    const whole = await read(good);
    const [first] = whole;
    const withoutSecond = [first, [undefined, []]];
    let lost = 0;
    const damage = fc.oneof(
      wounds.map((all) => wounded(good.log, all)),
      share.map((at) => cut(good.log, at)),
    );
    await fc.assert(
      fc.asyncProperty(damage, async (log) => {
        const found = await read({ file: good.file, log });
        if (found[1]?.[0] === undefined) lost += 1;
        expect(found).toEqual(found[1]?.[0] === undefined ? withoutSecond : whole);
      }),
      { numRuns: 60, seed: 7, endOnFailure: true },
    );
    expect(lost).toBeGreaterThan(10);
    expect(lost).toBeLessThan(60);
  });
});

describe("a server on a file that", () => {
  const damaged = /^store_unavailable: The store \S+ cannot be used: .*PREFETCH_STORE\.\n/;
  const fine = /\n\n\{/;
  const every = (answer: RegExp) => ({ quota: answer, list: answer, status: answer, urls: answer });

  it.each<[string, (path: string) => void, Record<"quota" | "list" | "status" | "urls", RegExp>]>([
    ["is no database", (path) => writeFileSync(path, `https://${MARK}@media.example.com/ `.repeat(1_000)), every(damaged)],
    ["ends in the middle", (path) => writeFileSync(path, cutInHalf(readFileSync(path))), every(damaged)],
    ["is another program's", (path) => tamper(path, "DROP TABLE ledger; DROP TABLE tasks; DROP TABLE items"), every(damaged)],
    [
      "has a task that cannot be read",
      (path) => tamper(path, `UPDATE tasks SET providers = '["${MARK}'`),
      { quota: fine, list: damaged, status: damaged, urls: fine },
    ],
    [
      "has a task of a time that no calendar has",
      (path) => tamper(path, "UPDATE tasks SET created_at = 9000000000000000"),
      { quota: fine, list: damaged, status: damaged, urls: fine },
    ],
    [
      "has an item in a state that there is not",
      (path) => tamper(path, `UPDATE items SET state = '${MARK}' WHERE idx = 7`),
      { quota: fine, list: damaged, status: damaged, urls: fine },
    ],
  ])("%s: says so, without its content, and sends nothing that it could not write down", async (_, spoil, expected) => {
    const emulator = await startHuaweiVod({ firstMs: 0, eachMs: 0 });
    onTestFinished(() => emulator.close());
    const path = join(newFolder(), "store.sqlite");
    const account = `huawei-vod:${emulator.projectId}`;
    const storage = await openSqlite(path, fakeClock());
    const old = newTask({ id: "pf_1", urls: manyUrls(300, `https://example.com/${MARK}/`), perBatch: 10, provider: "huawei-vod", account });
    await storage.admit([accountQuery({ account })], () => ({ task: old }));
    await storage.close();
    // Queued batches would be sent, which is another test.
    tamper(path, "UPDATE batches SET state = 'ended'; UPDATE items SET state = 'succeeded'");
    spoil(path);

    const server = await startStoreServer(huaweiEnv(emulator, `sqlite:${path}`));
    const answers = {
      quota: await server.call("get_prefetch_quota"),
      list: await server.call("list_prefetch_tasks"),
      status: await server.call("get_prefetch_status", { task_id: "pf_1" }),
      urls: await server.call("prefetch_urls", { urls: ["https://example.com/new.mp4"] }),
    };
    const texts = Object.fromEntries(Object.entries(answers).map(([tool, { text }]) => [tool, text]));
    expect(texts).toEqual(Object.fromEntries(Object.entries(expected).map(([tool, answer]) => [tool, expect.stringMatching(answer)])));
    for (const { isError, text } of Object.values(answers)) if (isError) expect(text).not.toContain(MARK);
    expect(server.log()).not.toContain(MARK);
    const sent = emulator.log.flatMap((entry) => entry.accepted);
    expect(sent).toEqual(answers.urls.isError ? [] : ["https://example.com/new.mp4"]);
  });
});

it("a batch that cannot be read does not keep those behind it from being sent", async () => {
  const clock = fakeClock();
  const path = join(newFolder(), "store.sqlite");
  const storage = await openSqlite(path, clock);
  onTestFinished(() => storage.close());
  const later = manyUrls(2, "https://media.example.com/later/");
  await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2), now: NOON - 1 }) }));
  await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_2", urls: later }) }));
  tamper(path, "UPDATE items SET state = 'nonsense' WHERE task_id = 'pf_1' AND idx = 0");
  const provider = fakeProvider();
  const told: unknown[] = [];
  const { worker } = startProcess({ storage, clock, report: (error) => told.push(error) });
  worker.kick(provider);
  await clock.advance(3_600_000);
  expect(provider.received.flatMap(urlsOf)).toEqual(later);
  expect(await storage.task("pf_2")).toMatchObject({ counts: { processing: 2 } });
  // The damage is reported, but not all the time.
  expect(told.length).toBeGreaterThan(0);
  expect(told.length).toBeLessThan(100);
  for (const error of told) expect(error).toMatchObject({ name: "PrefetchError" });
});

function cutInHalf(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length / 2);
}
