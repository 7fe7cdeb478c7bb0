/** Batches whose old copies are dropped before the prefetch: two accounts, two reservations, one way from one to the other. */

import { describe, expect, it } from "vitest";
import type { Batch } from "../../../src/prefetch/model/task.ts";
import { NOON, TODAY } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { LEASE, type StorageBench, unlimited } from "./bench.ts";

const REFRESH = "fake-cdn-refresh:1";
const PREFETCH = "fake-cdn:1";
const TOMORROW = "2026-11-22";

export function refreshingContract(bench: StorageBench): void {
  const { store, claim, change, send } = bench;
  const refreshing = { provider: "fake-cdn-refresh", account: REFRESH, next: { provider: "fake-cdn", account: PREFETCH } };
  const storeTask = (count = 2) => store({ ...refreshing, urls: manyUrls(count), perBatch: count });
  const entry = (account: string, day = TODAY) => bench.storage.ledger(account, day);
  const used = async (day = TODAY) => [(await entry(REFRESH, day)).used, (await entry(PREFETCH, day)).used];
  const queued = (index: number) => ({ index, state: "queued" as const });

  /** The vendor has accepted the refresh. */
  const accepted = async (): Promise<Batch> => {
    const { batch } = await claim(NOON, REFRESH);
    expect(await send(batch, NOON, NOON + LEASE)).toBe("started");
    const sending: Batch = { ...batch, state: "sending", leaseUntil: NOON + LEASE, sentAt: NOON };
    return change(sending, { kind: "await-refresh", notBefore: NOON + 1_000, vendorTaskIds: ["drop-1"], items: [0, 1].map(queued) });
  };

  describe("a batch that is refreshed first", () => {
    it("reserves its units in both accounts, and counts as pending in both until the refresh is accepted", async () => {
      await storeTask();
      expect(await entry(REFRESH, TODAY)).toMatchObject({ used: 2, pending: 2 });
      expect(await entry(PREFETCH, TODAY)).toMatchObject({ used: 2, pending: 2 });
      await accepted();
      expect(await entry(REFRESH, TODAY)).toMatchObject({ used: 2, pending: 0 });
      expect(await entry(PREFETCH, TODAY)).toMatchObject({ used: 2, pending: 2 });
      expect((await bench.factsOf({ account: PREFETCH })).waiting).toBe(2);
    });

    it("is due to the refresh's account first, and to the prefetch's once it has advanced", async () => {
      await storeTask();
      expect(await bench.storage.nextDue(PREFETCH, NOON)).toBeUndefined();
      await accepted();
      expect(await bench.storage.nextDue(REFRESH, NOON)).toBe(NOON + 1_000);
      const { batch } = await claim(NOON + 1_000, REFRESH);
      expect(batch.vendorTaskIds).toEqual(["drop-1"]);
      await change(batch, { kind: "advance", notBefore: NOON + 1_000, items: [0, 1].map(queued) });
      expect(await bench.storage.nextDue(REFRESH, NOON + LEASE)).toBeUndefined();
      const { batch: prefetch } = await claim(NOON + 1_000, PREFETCH);
      expect(prefetch).toMatchObject({
        provider: "fake-cdn",
        account: PREFETCH,
        vendorTaskIds: [],
        nextProvider: undefined,
        nextAccount: undefined,
      });
      expect(await used()).toEqual([2, 2]);
    });

    it("gives the prefetch's unit of an item back that ends with the refresh", async () => {
      await storeTask();
      await accepted();
      const { batch } = await claim(NOON + 1_000, REFRESH);
      await change(batch, { kind: "advance", notBefore: NOON, items: [queued(0), { index: 1, state: "failed", code: "vendor_failed" }] });
      expect(await used()).toEqual([2, 1]);
    });

    it("gives both units back when the vendor refuses the refresh", async () => {
      await storeTask();
      const { batch } = await claim(NOON, REFRESH);
      await change(batch, {
        kind: "end",
        refund: 2,
        items: [0, 1].map((index) => ({ index, state: "rejected", code: "forbidden_domain" })),
      });
      expect(await used()).toEqual([0, 0]);
    });

    it("frees both reservations when it is cancelled before the refresh, and the prefetch's alone when after it", async () => {
      await storeTask();
      expect(await bench.storage.cancel("pf_1")).toEqual([
        { provider: "fake-cdn-refresh", day: TODAY, units: 2 },
        { provider: "fake-cdn", day: TODAY, units: 2 },
      ]);
      expect(await used()).toEqual([0, 0]);
      await store({ ...refreshing, id: "pf_2", urls: manyUrls(2), perBatch: 2 });
      await accepted();
      expect(await bench.storage.cancel("pf_2")).toEqual([{ provider: "fake-cdn", day: TODAY, units: 2, dropped: 2 }]);
      expect((await bench.storage.items("pf_2", { limit: 9 })).map(({ reason }) => reason)).toEqual(
        Array(2).fill(expect.stringContaining("told to drop its old copy")),
      );
      expect(await used()).toEqual([2, 0]);
    });

    it("is cancelled when the refresh is accepted after the cancellation", async () => {
      await storeTask();
      const { batch } = await claim(NOON, REFRESH);
      await send(batch, NOON, NOON + LEASE);
      await bench.storage.cancel("pf_1");
      const sending: Batch = { ...batch, state: "sending", leaseUntil: NOON + LEASE, sentAt: NOON };
      const change = { kind: "await-refresh", notBefore: NOON, vendorTaskIds: ["drop-1"], items: [0, 1].map(queued), refund: 0 } as const;
      expect(await bench.storage.change(sending, change)).toBe(false);
      expect((await bench.storage.items("pf_1", { limit: 9 })).map(({ state }) => state)).toEqual(["cancelled", "cancelled"]);
      expect(await used()).toEqual([2, 0]);
    });

    it("moves both reservations to the day on which it is sent, and only when both accounts have room", async () => {
      await storeTask();
      const { batch } = await claim(NOON, REFRESH);
      const short = { limit: 1, ceiling: 1, source: "ledger" } as const;
      expect(await send(batch, NOON, NOON + LEASE, { day: TOMORROW, allowance: unlimited, nextAllowance: short })).toBe("over_quota");
      expect(await send(batch, NOON, NOON + LEASE, { day: TOMORROW, allowance: short, nextAllowance: unlimited })).toBe("over_quota");
      expect(await send(batch, NOON, NOON + LEASE, { day: TOMORROW, allowance: unlimited })).toBe("over_quota");
      expect(await used()).toEqual([2, 2]);
      expect(await send(batch, NOON, NOON + LEASE, { day: TOMORROW, allowance: unlimited, nextAllowance: unlimited })).toBe("started");
      expect([await used(), await used(TOMORROW)]).toEqual([
        [0, 0],
        [2, 2],
      ]);
    });

    it("keeps both reservations in its parts when it is divided", async () => {
      await storeTask(4);
      const { batch } = await claim(NOON, REFRESH);
      await change(batch, { kind: "divide", notBefore: NOON, part: { items: [2, 3], cost: 2 }, items: [2, 3].map(queued) });
      expect(await used()).toEqual([4, 4]);
      await bench.storage.cancel("pf_1");
      expect(await used()).toEqual([0, 0]);
    });

    it("gives both reservations back when its task is deleted", async () => {
      await storeTask();
      while (!(await bench.storage.clean(NOON + 1, 100)).isDone);
      expect(await used()).toEqual([0, 0]);
    });

    it("counts as a recent task of its URLs, also among refreshes only, and a plain prefetch counts among all", async () => {
      const [first = "", second = ""] = manyUrls(2);
      await store({ ...refreshing, urls: [first] });
      await store({ id: "pf_2", urls: [second] });
      const recent = async (recentRefreshesOnly: boolean) =>
        Object.fromEntries((await bench.factsOf({ account: PREFETCH, targets: [first, second], recentRefreshesOnly })).recent);
      expect(await recent(false)).toEqual({ [first]: "pf_1", [second]: "pf_2" });
      expect(await recent(true)).toEqual({ [first]: "pf_1" });
    });
  });
}
