/** The quota ledger: units used, and the pending part that the vendor has not answered. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NOON, TODAY } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { ACCOUNT, type StorageBench } from "./bench.ts";

export function ledgerContract(bench: StorageBench): void {
  const { factsOf, store, batchOf, change, send, sending, claim } = bench;

  describe("ledger.pending", () => {
    it("counts the units of unanswered batches of one account and day", async () => {
      const task = await store({ urls: manyUrls(8) });
      await store({ id: "pf_2", urls: manyUrls(1), account: "other" });
      await store({ id: "pf_3", urls: manyUrls(1), day: "2026-11-22" });
      const pending = async () => (await bench.storage.ledger(ACCOUNT, TODAY)).pending;
      expect(await pending()).toBe(8);
      // A claimed batch and a batch in flight are unanswered.
      await claim();
      await sending(NOON, NOON + 100);
      expect(await pending()).toBe(8);
      await change(batchOf(task, 2), { kind: "accept", followed: true, vendorTaskIds: [] });
      expect(await pending()).toBe(6);
      await change(batchOf(task, 3), { kind: "end", refund: 2 });
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 6, pending: 4, exhausted: false });
      expect((await factsOf({})).ledger).toEqual({ used: 6, pending: 4, exhausted: false });
    });

    it("moves to another day together with the used units", async () => {
      const day = "2026-11-22";
      await store({ urls: manyUrls(2) });
      const { batch } = await claim();
      expect(await send(batch, NOON, NOON + 100, { day })).toBe("started");
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 0, pending: 0, exhausted: false });
      expect(await bench.storage.ledger(ACCOUNT, day)).toEqual({ used: 2, pending: 2, exhausted: false });
    });
  });

  describe("ledger", () => {
    it("counts each account and each day separately", async () => {
      await store({ id: "pf_1", urls: manyUrls(1) });
      await store({ id: "pf_2", urls: manyUrls(2), day: "2026-11-22" });
      await store({ id: "pf_3", urls: manyUrls(3), account: "other" });
      const other = await store({ id: "pf_4", urls: manyUrls(4), account: "other", day: "2026-11-22" });
      await change(batchOf(other), { kind: "end", exhausted: true });
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toEqual({ used: 1, pending: 1, exhausted: false });
      expect(await bench.storage.ledger(ACCOUNT, "2026-11-22")).toEqual({ used: 2, pending: 2, exhausted: false });
      expect(await bench.storage.ledger("other", TODAY)).toEqual({ used: 3, pending: 3, exhausted: false });
      expect(await bench.storage.ledger("other", "2026-11-22")).toEqual({ used: 4, pending: 2, exhausted: true });
      expect(await bench.storage.ledger("unused", TODAY)).toEqual({ used: 0, pending: 0, exhausted: false });
    });

    it("adds up after any sequence of reservations and refunds", async () => {
      let accounts = 0;
      let tasks = 0;
      const step = fc.oneof(
        fc.record({ spend: fc.integer({ min: 1, max: 9 }) }),
        fc.record({ refund: fc.integer({ min: 0, max: 9 }), exhausted: fc.boolean() }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const account = `account-${++accounts}`;
          let first = batchOf(await store({ id: `pf_property_${++tasks}`, account, urls: manyUrls(1), costPerBatch: 1 }));
          const model = { used: 1, exhausted: false };
          for (const each of steps) {
            if ("spend" in each) {
              await store({ id: `pf_property_${++tasks}`, account, urls: manyUrls(1), costPerBatch: each.spend });
              model.used += each.spend;
            } else {
              first = await change(first, { kind: "end", ...each });
              model.used = Math.max(0, model.used - each.refund);
              model.exhausted ||= each.exhausted;
            }
            expect(await bench.storage.ledger(account, TODAY)).toMatchObject(model);
          }
        }),
        { numRuns: 15 },
      );
    });
  });
}
