/** Owners of batches, and the processes that may take their batches. */

import { describe, expect, it } from "vitest";
import type { Claim, Claimant } from "../../../src/prefetch/model/storage.ts";
import type { Batch } from "../../../src/prefetch/model/task.ts";
import { NOON } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { ACCOUNT, LEASE, type StorageBench } from "./bench.ts";

/** However the clock is set, it changes nothing. */
const moments = [NOON, NOON + 1_000 * LEASE, NOON - 1_000 * LEASE];

export function ownersContract(bench: StorageBench): void {
  const { store, send, change } = bench;
  const claimant = (owner: string, more: Partial<Claimant> = {}): Claimant => ({ owner, inHand: [], dead: [], ...more });
  const claimFor = (who: Claimant, now = NOON): Promise<Claim | undefined> =>
    bench.storage.claim(ACCOUNT, now, now + LEASE, { claimant: who });
  const batchFor = async (who: Claimant): Promise<Batch> => {
    const claim = await claimFor(who);
    if (!claim) throw new Error("Nothing is due.");
    return claim.batch;
  };

  describe("owners", () => {
    it("take no batch in hand a second time, and lose none, at any time of the clock", async () => {
      await store({ urls: manyUrls(2) });
      const batch = await batchFor(claimant("one"));
      expect(batch).toMatchObject({ owner: "one", state: "claimed" });
      for (const now of moments) {
        for (const who of [claimant("one", { inHand: [batch] }), claimant("two"), undefined]) {
          expect(await bench.storage.claim(ACCOUNT, now, now + LEASE, who && { claimant: who })).toBeUndefined();
          expect(await bench.storage.nextDue(ACCOUNT, now, who)).toBeUndefined();
        }
      }
      expect(await send(batch, NOON + 1_000 * LEASE, NOON + 1_001 * LEASE)).toBe("started");
    });

    it("name the accounts with due batches to a process that may take them, and none while the account's breaker is open", async () => {
      await store({ urls: manyUrls(2) });
      const due = [{ account: ACCOUNT, next: { provider: "fake-cdn", account: ACCOUNT } }];
      expect(await bench.storage.dueAccounts(NOON, claimant("one"))).toEqual(due);
      expect(await bench.storage.dueAccounts(NOON - LEASE, claimant("one"))).toEqual([]);
      const batch = await batchFor(claimant("one"));
      expect(await bench.storage.dueAccounts(NOON, claimant("two"))).toEqual([]);
      expect(await bench.storage.dueAccounts(NOON, claimant("one", { inHand: [batch] }))).toEqual([]);
      expect(await bench.storage.dueAccounts(NOON, claimant("two", { dead: await bench.storage.holders("two") }))).toEqual(due);
      for (let failure = 0; failure < 3; failure += 1) await bench.storage.noteSignal(ACCOUNT, "failed");
      expect(await bench.storage.dueAccounts(NOON, claimant("one"))).toEqual([]);
    });

    it("take their own batch again when they do not have it in hand", async () => {
      await store({ urls: manyUrls(2) });
      const batch = await batchFor(claimant("one"));
      expect(await bench.storage.nextDue(ACCOUNT, NOON, claimant("one"))).toBe(0);
      expect((await claimFor(claimant("one")))?.batch).toEqual(batch);
    });

    it.each(["claimed", "sending"] as const)(
      "lose a %s batch to a process to which they are dead, unless they have beaten since",
      async (state) => {
        await store({ urls: manyUrls(2) });
        const batch = await batchFor(claimant("one"));
        if (state === "sending") expect(await send(batch, NOON, NOON + LEASE)).toBe("started");
        const dead = await bench.storage.holders("two");
        expect(dead).toEqual([{ owner: "one", beat: 1 }]);
        await bench.storage.beat("one");
        expect(await claimFor(claimant("two", { dead }))).toBeUndefined();
        expect(await bench.storage.nextDue(ACCOUNT, NOON, claimant("two", { dead }))).toBeUndefined();

        const two = claimant("two", { dead: await bench.storage.holders("two") });
        expect(await bench.storage.nextDue(ACCOUNT, NOON, two)).toBe(0);
        expect((await claimFor(two))?.batch).toMatchObject({ owner: "two", state });
        // Under the very same lease the first one has lost it.
        expect(await send({ ...batch, leaseUntil: NOON + LEASE }, NOON, NOON + 2 * LEASE)).toBe("lost");
        expect(await bench.storage.change({ ...batch, state }, { kind: "requeue", items: [], refund: 0 })).toBe(false);
        expect(await bench.storage.holders("one")).toEqual([{ owner: "two", beat: 1 }]);
      },
    );

    it.each([
      { kind: "requeue" },
      { kind: "end" },
      { kind: "accept", followed: true, vendorTaskIds: [] },
      { kind: "await-reconciliation", leaseUntil: NOON + 5 },
    ] as const)("hold nothing any more after $kind", async (outcome) => {
      await store({ urls: manyUrls(2) });
      const batch = await batchFor(claimant("one"));
      await change(batch, outcome);
      expect(await bench.storage.holders("two")).toEqual([]);
    });

    it("hold nothing of a task that is cancelled before it is sent", async () => {
      await store({ urls: manyUrls(2) });
      await batchFor(claimant("one"));
      await bench.storage.cancel("pf_1");
      expect(await bench.storage.holders("two")).toEqual([]);
    });

    it("are counted from the start again when they held nothing at a cleaning", async () => {
      await store({ urls: manyUrls(4) });
      const batch = await batchFor(claimant("one"));
      for (let beat = 0; beat < 3; beat += 1) await bench.storage.beat("one");
      await bench.storage.clean(0, 1);
      expect(await bench.storage.holders("two")).toEqual([{ owner: "one", beat: 4 }]);
      await change(batch, { kind: "end" });
      await bench.storage.clean(0, 1);
      await batchFor(claimant("one"));
      expect(await bench.storage.holders("two")).toEqual([{ owner: "one", beat: 1 }]);
    });
  });
}
