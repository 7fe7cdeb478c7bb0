/** How tasks end before their time, and after it. */

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
    it("ends what was not sent yet, gives its quota back, and leaves what was sent", async () => {
      const task = await store({ urls: manyUrls(6) });
      await change(batchOf(task, 0), {
        kind: "accept",
        followed: true,
        sentAt: NOON,
        vendorTaskIds: ["v-1"],
        items: [0, 1].map((index) => ({ index, state: "processing" as const })),
      });
      await bench.storage.cancel("pf_1");
      expect(await statesOf()).toEqual(["processing", "processing", "cancelled", "cancelled", "cancelled", "cancelled"]);
      expect(await used()).toBe(2);
      expect(await bench.storage.task("pf_1")).toMatchObject({ openBatches: 1, waitingAccounts: [] });
      expect(await bench.storage.claim(ACCOUNT, NOON + DAY_MS, NOON + DAY_MS + 1)).toBeUndefined();
      await bench.storage.cancel("pf_1");
      expect(await used()).toBe(2);
    });

    it("takes a batch away from a process that only waits for its turn", async () => {
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

    it("lets what was on the wire be accepted", async () => {
      await store({ urls: manyUrls(2) });
      const batch = await sending(NOON, NOON + LEASE);
      await bench.storage.cancel("pf_1");
      const items = [0, 1].map((index) => ({ index, state: "processing" as const }));
      await change(batch, { kind: "accept", followed: true, vendorTaskIds: ["v"], items });
      expect(await statesOf()).toEqual(["processing", "processing"]);
      expect(await used()).toBe(2);
    });

    it("touches no other task, and nothing that there is not", async () => {
      await store({ id: "pf_1" });
      await store({ id: "pf_2", urls: manyUrls(4, "https://other.example/") });
      await bench.storage.cancel("pf_2");
      await bench.storage.cancel("pf_3");
      expect(await statesOf("pf_1")).toEqual(["queued", "queued", "queued", "queued"]);
    });
  });

  describe("clean", () => {
    it("deletes old tasks with all that is theirs, a few at a time, oldest first", async () => {
      await store({ id: "pf_2", now: NOON + 1, urls: manyUrls(2, "https://b.example/") });
      await store({ id: "pf_1", now: NOON, urls: manyUrls(2, "https://a.example/") });
      await store({ id: "pf_3", now: NOON + 2, urls: manyUrls(2, "https://c.example/") });
      expect(await bench.storage.clean(NOON + 2, 1)).toBe(1);
      expect(await bench.storage.task("pf_1")).toBeUndefined();
      expect(await bench.storage.items("pf_1", { limit: 9 })).toEqual([]);
      expect(await bench.storage.task("pf_2")).toBeDefined();
      expect(await bench.storage.clean(NOON + 2, 5)).toBe(1);
      expect(await bench.storage.clean(NOON + 2, 5)).toBe(0);
      expect(await statesOf("pf_3")).toEqual(["queued", "queued"]);
      expect((await claim(NOON + 2)).batch.taskId).toBe("pf_3");
    });

    it("frees the quota that an old task still has reserved, and keeps what it has spent", async () => {
      await store({ urls: manyUrls(4) });
      await sending(NOON, NOON + LEASE);
      expect(await used()).toBe(4);
      await bench.storage.clean(NOON + 1, 5);
      expect(await used()).toBe(2);
    });

    it("forgets days and paces long gone, and no others", async () => {
      await store({ urls: manyUrls(2) });
      await bench.storage.reserveSlot("busy", 1_000, 1, NOON + 40 * DAY_MS);
      await bench.storage.reserveSlot("idle", 1_000, 1, NOON);
      await bench.storage.clean(NOON, 5);
      expect(await used()).toBe(2);
      await bench.storage.clean(NOON + 31 * DAY_MS, 5);
      expect(await used()).toBe(0);
      expect(await bench.storage.reserveSlot("busy", 1_000, 1, NOON + 40 * DAY_MS)).toBe(1_000);
    });
  });
}
