/** Batches that wait for a later day or for an unreachable vendor. */

import { describe, expect, it } from "vitest";
import type { DeferChange, LaterDay } from "../../../src/prefetch/model/batch-change.ts";
import { NOON, TODAY } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { ACCOUNT, LEASE, type StorageBench } from "./bench.ts";

const TOMORROW = "2026-11-22";
const NEXT = "2026-11-23";
const DAY_MS = 86_400_000;

export function deferringContract(bench: StorageBench): void {
  const { store, claim, change, sending, factsOf } = bench;
  const usedOn = async (...days: string[]) => Promise.all(days.map(async (day) => (await bench.storage.ledger(ACCOUNT, day)).used));
  const days = (...ceilings: (number | undefined)[]): LaterDay[] =>
    ceilings.map((ceiling, index) => ({ day: [TOMORROW, NEXT][index] ?? "", notBefore: NOON + (index + 1) * DAY_MS, ceiling }));
  const refusal = (...ceilings: (number | undefined)[]): DeferChange => ({
    kind: "defer",
    days: days(...ceilings),
    exhausted: true,
    items: [0, 1].map((index) => ({ index, state: "queued" as const, reason: "Waits." })),
    refund: 0,
    otherwise: {
      kind: "end",
      items: [0, 1].map((index) => ({ index, state: "rejected" as const, code: "quota_exhausted", reason: "Used up." })),
      refund: 2,
      exhausted: true,
    },
  });

  describe("facts.later", () => {
    it("has the order of the query's days", async () => {
      await store({ id: "pf_1", urls: manyUrls(2), day: NEXT });
      await store({ id: "pf_2", urls: manyUrls(4), day: TOMORROW });
      const { later } = await factsOf({ laterDays: [TOMORROW, NEXT, "2026-11-24"] });
      expect(later.map(({ ledger }) => [ledger.used, ledger.pending])).toEqual([
        [4, 4],
        [2, 2],
        [0, 0],
      ]);
    });
  });

  describe("change of kind defer", () => {
    it("moves the batch and its reservation to the first day that has room", async () => {
      await store({ id: "pf_0", urls: manyUrls(3, "https://other.example/"), perBatch: 3, day: TOMORROW, now: NOON + DAY_MS });
      await store({ urls: manyUrls(2), deferrable: true });
      await change(await sending(NOON, NOON + LEASE), refusal(4, 4));
      expect(await usedOn(TODAY, TOMORROW, NEXT)).toEqual([0, 3, 2]);
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toMatchObject({ exhausted: true });
      expect(await bench.storage.items("pf_1", { limit: 9 })).toMatchObject([
        { state: "queued", reason: "Waits.", notBefore: NOON + 2 * DAY_MS },
        { state: "queued", notBefore: NOON + 2 * DAY_MS },
      ]);
      const { batch } = await claim(NOON + 2 * DAY_MS);
      expect([batch.taskId, batch.attempts]).toEqual(["pf_0", 0]);
      expect((await claim(NOON + 2 * DAY_MS)).batch).toMatchObject({ taskId: "pf_1", day: NEXT, cost: 2, attempts: 0, deferrable: true });
    });

    it("takes the next day when that day has no limit", async () => {
      await store({ urls: manyUrls(2) });
      await change(await sending(NOON, NOON + LEASE), refusal(undefined));
      expect(await usedOn(TODAY, TOMORROW)).toEqual([0, 2]);
    });

    it("applies `otherwise` when no day has room", async () => {
      await store({ urls: manyUrls(2) });
      await change(await sending(NOON, NOON + LEASE), refusal(1, 0));
      expect(await usedOn(TODAY, TOMORROW, NEXT)).toEqual([0, 0, 0]);
      expect(await bench.storage.task("pf_1")).toMatchObject({ openBatches: 0, counts: { rejected: 2 }, later: undefined });
    });

    it("needs no further room, and exhausts no day, when the batch waits for another hour of its own day", async () => {
      await store({ urls: manyUrls(2) });
      const same = { day: TODAY, notBefore: NOON + 600_000, ceiling: 2 };
      await change(await sending(NOON, NOON + LEASE), { ...refusal(), days: [same] });
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 2, pending: 2, exhausted: false });
      expect(await bench.storage.nextDue(ACCOUNT, NOON)).toBe(NOON + 600_000);
    });

    it("cancels the batch when its task is cancelled", async () => {
      await store({ urls: manyUrls(2) });
      const batch = await sending(NOON, NOON + LEASE);
      await bench.storage.cancel("pf_1");
      expect(await bench.storage.change(batch, refusal(9))).toBe(false);
      expect(await bench.storage.task("pf_1")).toMatchObject({ counts: { cancelled: 2 } });
      expect(await usedOn(TODAY, TOMORROW)).toEqual([0, 0]);
    });

    it("defers nothing when another process has taken the batch", async () => {
      await store({ urls: manyUrls(2) });
      const batch = await sending(NOON, NOON + LEASE);
      expect(await bench.storage.change({ ...batch, leaseUntil: 1 }, refusal(9))).toBe(false);
      expect(await usedOn(TODAY, TOMORROW)).toEqual([2, 0]);
    });
  });

  describe("nextDue and claim", () => {
    it("wait two weeks for a deferrable batch, and treat that time as a clock error for any other", async () => {
      await store({ id: "pf_1", urls: manyUrls(1), now: NOON + 14 * DAY_MS, deferrable: true });
      expect(await bench.storage.nextDue(ACCOUNT, NOON)).toBe(NOON + 14 * DAY_MS);
      await store({ id: "pf_2", urls: manyUrls(1), now: NOON + 14 * DAY_MS });
      expect((await claim(NOON)).batch.taskId).toBe("pf_2");
      expect(await bench.storage.claim(ACCOUNT, NOON, NOON + LEASE)).toBeUndefined();
    });
  });

  describe("task.later", () => {
    it("has the first and the last time that items wait for, beside one of the reasons", async () => {
      await store({ urls: manyUrls(4) });
      expect(await bench.storage.task("pf_1")).toMatchObject({ later: undefined, delay: undefined });
      for (const [index, wait] of [1_000, 5_000].entries()) {
        const { batch } = await claim();
        const items = [{ index: index * 2, state: "queued" as const, code: "rate_limited", reason: `Slow down ${index}.` }];
        await change(batch, { kind: "requeue", notBefore: NOON + wait, items });
      }
      expect(await bench.storage.task("pf_1")).toMatchObject({
        later: { items: 4, from: NOON + 1_000, until: NOON + 5_000 },
        delay: "Slow down 0.",
      });
    });
  });

  describe("the circuit breaker of an account", () => {
    const fail = async (times: number) => {
      for (let time = 0; time < times; time += 1) await bench.storage.noteSignal(ACCOUNT, "failed");
    };
    const take = (account = ACCOUNT, now = NOON) => bench.storage.claim(account, now, now + LEASE);

    it("keeps batches queued while it is open, and moves nextDue to its end", async () => {
      await store({ urls: manyUrls(4) });
      await fail(2);
      expect(await bench.storage.nextDue(ACCOUNT, NOON)).toBe(0);
      await fail(1);
      expect(await take()).toBeUndefined();
      expect(await bench.storage.nextDue(ACCOUNT, NOON)).toBe(NOON + 5_000);
      // The half-open breaker lets one batch through until the vendor answers.
      expect(await take(ACCOUNT, NOON + 5_000)).toBeDefined();
      expect(await take(ACCOUNT, NOON + 5_000)).toBeUndefined();
      expect(await bench.storage.noteSignal(ACCOUNT, "answered")).toBe(true);
      expect(await take(ACCOUNT, NOON + 5_000)).toBeDefined();
      expect(await bench.storage.noteSignal(ACCOUNT, "answered")).toBe(false);
    });

    it("stops no other account", async () => {
      await store({ urls: manyUrls(2), account: "other" });
      await fail(3);
      expect(await take("other")).toBeDefined();
    });

    it("stays half-open when no batch is due", async () => {
      await fail(3);
      expect(await take(ACCOUNT, NOON + 5_000)).toBeUndefined();
      await store({ urls: manyUrls(2) });
      expect(await take(ACCOUNT, NOON + 5_000)).toBeDefined();
    });
  });
}
