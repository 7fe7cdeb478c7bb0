/** Changes of a batch, its items and its quota. */

import { describe, expect, it } from "vitest";
import type { BatchChange } from "../../../src/prefetch/model/batch-change.ts";
import type { Batch } from "../../../src/prefetch/model/task.ts";
import { NOON, TODAY } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { storedItems } from "../../fakes/task.ts";
import { ACCOUNT, LEASE, type StorageBench } from "./bench.ts";

export function changingContract(bench: StorageBench): void {
  const { factsOf, store, batchOf, change, send, sending, claim } = bench;

  describe("change", () => {
    it("requeues a batch, which is not due before `notBefore`", async () => {
      await store({ urls: manyUrls(2) });
      const { batch } = await claim();
      await change(batch, {
        kind: "requeue",
        attempts: 3,
        notBefore: NOON + 500,
        items: [{ index: 1, state: "queued", code: "rate_limited", reason: "Later." }],
      });
      expect(await bench.storage.claim(ACCOUNT, NOON + 499, NOON + 999)).toBeUndefined();
      const again = await bench.storage.claim(ACCOUNT, NOON + 500, NOON + 999);
      expect(again?.batch).toMatchObject({ attempts: 3, notBefore: NOON + 500, state: "claimed" });
      expect(again?.items).toMatchObject([
        { index: 0, code: undefined, reason: undefined },
        { index: 1, code: "rate_limited", reason: "Later." },
      ]);
    });

    it("adds up the bytes of a task, which its next claim contains", async () => {
      await store({ urls: manyUrls(4) });
      const first = await sending(NOON, NOON + 10);
      const going = await change(first, {
        kind: "progress",
        leaseUntil: NOON + 20,
        attempts: 0,
        items: [{ index: 0, state: "succeeded" }],
        bytes: 300,
      });
      expect(await bench.storage.task("pf_1")).toMatchObject({ bytes: 300, sending: 1, counts: { succeeded: 1, queued: 3 } });
      await change(going, { kind: "end", items: [{ index: 1, state: "failed" }], bytes: 40 });
      expect(await bench.storage.task("pf_1")).toMatchObject({ bytes: 340, sending: 0 });
      expect((await claim()).task).toMatchObject({ bytes: 340 });
    });

    it("refunds the URLs that an interrupted batch had not begun when its task is cancelled", async () => {
      const task = await store({ urls: manyUrls(2) });
      const held = await sending(NOON, NOON + 10);
      const going = await change(held, {
        kind: "progress",
        leaseUntil: NOON + 20,
        attempts: 0,
        items: [{ index: 0, state: "succeeded" }],
        bytes: 5,
      });
      await change(going, { kind: "requeue" });
      await bench.storage.cancel("pf_1");
      expect((await bench.storage.items("pf_1", { limit: 9 })).map((item) => item.state)).toEqual(["succeeded", "cancelled"]);
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toMatchObject({ used: task.items.length - 1 });
    });

    it("keeps final states, and cancels the rest, when a batch of a cancelled task would be sent again", async () => {
      await store({ urls: manyUrls(3), perBatch: 3 });
      const held = await sending(NOON, NOON + 10);
      await bench.storage.cancel("pf_1");
      const items = [
        { index: 0, state: "succeeded", reason: "Warm." },
        { index: 1, state: "rejected", code: "forbidden_domain" },
        { index: 2, state: "queued", code: "timeout" },
      ] as const;
      const again = { kind: "requeue", items, refund: 1, bytes: 5 } as const;
      expect(await bench.storage.change(held, again)).toBe(false);
      const states = (await bench.storage.items("pf_1", { limit: 9 })).map(({ state, reason }) => [state, reason]);
      expect(states).toEqual([
        ["succeeded", "Warm."],
        ["rejected", undefined],
        ["cancelled", "Cancelled before it was sent."],
      ]);
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toMatchObject({ used: 1, pending: 0 });
      expect(await bench.storage.task("pf_1")).toMatchObject({ bytes: 5, openBatches: 0 });
    });

    it("keeps the vendor's parts of an item until a change brings new parts", async () => {
      const task = await store({ assetId: "asset1" });
      const sent = await change(batchOf(task), {
        kind: "accept",
        followed: true,
        sentAt: NOON,
        vendorTaskIds: ["v-1", "v-2"],
        requestId: "r-1",
      });
      const parts = [
        { url: "https://a.example/1", state: "failed" as const, reason: "403" },
        { url: "https://a.example/2", state: "processing" as const, reason: undefined },
      ];
      await change(sent, { kind: "report", items: [{ index: 0, state: "processing", code: "c", reason: "r", parts }] });
      const [work] = await bench.storage.following("pf_1");
      expect(work?.batch).toEqual(sent);
      expect(work?.items).toMatchObject([{ state: "processing", code: "c", reason: "r", parts }]);

      // Code and reason belong to one state; the parts outlive it.
      await change(sent, { kind: "report", items: [{ index: 0, state: "succeeded" }] });
      expect(await bench.storage.items("pf_1", { limit: 1 })).toMatchObject([
        { state: "succeeded", code: undefined, reason: undefined, parts },
      ]);
    });

    it("touches no other task, batch or item", async () => {
      const task = await store({ id: "pf_1" });
      const other = await store({ id: "pf_2", urls: manyUrls(4, "https://other.example/") });
      await change(batchOf(task, 1), { kind: "end", items: [{ index: 2, state: "failed" }] });
      expect((await bench.storage.items("pf_1", { limit: 9 })).map((item) => item.state)).toEqual(["queued", "queued", "failed", "queued"]);
      expect(await bench.storage.items("pf_2", { limit: 9 })).toEqual(storedItems(other));
      expect(await bench.storage.task("pf_1")).toMatchObject({ openBatches: 1 });
      expect(await bench.storage.task("pf_2")).toMatchObject({ openBatches: 2 });
    });

    it("changes nothing when another process has taken or ended the batch", async () => {
      await store({ urls: manyUrls(2) });
      const mine = await sending(NOON, NOON + 10);
      const theirs = await bench.storage.claim(ACCOUNT, NOON + 10, NOON + 99);
      if (!theirs) throw new Error("No lease has run out.");
      const late: BatchChange = { kind: "end", items: [{ index: 0, state: "rejected" }], refund: 2, exhausted: true };
      const refused = async (batch: Batch): Promise<void> => {
        expect(await bench.storage.change(batch, late)).toBe(false);
        expect(await bench.storage.ledger(ACCOUNT, TODAY)).toMatchObject({ used: 2, exhausted: false });
      };
      await refused(mine);
      await refused({ ...theirs.batch, state: "claimed" });
      await refused({ ...theirs.batch, leaseUntil: undefined });
      await refused({ ...theirs.batch, taskId: "pf_9" });
      await change(theirs.batch, { kind: "end", items: [{ index: 0, state: "unknown" }] });
      await refused(theirs.batch);
      expect((await bench.storage.items("pf_1", { limit: 9 })).map((item) => item.state)).toEqual(["unknown", "queued"]);
      expect(await bench.storage.task("pf_1")).toMatchObject({ openBatches: 0 });
    });

    it("refunds units, but never lets a day's use fall below 0", async () => {
      const task = await store();
      await change(batchOf(task), { kind: "report", refund: 3 });
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toMatchObject({ used: 1, exhausted: false });
      await change(batchOf(task), { kind: "report", refund: 3 });
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toMatchObject({ used: 0, exhausted: false });
      const free = await store({ id: "pf_2", day: "1999-01-01", costPerBatch: 0 });
      await change(batchOf(free), { kind: "report", refund: 5 });
      expect(await bench.storage.ledger(ACCOUNT, "1999-01-01")).toEqual({ used: 0, pending: 0, exhausted: false });
    });

    it("remembers that a day is exhausted after any later change", async () => {
      const task = await store();
      await change(batchOf(task, 0), { kind: "end", refund: 1, exhausted: true });
      await change(batchOf(task, 1), { kind: "end", refund: 1, exhausted: false });
      await store({ id: "pf_2" });
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 6, pending: 4, exhausted: true });
      expect((await factsOf({})).ledger).toEqual({ used: 6, pending: 4, exhausted: true });
    });
  });

  describe("change of kind divide", () => {
    /** Moves some items of a claimed batch of five to a new batch. */
    const divide = async (batch: Batch, indexes: readonly number[], cost: number): Promise<void> => {
      const waiting = [0, 1, 2, 3, 4].map((index) => ({ index, state: "queued" as const, code: "invalid_argument", reason: "Halved." }));
      await change(batch, {
        kind: "divide",
        notBefore: NOON + 5,
        items: waiting,
        part: { items: indexes, cost },
      });
    };

    it("moves items with their reserved units to a new queued batch", async () => {
      await store({ urls: manyUrls(5), perBatch: 5 });
      const other = await store({ id: "pf_2", urls: manyUrls(2, "https://other.example/"), now: NOON + 9 });
      const { batch } = await claim();
      await divide(batch, [3, 4], 2);
      expect(await bench.storage.task("pf_1")).toMatchObject({ batches: 2, openBatches: 2, counts: { queued: 5 } });
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 7, pending: 7, exhausted: false });
      expect(await bench.storage.items("pf_2", { limit: 9 })).toEqual(storedItems(other).map((item) => ({ ...item, notBefore: NOON + 9 })));

      const [first, second] = [await claim(NOON + 5), await claim(NOON + 5)];
      const common = { state: "claimed", attempts: 0, notBefore: NOON + 5, leaseUntil: NOON + 5 + LEASE };
      expect(first.batch).toEqual({ ...batch, ...common, cost: 3 });
      expect(second.batch).toEqual({ ...batch, ...common, number: 1, origin: 0, cost: 2 });
      expect(first.items.map((item) => item.index)).toEqual([0, 1, 2]);
      expect(second.items).toMatchObject([
        { index: 3, batch: 1, reason: "Halved." },
        { index: 4, batch: 1 },
      ]);
      await change(first.batch, { kind: "end", refund: first.batch.cost });
      await change(second.batch, { kind: "end", refund: second.batch.cost });
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 2, pending: 2, exhausted: false });
    });

    it("leaves the sending time, request id and vendor tasks with the old batch", async () => {
      await store({ urls: manyUrls(5), perBatch: 5 });
      const batch = await sending(NOON, NOON + 100);
      await divide(batch, [3, 4], 2);
      await claim(NOON + 5);
      expect((await claim(NOON + 5)).batch).toMatchObject({ number: 1, sentAt: undefined, requestId: undefined, vendorTaskIds: [] });
    });

    it("gives the new batch the task's next number and the day on which the old batch was sent", async () => {
      const day = "2026-11-22";
      await store({ urls: manyUrls(5), perBatch: 4 });
      const { batch } = await claim();
      expect(await send(batch, NOON, NOON + 100, { day })).toBe("started");
      const known: Batch = { ...batch, state: "sending", leaseUntil: NOON + 100 };
      await change(known, { kind: "divide", notBefore: NOON, part: { items: [2, 3], cost: 2 } });
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 1, pending: 1, exhausted: false });
      expect(await bench.storage.ledger(ACCOUNT, day)).toEqual({ used: 4, pending: 4, exhausted: false });
      const claims = [await claim(), await claim(), await claim()];
      expect(claims.map((work) => [work.batch.number, work.batch.origin, work.batch.day, work.batch.cost, work.divisions])).toEqual([
        [0, 0, day, 2, 1],
        [1, 1, TODAY, 1, 0],
        [2, 0, day, 2, 1],
      ]);
    });

    it("counts the divisions of one planned batch over all of its parts", async () => {
      await store({ urls: manyUrls(8), perBatch: 4 });
      await store({ id: "pf_2", urls: manyUrls(4, "https://other.example/"), perBatch: 4, now: NOON + 1 });
      const first = await claim(NOON + 1);
      expect(first.divisions).toBe(0);
      await change(first.batch, { kind: "divide", notBefore: NOON, part: { items: [2, 3], cost: 2 } });
      const half = await claim(NOON + 1);
      expect(half.divisions).toBe(1);
      await change(half.batch, { kind: "divide", notBefore: NOON, part: { items: [1], cost: 1 } });
      const all = [await claim(NOON + 1), await claim(NOON + 1), await claim(NOON + 1), await claim(NOON + 1), await claim(NOON + 1)];
      expect(all.map(({ batch, items, divisions }) => [batch.taskId, batch.number, batch.origin, items.length, divisions])).toEqual([
        ["pf_1", 0, 0, 1, 2],
        ["pf_1", 1, 1, 4, 0],
        ["pf_1", 2, 0, 2, 2],
        ["pf_1", 3, 0, 1, 2],
        ["pf_2", 0, 0, 4, 0],
      ]);
      // A part that has ended still counts, because the number of requests is bounded.
      const [ended, , other] = all;
      if (!ended || !other) throw new Error("Fewer than five batches were claimed.");
      await change(ended.batch, { kind: "end" });
      await change(other.batch, { kind: "requeue" });
      expect((await claim(NOON + 1)).divisions).toBe(2);
    });

    it("divides nothing when another process has taken the batch", async () => {
      await store({ urls: manyUrls(4), perBatch: 4 });
      const mine = await claim();
      const theirs = await claim(NOON + LEASE);
      const late: BatchChange = { kind: "divide", notBefore: NOON, items: [], refund: 0, part: { items: [2, 3], cost: 2 } };
      expect(await bench.storage.change(mine.batch, late)).toBe(false);
      expect(await bench.storage.task("pf_1")).toMatchObject({ batches: 1 });
      expect(theirs.items).toHaveLength(4);
    });
  });
}
