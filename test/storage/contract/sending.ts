/** Leases on batches, and the start of sending. */

import { describe, expect, it } from "vitest";
import type { Allowance } from "../../../src/prefetch/model/quota.ts";
import type { Batch } from "../../../src/prefetch/model/task.ts";
import { NOON, TODAY } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { ACCOUNT, LEASE, type StorageBench, upTo } from "./bench.ts";

export function sendingContract(bench: StorageBench): void {
  const { factsOf, store, batchOf, change, send, sending, claim } = bench;

  describe("claim", () => {
    it("takes the batch that has been due longest, with its items, until the lease runs out", async () => {
      await store({ id: "pf_1", urls: manyUrls(1), now: NOON + 10 });
      const earlier = await store({ id: "pf_2", urls: manyUrls(3), now: NOON + 5 });
      const work = await bench.storage.claim(ACCOUNT, NOON + 10, NOON + 99);
      expect(work).toEqual({
        batch: { ...batchOf(earlier), state: "claimed", leaseUntil: NOON + 99 },
        items: earlier.items.slice(0, 2),
        divisions: 0,
        task: { createdAt: NOON + 5, batches: 2, retries: 0, bytes: 0 },
      });
      expect((await claim(NOON + 10)).batch).toMatchObject({ taskId: "pf_2", number: 1 });
      expect((await claim(NOON + 10)).batch).toMatchObject({ taskId: "pf_1", number: 0 });
      expect(await bench.storage.claim(ACCOUNT, NOON + 10, NOON + 99)).toBeUndefined();
    });

    it("takes no batch before it is due, and no batch of another account", async () => {
      await store({ now: NOON + 10 });
      expect(await bench.storage.claim(ACCOUNT, NOON + 9, NOON + 99)).toBeUndefined();
      expect(await bench.storage.claim("other", NOON + 10, NOON + 99)).toBeUndefined();
      expect(await bench.storage.claim(ACCOUNT, NOON + 10, NOON + 99)).toBeDefined();
    });

    it("takes over a claimed batch when its lease has run out, and not before", async () => {
      await store({ urls: manyUrls(2) });
      const { batch } = await claim();
      expect(await bench.storage.claim(ACCOUNT, NOON + LEASE - 1, NOON + 2 * LEASE)).toBeUndefined();
      expect((await claim(NOON + LEASE)).batch).toEqual({ ...batch, leaseUntil: NOON + 2 * LEASE });
    });

    it("takes over a batch in flight as `sending` when its lease runs out", async () => {
      await store({ urls: manyUrls(6) });
      await sending(NOON, NOON + 10);
      await sending(NOON, NOON + 10);
      await claim();
      expect(await bench.storage.claim(ACCOUNT, NOON + 9, NOON + 99)).toBeUndefined();
      expect((await bench.storage.claim(ACCOUNT, NOON + 10, NOON + 99))?.batch).toMatchObject({
        number: 0,
        state: "sending",
        leaseUntil: NOON + 99,
      });
      expect((await bench.storage.claim(ACCOUNT, NOON + 10, NOON + 99))?.batch).toMatchObject({ number: 1, state: "sending" });
      expect(await bench.storage.claim(ACCOUNT, NOON + LEASE, NOON + 2 * LEASE)).toMatchObject({ batch: { number: 0 } });
      expect(await bench.storage.claim(ACCOUNT, NOON + LEASE, NOON + 2 * LEASE)).toMatchObject({ batch: { number: 1 } });
      expect(await bench.storage.claim(ACCOUNT, NOON + LEASE, NOON + 2 * LEASE)).toMatchObject({
        batch: { number: 2, state: "claimed" },
      });
    });

    it("passes over the tasks in `except`", async () => {
      await store({ id: "pf_1" });
      await store({ id: "pf_2", urls: manyUrls(2, "https://other.example/") });
      const claimExcept = (...except: readonly string[]) => bench.storage.claim(ACCOUNT, NOON, NOON + LEASE, { except });
      expect((await claimExcept("pf_1"))?.batch.taskId).toBe("pf_2");
      expect(await claimExcept("pf_1")).toBeUndefined();
      expect((await claimExcept())?.batch.taskId).toBe("pf_1");
    });

    it("passes over batches that are sent or ended", async () => {
      const task = await store({ urls: manyUrls(6) });
      await change(batchOf(task, 0), { kind: "accept", followed: true, vendorTaskIds: [], sentAt: NOON });
      await change(batchOf(task, 1), { kind: "end" });
      expect((await claim(NOON + 1)).batch.number).toBe(2);
      expect(await bench.storage.claim(ACCOUNT, NOON + 1, NOON + 99)).toBeUndefined();
    });
  });

  describe("startSending", () => {
    it("marks the batch as in flight, extends its lease and counts it as sent now", async () => {
      await store({ urls: manyUrls(3) });
      const batch = await sending(NOON + 7, NOON + 100);
      expect(await bench.storage.task("pf_1")).toMatchObject({ counts: { queued: 3 }, sending: 2, openBatches: 2 });
      const lapsed = await bench.storage.claim(ACCOUNT, NOON + 100, NOON + 200);
      expect(lapsed?.batch).toEqual({ ...batch, leaseUntil: NOON + 200 });
      if (lapsed) await change(lapsed.batch, { kind: "end", items: [{ index: 0, state: "unknown" }] });
      const since = async (recentSince: number) => (await factsOf({ targets: manyUrls(1), recentSince })).recent.size;
      expect([await since(NOON + 6), await since(NOON + 7)]).toEqual([1, 0]);
    });

    it("returns `lost` when the lease has run out, even if no other process took the batch", async () => {
      await store({ urls: manyUrls(2) });
      const { batch } = await claim();
      expect(await send(batch, NOON + LEASE, NOON + 2 * LEASE)).toBe("lost");
      expect((await claim(NOON + LEASE)).batch.state).toBe("claimed");
    });

    it("returns `lost` when another process has taken the batch over", async () => {
      await store({ urls: manyUrls(2) });
      const mine = await claim();
      const theirs = await claim(NOON + LEASE);
      expect(await send(mine.batch, NOON + LEASE + 1, NOON + 3 * LEASE)).toBe("lost");
      expect(await send(theirs.batch, NOON + LEASE + 1, NOON + 3 * LEASE)).toBe("started");
    });

    it("returns `lost` for a batch that was never claimed, is in flight already, or has ended", async () => {
      const task = await store({ urls: manyUrls(6) });
      expect(await send(batchOf(task), NOON, NOON + 100)).toBe("lost");
      const inFlight = await sending(NOON, NOON + 100);
      expect(await send(inFlight, NOON + 1, NOON + 200)).toBe("lost");
      const { batch } = await claim();
      await change(batch, { kind: "end" });
      expect(await send(batch, NOON, NOON + 100)).toBe("lost");
      expect(await bench.storage.task("pf_1")).toMatchObject({ openBatches: 2, sending: 2 });
    });

    it("needs no further room on the day on which the batch has its reservation", async () => {
      await store({ urls: manyUrls(2) });
      const { batch } = await claim();
      expect(await send(batch, NOON, NOON + 100, { allowance: upTo(2) })).toBe("started");
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 2, pending: 2, exhausted: false });
    });

    it.each([
      ["moves the units to another day with room for them", 7, "started", 0, 7],
      ["moves the units to another day without a limit", undefined, "started", 0, 7],
      ["keeps the units together when another day has no room for all of them", 6, "over_quota", 2, 5],
    ] as const)("%s", async (_, limit, result, usedBefore, usedThen) => {
      const day = "2026-11-22";
      await store({ id: "pf_0", urls: manyUrls(5), perBatch: 5, day, now: NOON + 1 });
      await store({ urls: manyUrls(2) });
      const { batch } = await claim();
      expect(await send(batch, NOON, NOON + 100, { day, allowance: upTo(limit) })).toBe(result);
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: usedBefore, pending: usedBefore, exhausted: false });
      expect(await bench.storage.ledger(ACCOUNT, day)).toEqual({ used: usedThen, pending: usedThen, exhausted: false });
      expect(await bench.storage.task("pf_1")).toMatchObject({ sending: result === "started" ? 2 : 0 });
      // The refund goes to the day that the store knows, not to the day of the caller's copy of the batch.
      const known: Batch = result === "started" ? { ...batch, state: "sending", leaseUntil: NOON + 100 } : batch;
      await change(known, { kind: "end", refund: 2 });
      expect((await bench.storage.ledger(ACCOUNT, TODAY)).used).toBe(0);
      expect((await bench.storage.ledger(ACCOUNT, day)).used).toBe(5);
    });

    it("returns `over_quota` on another day without an allowance for it", async () => {
      await store({ urls: manyUrls(2) });
      const { batch } = await claim();
      expect(await send(batch, NOON, NOON + 100, { day: "2026-11-22", allowance: undefined })).toBe("over_quota");
      expect(await send(batch, NOON, NOON + 100, { allowance: undefined })).toBe("started");
    });

    it("trusts a live count of the vendor more than a remembered refusal on another day", async () => {
      const day = "2026-11-22";
      const other = await store({ id: "pf_0", urls: manyUrls(2), day, now: NOON + 1 });
      await change(batchOf(other), { kind: "end", exhausted: true });
      await store({ urls: manyUrls(2) });
      const { batch } = await claim();
      const live = (ceiling: number): Allowance => ({ limit: 100, ceiling, source: "vendor" });
      expect(await send(batch, NOON, NOON + 100, { day, allowance: live(3) })).toBe("over_quota");
      expect(await send(batch, NOON, NOON + 100, { day, allowance: live(4) })).toBe("started");
    });

    it("returns `over_quota` on another day that the vendor has called exhausted", async () => {
      const day = "2026-11-22";
      const other = await store({ id: "pf_0", urls: manyUrls(2), day, now: NOON + 1 });
      await change(batchOf(other), { kind: "end", exhausted: true });
      await store({ urls: manyUrls(2) });
      const { batch } = await claim();
      expect(await send(batch, NOON, NOON + 100, { day })).toBe("over_quota");
      // This process still holds the batch.
      await change(batch, { kind: "requeue" });
    });
  });

  describe("nextDue", () => {
    it("returns the earliest time at which a batch of the account can be claimed", async () => {
      expect(await bench.storage.nextDue(ACCOUNT, NOON)).toBeUndefined();
      await store({ id: "pf_1", urls: manyUrls(2), now: NOON + 500 });
      await store({ id: "pf_2", urls: manyUrls(2), now: NOON + 400 });
      await store({ id: "pf_3", urls: manyUrls(2), now: NOON, account: "other" });
      expect(await bench.storage.nextDue(ACCOUNT, NOON)).toBe(NOON + 400);
      const batch = await sending(NOON + 400, NOON + 450);
      expect(await bench.storage.nextDue(ACCOUNT, NOON)).toBe(NOON + 450);
      await change(batch, { kind: "accept", followed: true, vendorTaskIds: [] });
      expect(await bench.storage.nextDue(ACCOUNT, NOON)).toBe(NOON + 500);
    });
  });
}
