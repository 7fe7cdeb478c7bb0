/** A store that may be read but not written, from the start or from some moment on. */

import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import { openSqlite } from "../../../src/storage/sqlite.ts";
import { fakeClock, NOON, TODAY } from "../../fakes/clock.ts";
import { startProcess } from "../../fakes/process.ts";
import { fakeProvider, manyUrls, urlsOf } from "../../fakes/provider.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";
import { newFolder, refusalOf } from "../../storage/file-harness.ts";
import { contentOf, heldBy, openWithConnection } from "./files-harness.ts";

const NOBODY = 65_534;

/** Root may write everything, so the rest of the test runs as another user. */
function becomeNobody(): void {
  if (process.geteuid?.() !== 0) return;
  process.seteuid?.(NOBODY);
  onTestFinished(() => process.seteuid?.(0));
}

/** Creates a store with a task in a folder that the other user can reach. */
async function storeIn(folder: string): Promise<string> {
  const path = join(folder, "store.sqlite");
  const storage = await openSqlite(path, fakeClock());
  await storage.admit([accountQuery()], () => ({ task: newTask({ id: "pf_1", urls: manyUrls(4) }) }));
  await storage.close();
  return path;
}

function expectRefusal(error: PrefetchError, path: string, detail: RegExp): void {
  expect(error).toMatchObject({ code: "store_unavailable", hint: expect.stringMatching(/permissions.*PREFETCH_STORE\.$/) });
  expect(error.message).toContain(`The store ${path} cannot be used: `);
  expect(error.message).toMatch(detail);
}

describe("a place that may not be written", () => {
  const windows = process.platform === "win32";

  it.skipIf(windows)("a folder: the store is not created in it, nor folders for it", async () => {
    const folder = newFolder();
    chmodSync(folder, 0o555);
    becomeNobody();
    for (const path of [join(folder, "store.sqlite"), join(folder, "new", "store.sqlite")]) {
      expectRefusal(await refusalOf(path), path, /unable to open database file|EACCES: permission denied/);
    }
    expect(existsSync(join(folder, "store.sqlite"))).toBe(false);
    expect(existsSync(join(folder, "new"))).toBe(false);
  });

  it.skipIf(windows)("another user's file: it stays untouched", async ({ skip }) => {
    if (process.geteuid?.() !== 0) skip("only root can give a file to another user");
    const folder = newFolder();
    const path = await storeIn(folder);
    chmodSync(folder, 0o755);
    chmodSync(path, 0o644);
    const before = readFileSync(path);
    becomeNobody();
    expectRefusal(await refusalOf(path), path, /EPERM: operation not permitted|EACCES: permission denied|readonly database/);
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  it.skipIf(windows)("a file in a folder that is closed to new files, where its log has to be", async () => {
    const outer = newFolder();
    const folder = join(outer, "closed");
    mkdirSync(folder);
    const path = await storeIn(folder);
    if (process.geteuid?.() === 0) for (const mine of [outer, path]) chownSync(mine, NOBODY, NOBODY);
    chmodSync(folder, 0o555);
    // Without root, only a writable folder can be deleted after the test.
    onTestFinished(() => chmodSync(folder, 0o755));
    const before = readFileSync(path);
    becomeNobody();
    expectRefusal(await refusalOf(path), path, /unable to open database file|readonly database/);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it.skipIf(windows)("its owner's file that is marked read-only: it stays so, is read, and is not written", async () => {
    const folder = newFolder();
    if (process.geteuid?.() === 0) chownSync(folder, NOBODY, NOBODY);
    becomeNobody();
    const path = await storeIn(folder);
    chmodSync(path, 0o400);
    const storage = await openSqlite(path, fakeClock());
    onTestFinished(() => storage.close());
    expect(await storage.task("pf_1")).toMatchObject({ counts: { queued: 4 } });
    const error: unknown = await storage.cancel("pf_1").catch((reason: unknown) => reason);
    if (!(error instanceof PrefetchError)) throw new Error("Not refused.");
    expectRefusal(error, path, /attempt to write a readonly database/);
    expect(statSync(path).mode & 0o777).toBe(0o400);
  });
});

/** SQLite's own switch: every write on the connection fails as it does in a read-only file. */
const lock = (db: DatabaseSync): void => db.exec("PRAGMA query_only = ON");
const unlock = (db: DatabaseSync): void => db.exec("PRAGMA query_only = OFF");

describe("a store that becomes read-only while it is used", () => {
  const queries = [accountQuery({ targets: manyUrls(2) })];

  it("refuses every write without doing half of it, answers every question, and goes on when it may", async () => {
    const path = join(newFolder(), "store.sqlite");
    const { storage, db } = await openWithConnection(path, fakeClock());
    onTestFinished(() => storage.close());
    await storage.admit(queries, () => ({ task: newTask({ id: "pf_1", urls: manyUrls(6), now: NOON - 1 }) }));
    const claimed = await storage.claim("fake-cdn:1", NOON, NOON + 60_000);
    const started = await storage.claim("fake-cdn:1", NOON, NOON + 60_000);
    if (!claimed || !started) throw new Error("Nothing to claim.");
    const start = { now: NOON, leaseUntil: NOON + 45_000, day: TODAY, allowance: undefined };
    await storage.startSending(started.batch, start);
    const sending = { ...started.batch, state: "sending", leaseUntil: NOON + 45_000 } as const;
    const divide = { kind: "divide", notBefore: NOON, part: { items: [3], cost: 1 } } as const;
    const writes: readonly ((to: Storage) => Promise<unknown>)[] = [
      (to) => to.admit(queries, () => ({ task: newTask({ id: "pf_2", urls: manyUrls(4), perBatch: 2 }) })),
      (to) => to.startSending(claimed.batch, start),
      (to) => to.change(sending, { ...divide, items: [{ index: 2, state: "queued" }], refund: 1 }),
      (to) => to.claim("fake-cdn:1", NOON, NOON + 60_000),
      (to) => to.reserveSlot("fake-cdn:1", 1_000, 1, NOON),
      (to) => to.pauseSlots("fake-cdn:1", NOON),
      (to) => to.cancel("pf_1"),
      (to) => to.clean(NOON, 99),
    ];
    const asked = () =>
      Promise.all([
        storage.task("pf_1"),
        storage.tasks({ tenant: undefined, limit: 9 }),
        storage.items("pf_1", { limit: 9 }),
        storage.following("pf_1"),
        storage.facts(queries),
        storage.ledger("fake-cdn:1", TODAY),
        storage.nextDue("fake-cdn:1", NOON),
      ]);
    const before = { content: contentOf(path), answers: await asked() };
    lock(db);
    for (const write of writes) {
      const error: unknown = await write(storage).catch((reason: unknown) => reason);
      if (!(error instanceof PrefetchError)) throw new Error(`Not refused: ${String(write)}`);
      expectRefusal(error, path, /attempt to write a readonly database/);
      expect({ content: contentOf(path), answers: await asked() }).toEqual(before);
    }
    unlock(db);
    for (const write of writes) await write(storage);
    expect(heldBy(path)).toMatchObject({ tasks: 1, items: 4 });
  });

  it.each([
    { seconds: 20, state: "processing" },
    { seconds: 30, state: "unknown" },
    { seconds: 600, state: "unknown" },
  ])("for $seconds s from the moment at which the vendor accepts: the items are $state, and nothing is sent again", async (outage) => {
    const clock = fakeClock();
    const { storage, db } = await openWithConnection(join(newFolder(), "store.sqlite"), clock);
    onTestFinished(() => storage.close());
    await storage.admit(queries, () => ({ task: newTask({ id: "pf_1", urls: manyUrls(2) }) }));
    const provider = fakeProvider({
      answer: () => {
        lock(db);
        return { vendorTaskIds: ["vendor-1"], requestId: "request-1", refused: [] };
      },
    });
    const { worker } = startProcess({ storage, clock, report: (error) => expect(error).toMatchObject({ name: "PrefetchError" }) });
    worker.kick(provider);
    await clock.advance(outage.seconds * 1_000);
    unlock(db);
    await clock.advance(600_000);
    expect(provider.received.flatMap(urlsOf)).toEqual(manyUrls(2));
    expect((await storage.items("pf_1", { limit: 9 })).map(({ state }) => state)).toEqual([outage.state, outage.state]);
    expect(await storage.ledger("fake-cdn:1", TODAY)).toEqual({ used: 2, pending: 0, exhausted: false });
  });

  it("at any time and any number of times: everything is sent in the end, and nothing twice", async () => {
    const outage = fc.record({ after: fc.integer({ min: 0, max: 12_000 }), lasts: fc.integer({ min: 1, max: 40_000 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(outage, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 3_000 }), async (outages, answerMs) => {
        const clock = fakeClock();
        // `:memory:` is the same code without the disk, and there are many runs.
        const { storage, db } = await openWithConnection(":memory:", clock);
        const urls = manyUrls(12);
        await storage.admit(queries, () => ({ task: newTask({ id: "pf_1", urls }) }));
        const provider = fakeProvider({
          // At this pace batches wait for their turn, and an outage may begin or end meanwhile.
          limits: { requestsPerMinute: 12 },
          answer: async (_, nth) => {
            await clock.sleep(answerMs);
            return { vendorTaskIds: [`vendor-${nth}`], requestId: `request-${nth}`, refused: [] };
          },
        });
        const told: unknown[] = [];
        const { worker } = startProcess({ storage, clock, report: (error) => told.push(error) });
        worker.kick(provider);
        for (const { after, lasts } of outages) {
          await clock.advance(after);
          lock(db);
          await clock.advance(lasts);
          unlock(db);
        }
        // All leases run out within five minutes, and the rest is sent.
        await clock.advance(1_200_000);
        const sent = provider.received.flatMap(urlsOf);
        expect(new Set(sent).size).toBe(sent.length);
        for (const error of told) expect(error).toMatchObject({ name: "PrefetchError" });
        // A store that cannot be written is no reason for a URL not to be sent in the end.
        expect([...sent].sort()).toEqual([...urls].sort());
        for (const { state } of await storage.items("pf_1", { limit: 99 })) expect(["processing", "unknown"]).toContain(state);
        expect(await storage.ledger("fake-cdn:1", TODAY)).toEqual({ used: urls.length, pending: 0, exhausted: false });
        await storage.close();
      }),
      { numRuns: 100, seed: 1 },
    );
  });
});
