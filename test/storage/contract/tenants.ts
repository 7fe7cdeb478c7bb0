/** The separation of tenants, and the totals over all of them. */

import { describe, expect, it } from "vitest";
import type { TaskQuery } from "../../../src/prefetch/model/storage.ts";
import { NOON, TODAY } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { ACCOUNT, LEASE, type StorageBench } from "./bench.ts";

const TOMORROW = "2026-11-22";
const DAY_MS = 86_400_000;

export function tenantsContract(bench: StorageBench): void {
  const { factsOf, store, batchOf, change, send, sending, claim } = bench;
  const spent = (tenant: string, day = TODAY, account = ACCOUNT) => bench.storage.spentBy(tenant, account, day);

  describe("a tenant", () => {
    it("learns only of targets that it sent itself", async () => {
      const targets = manyUrls(2);
      await store({ id: "pf_1", tenant: "a", urls: targets });
      await store({ id: "pf_2", tenant: "b", urls: targets.slice(0, 1) });
      const recent = async (tenant: string) => [...(await factsOf({ tenant, targets })).recent];
      expect(await recent("a")).toEqual(targets.map((url) => [url, "pf_1"]));
      expect(await recent("b")).toEqual([[targets[0], "pf_2"]]);
      expect(await recent("c")).toEqual([]);
      expect(await recent("")).toEqual([]);
    });

    it("lists its own tasks only, page by page", async () => {
      for (let nth = 0; nth < 6; nth += 1) {
        await store({ id: `pf_${nth}`, tenant: nth % 2 === 0 ? "a" : "b", now: NOON + nth, urls: manyUrls(2, `https://${nth}.example/`) });
      }
      const ids = async (query: Omit<TaskQuery, "limit">) =>
        (await bench.storage.tasks({ limit: 2, ...query })).map(({ task }) => `${task.id} of ${task.tenant}`);
      expect(await ids({ tenant: "a" })).toEqual(["pf_4 of a", "pf_2 of a"]);
      expect(await ids({ tenant: "a", before: { createdAt: NOON + 2, id: "pf_2" } })).toEqual(["pf_0 of a"]);
      expect(await ids({ tenant: "b", provider: "fake-cdn" })).toEqual(["pf_5 of b", "pf_3 of b"]);
      expect(await ids({ tenant: "b", provider: "other-cdn" })).toEqual([]);
      expect(await ids({ tenant: "" })).toEqual([]);
      expect(await ids({ tenant: undefined })).toEqual(["pf_5 of b", "pf_4 of a"]);
    });

    it("has a ledger of its own, which rises and falls with the account's", async () => {
      const task = await store({ id: "pf_1", tenant: "a", urls: manyUrls(6) });
      await store({ id: "pf_2", tenant: "b", urls: manyUrls(2, "https://b.example/") });
      await store({ id: "pf_3", urls: manyUrls(2, "https://untenanted.example/") });
      await store({ id: "pf_4", tenant: "a", account: "other", urls: manyUrls(3) });
      expect([await spent("a"), await spent("b"), await spent(""), await spent("a", TODAY, "other")]).toEqual([6, 2, 0, 3]);
      expect(await bench.storage.ledger(ACCOUNT, TODAY)).toMatchObject({ used: 10 });
      await change(batchOf(task, 0), { kind: "end", refund: 2 });
      expect(await spent("a")).toBe(4);
      await bench.storage.cancel("pf_1");
      expect(await spent("a")).toBe(0);
      expect([await spent("b"), await spent("a", TODAY, "other")]).toEqual([2, 3]);
    });

    it("spends on the day of sending", async () => {
      await store({ tenant: "a", urls: manyUrls(2) });
      const { batch } = await claim(NOON + DAY_MS);
      expect(await send(batch, NOON + DAY_MS, NOON + DAY_MS + LEASE, { day: TOMORROW })).toBe("started");
      expect([await spent("a"), await spent("a", TOMORROW)]).toEqual([0, 2]);
    });

    it("takes its reservation along when a batch is deferred", async () => {
      await store({ tenant: "a", urls: manyUrls(2), deferrable: true });
      const batch = await sending(NOON, NOON + LEASE);
      const days = [{ day: TOMORROW, notBefore: NOON + DAY_MS, ceiling: 9 }];
      const otherwise = { kind: "end", items: [], refund: 2, exhausted: true } as const;
      await change(batch, { kind: "defer", days, exhausted: true, otherwise });
      expect([await spent("a"), await spent("a", TOMORROW)]).toEqual([0, 2]);
    });

    it("finds its own spending in the facts for an admission", async () => {
      await store({ id: "pf_1", tenant: "a", urls: manyUrls(2) });
      await store({ id: "pf_2", tenant: "a", urls: manyUrls(3), perBatch: 3, day: TOMORROW });
      const { own, ledger, later } = await factsOf({ tenant: "a", laterDays: [TOMORROW, "2026-11-23"] });
      expect([own, ledger.used]).toEqual([2, 2]);
      expect(later.map((day) => [day.own, day.ledger.used])).toEqual([
        [3, 3],
        [0, 0],
      ]);
      const other = await factsOf({ tenant: "b", laterDays: [TOMORROW] });
      expect([other.own, other.ledger.used, other.later[0]?.own]).toEqual([0, 2, 0]);
    });

    it("loses its ledger of past days together with its old tasks", async () => {
      await store({ tenant: "a", urls: manyUrls(2) });
      await bench.storage.clean(NOON + 2 * DAY_MS, 99);
      expect(await spent("a")).toBe(0);
      expect(await bench.storage.tasks({ tenant: "a", limit: 9 })).toEqual([]);
    });
  });

  describe("census and backlog", () => {
    it("count the items in each state", async () => {
      const task = await store({ id: "pf_1", tenant: "a", urls: manyUrls(4), rejected: ["bad"] });
      await store({ id: "pf_2", urls: manyUrls(3) });
      expect(await bench.storage.census()).toMatchObject({ queued: 7, rejected: 1, succeeded: 0 });
      const items = [0, 1].map((index) => ({ index, state: "succeeded" as const }));
      await change(batchOf(task, 0), { kind: "end", items });
      await change(batchOf(task, 1), { kind: "accept", followed: true, vendorTaskIds: [], items: [{ index: 2, state: "processing" }] });
      expect(await bench.storage.census()).toMatchObject({ queued: 4, processing: 1, succeeded: 2, rejected: 1 });
      await bench.storage.cancel("pf_2");
      expect(await bench.storage.census()).toMatchObject({ queued: 1, cancelled: 3 });
      await bench.storage.clean(NOON + DAY_MS, 99);
      expect(Object.values(await bench.storage.census()).every((count) => count === 0)).toBe(true);
    });

    it("count the batches and units that each provider has not answered", async () => {
      await store({ id: "pf_1", tenant: "a", urls: manyUrls(4) });
      await store({ id: "pf_2", urls: manyUrls(3), provider: "other-cdn", account: "other" });
      await sending(NOON, NOON + LEASE);
      expect(await bench.storage.backlog()).toEqual([
        { provider: "fake-cdn", batches: 2, units: 4 },
        { provider: "other-cdn", batches: 2, units: 3 },
      ]);
      await bench.storage.cancel("pf_2");
      expect(await bench.storage.backlog()).toEqual([{ provider: "fake-cdn", batches: 2, units: 4 }]);
    });
  });
}
