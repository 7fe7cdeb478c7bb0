import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Storage } from "../../src/prefetch/model/storage.ts";
import { LOCK_WAIT_MS, type LockTime } from "../../src/storage/lock-wait.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { fakeClock, NOON } from "../fakes/clock.ts";
import { manyUrls } from "../fakes/provider.ts";
import { accountQuery, newTask } from "../fakes/task.ts";
import { newFolder } from "./file-harness.ts";
import { lockTime } from "./lock-time-harness.ts";

const admitted = (storage: Storage, id: string): Promise<unknown> =>
  storage.admit([accountQuery()], () => ({ task: newTask({ id, urls: manyUrls(1, `https://media.example.com/${id}/`) }) }));

async function lockedStore(time: LockTime): Promise<{ storage: Storage; unlock(): void; lock(): void }> {
  const path = join(newFolder(), "store.sqlite");
  const storage = openSqlite(path, fakeClock(), time);
  onTestFinished(() => storage.close());
  await storage.census();
  const other = new DatabaseSync(path);
  onTestFinished(() => other.close());
  const lock = (): void => other.exec("BEGIN IMMEDIATE");
  lock();
  return { storage, lock, unlock: () => other.exec("ROLLBACK") };
}

describe("a store whose write lock another process holds", () => {
  it("answers reads while writes wait", async () => {
    const seen: unknown[] = [];
    const store = await lockedStore(
      lockTime(async ({ pauses }) => {
        if (pauses <= 3) seen.push(await store.storage.census(), await store.storage.task("pf_1"));
        if (pauses === 3) store.unlock();
      }),
    );
    await admitted(store.storage, "pf_1");
    expect(seen).toHaveLength(6);
    expect(await store.storage.task("pf_1")).toMatchObject({ batches: 1 });
  });

  it("carries out the writes in the order in which they were asked for when it is released", async () => {
    const store = await lockedStore(
      lockTime(({ pauses }) => {
        if (pauses === 7) store.unlock();
      }),
    );
    const order: string[] = [];
    const ids = ["pf_3", "pf_1", "pf_2"];
    await Promise.all(ids.map((id) => admitted(store.storage, id).then(() => order.push(id))));
    expect(order).toEqual(ids);
  });

  it("refuses every write after its own wait, and none much later than the first", async () => {
    const time = lockTime();
    const { storage, unlock } = await lockedStore(time);
    const results = await Promise.allSettled(["pf_1", "pf_2", "pf_3"].map((id) => admitted(storage, id)));
    for (const result of results) expect(result).toMatchObject({ reason: { code: "store_unavailable", retryable: true } });
    expect(time.waitedMs()).toBeGreaterThanOrEqual(LOCK_WAIT_MS);
    expect(time.waitedMs()).toBeLessThan(LOCK_WAIT_MS + 100);
    unlock();
    await admitted(storage, "pf_4");
  });

  it("is not ready when it stays locked for longer than writes wait", async () => {
    const { storage, unlock } = await lockedStore(lockTime());
    await storage.check();
    await expect(admitted(storage, "pf_1")).rejects.toMatchObject({ code: "store_unavailable" });
    await expect(storage.check()).rejects.toThrow(/another process has locked it for 5 seconds/);
    unlock();
    await storage.check();
  });
});

describe("a decision that takes its time", () => {
  it("keeps other uses waiting, and lets none see uncommitted rows", async () => {
    const storage = openSqlite(join(newFolder(), "store.sqlite"), fakeClock());
    onTestFinished(() => storage.close());
    await storage.census();
    const asked = Promise.withResolvers<void>();
    const { promise, resolve } = Promise.withResolvers<void>();
    const order: string[] = [];
    const admitting = storage
      .admit([accountQuery()], async () => {
        asked.resolve();
        await promise;
        return { task: newTask({ id: "pf_1", urls: manyUrls(3) }) };
      })
      .then(() => order.push("admitted"));
    await asked.promise;
    const counting = storage.census().then((counts) => order.push(`counted ${counts.queued}`));
    const claiming = storage.claim("fake-cdn:1", NOON, NOON + 1).then((claim) => order.push(`claimed ${claim?.items.length}`));
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    expect(order).toEqual([]);
    resolve();
    await Promise.all([admitting, counting, claiming]);
    expect(order).toContain("counted 3");
    expect(order).toContain("claimed 2");
  });

  it("rejects with the decision's own error, whatever it is, and stores nothing", async () => {
    const storage = openSqlite(":memory:", fakeClock());
    const mistake = new TypeError("not a plan");
    await expect(storage.admit([accountQuery()], () => Promise.reject(mistake))).rejects.toBe(mistake);
    await admitted(storage, "pf_1");
  });
});
