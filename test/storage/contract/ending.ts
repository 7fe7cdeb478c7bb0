/** Cancelling tasks and deleting old ones. */

import { describe, expect, it } from "vitest";
import { NOON, TODAY } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { ACCOUNT, changeFrom, LEASE, type StorageBench } from "./bench.ts";

const DAY_MS = 86_400_000;

export function endingContract(bench: StorageBench): void {
  const { store, claim, batchOf, change, send, sending } = bench;
  const statesOf = async (id = "pf_1") => (await bench.storage.items(id, { limit: 99 })).map((item) => item.state);
  const used = async () => (await bench.storage.ledger(ACCOUNT, TODAY)).used;

  describe("cancel", () => {
    it("marks one task as cancelled", async () => {
      await store({ id: "pf_1" });
      await store({ id: "pf_2", urls: manyUrls(2, "https://other.example/") });
      expect(await Promise.all(["pf_1", "pf_2", "pf_3"].map((id) => bench.storage.isCancelled(id)))).toEqual([false, false, false]);
      await bench.storage.cancel("pf_2");
      expect(await Promise.all(["pf_1", "pf_2"].map((id) => bench.storage.isCancelled(id)))).toEqual([false, true]);
    });

    it("ends and refunds unsent batches, and leaves batches that were sent", async () => {
      const task = await store({ urls: manyUrls(6) });
      await change(batchOf(task, 0), {
        kind: "accept",
        followed: true,
        sentAt: NOON,
        vendorTaskIds: ["v-1"],
        items: [0, 1].map((index) => ({ index, state: "processing" as const })),
      });
      expect(await bench.storage.cancel("pf_1")).toEqual([{ provider: "fake-cdn", day: TODAY, units: 4 }]);
      expect(await statesOf()).toEqual(["processing", "processing", "cancelled", "cancelled", "cancelled", "cancelled"]);
      expect(await used()).toBe(2);
      expect(await bench.storage.task("pf_1")).toMatchObject({ openBatches: 1, waitingAccounts: [] });
      expect(await bench.storage.claim(ACCOUNT, NOON + DAY_MS, NOON + DAY_MS + 1)).toBeUndefined();
      expect(await bench.storage.cancel("pf_1")).toEqual([]);
      expect(await used()).toBe(2);
    });

    it("takes a claimed batch away from its process", async () => {
      await store({ urls: manyUrls(2) });
      const { batch } = await claim();
      await bench.storage.cancel("pf_1");
      expect(await send(batch, NOON, NOON + LEASE)).toBe("lost");
      expect(await statesOf()).toEqual(["cancelled", "cancelled"]);
      expect(await used()).toBe(0);
    });

    it.each([{ kind: "requeue" }, { kind: "reclaim", leaseUntil: NOON + 2 * LEASE }] as const)(
      "cancels a batch in flight when it would be sent again ($kind)",
      async (sketch) => {
        await store({ urls: manyUrls(2) });
        const batch = await sending(NOON, NOON + LEASE);
        await bench.storage.cancel("pf_1");
        expect(await statesOf()).toEqual(["queued", "queued"]);
        expect(await used()).toBe(2);
        expect(await bench.storage.change(batch, changeFrom(sketch))).toBe(false);
        expect(await statesOf()).toEqual(["cancelled", "cancelled"]);
        expect(await used()).toBe(0);
        expect(await bench.storage.nextDue(ACCOUNT, NOON)).toBeUndefined();
      },
    );

    it("lets the vendor accept a batch that was in flight", async () => {
      await store({ urls: manyUrls(2) });
      const batch = await sending(NOON, NOON + LEASE);
      await bench.storage.cancel("pf_1");
      const items = [0, 1].map((index) => ({ index, state: "processing" as const }));
      await change(batch, { kind: "accept", followed: true, vendorTaskIds: ["v"], items });
      expect(await statesOf()).toEqual(["processing", "processing"]);
      expect(await used()).toBe(2);
    });

    it("touches no other task, and ignores an unknown one", async () => {
      await store({ id: "pf_1" });
      await store({ id: "pf_2", urls: manyUrls(4, "https://other.example/") });
      await bench.storage.cancel("pf_2");
      await bench.storage.cancel("pf_3");
      expect(await statesOf("pf_1")).toEqual(["queued", "queued", "queued", "queued"]);
    });
  });

  describe("clean", () => {
    it("deletes old tasks with their batches and items, oldest first, in steps of about as many rows as it may", async () => {
      await store({ id: "pf_2", now: NOON + 1, urls: manyUrls(2, "https://b.example/") });
      await store({ id: "pf_1", now: NOON, urls: manyUrls(2, "https://a.example/") });
      await store({ id: "pf_3", now: NOON + 2, urls: manyUrls(2, "https://c.example/") });
      expect(await bench.storage.clean(NOON + 2, 4)).toEqual({ tasks: 1, isDone: false });
      expect(await bench.storage.task("pf_1")).toBeUndefined();
      expect(await bench.storage.items("pf_1", { limit: 9 })).toEqual([]);
      expect(await bench.storage.task("pf_2")).toBeDefined();
      expect(await bench.storage.clean(NOON + 2, 9)).toEqual({ tasks: 1, isDone: true });
      expect(await bench.storage.clean(NOON + 2, 9)).toEqual({ tasks: 0, isDone: true });
      expect(await statesOf("pf_3")).toEqual(["queued", "queued"]);
      expect((await claim(NOON + 2)).batch.taskId).toBe("pf_3");
    });

    it("refunds the quota that an old task still reserves, and keeps the quota that it spent", async () => {
      await store({ urls: manyUrls(4) });
      await sending(NOON, NOON + LEASE);
      expect(await used()).toBe(4);
      await bench.storage.clean(NOON + 1, 99);
      expect(await used()).toBe(2);
    });

    it("hides a task before it deletes a part of it, and gives the quota back once", async () => {
      await store({ tenant: "a", urls: manyUrls(7), rejected: ["bad"] });
      const spentBy = () => bench.storage.spentBy("a", ACCOUNT, TODAY);
      const { batch } = await claim();
      expect([await used(), await spentBy()]).toEqual([7, 7]);
      const steps = [await bench.storage.clean(NOON + 1, 3)];
      expect(steps).toEqual([{ tasks: 1, isDone: false }]);
      for (let step = 0; step < 9; step += 1) {
        expect(await bench.storage.task("pf_1")).toBeUndefined();
        expect(await bench.storage.items("pf_1", { limit: 9 })).toEqual([]);
        expect(await bench.storage.following("pf_1")).toEqual([]);
        expect(await bench.storage.tasks({ tenant: undefined, limit: 9 })).toEqual([]);
        expect((await bench.factsOf({ tenant: "a", targets: manyUrls(7) })).recent.size).toBe(0);
        expect(await bench.storage.claim(ACCOUNT, NOON + DAY_MS, NOON + DAY_MS + LEASE)).toBeUndefined();
        expect(await bench.storage.holders("another")).toEqual([]);
        expect(await bench.storage.backlog()).toEqual([]);
        expect(await send(batch, NOON, NOON + LEASE)).toBe("lost");
        expect(await bench.storage.change(batch, changeFrom({ kind: "requeue" }))).toBe(false);
        expect([await used(), await spentBy()]).toEqual([0, 0]);
        steps.push(await bench.storage.clean(NOON + 1, 2));
      }
      // 8 items, 4 batches and the task itself: 3 rows at first, then 2 a step.
      expect(steps.map(({ isDone }) => isDone)).toEqual([false, false, false, false, false, false, true, true, true, true]);
      expect(Object.values(await bench.storage.census()).every((count) => count === 0)).toBe(true);
      // Nothing of the old task is left that a new one of the same id could collide with.
      await store({ urls: manyUrls(4) });
      expect(await statesOf()).toHaveLength(4);
    });

    it("deletes past days and rate slots, and keeps later ones", async () => {
      await store({ urls: manyUrls(2) });
      await bench.storage.reserveSlot("busy", 1_000, 1, NOON + 40 * DAY_MS);
      await bench.storage.reserveSlot("idle", 1_000, 1, NOON);
      await bench.storage.clean(NOON, 5);
      expect(await used()).toBe(2);
      await bench.storage.clean(NOON + 31 * DAY_MS, 99);
      expect(await used()).toBe(0);
      expect(await bench.storage.reserveSlot("busy", 1_000, 1, NOON + 40 * DAY_MS)).toBe(1_000);
    });
  });
}
