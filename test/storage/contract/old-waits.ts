/** The end of waits that were planned by a clock which was set back since. */

import { describe, expect, it } from "vitest";
import { NOON, TODAY } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";
import { ACCOUNT, type StorageBench } from "./bench.ts";

const HOUR_MS = 3_600_000;

export function oldWaitsContract(bench: StorageBench): void {
  describe("endOldWaits", () => {
    const admit = (notBefore = NOON) => {
      const task = newTask({ id: "pf_1", urls: manyUrls(2) });
      const batches = task.batches.map((batch) => ({ ...batch, notBefore }));
      return bench.storage.admit([accountQuery()], () => ({ task: { ...task, batches } }));
    };
    const claim = (now: number) => bench.storage.claim(ACCOUNT, now, now + 300_000, { claimant: { owner: "one", inHand: [], dead: [] } });
    /** Admits a task that was created before, and begins to send it at noon. */
    const sendOldTask = async (createdAt: number) => {
      const { task, ...rest } = newTask({ id: "pf_1", urls: manyUrls(1) });
      await bench.storage.admit([accountQuery()], () => ({ task: { ...rest, task: { ...task, createdAt } } }));
      const work = await claim(NOON);
      if (!work) throw new Error("Nothing to claim.");
      const start = { now: NOON, leaseUntil: NOON + 90_000, day: TODAY, allowance: undefined };
      expect(await bench.storage.startSending(work.batch, start)).toBe("started");
      return { ...work.batch, state: "sending", leaseUntil: start.leaseUntil } as const;
    };

    it.each([2_000, HOUR_MS, 5 * HOUR_MS])(
      "makes what was due to be sent due again when the clock was set back by %d ms",
      async (stepMs) => {
        await admit();
        const now = NOON - stepMs;
        expect(await bench.storage.nextDue(ACCOUNT, now)).toBe(NOON);
        expect(await bench.storage.endOldWaits(now, stepMs)).toBe(true);
        expect(await bench.storage.nextDue(ACCOUNT, now)).toBe(0);
      },
    );

    it("finds in its own notes that the clock was set back while no process watched", async () => {
      await admit();
      expect(await bench.storage.endOldWaits(NOON - HOUR_MS, 0)).toBe(true);
      expect(await bench.storage.nextDue(ACCOUNT, NOON - HOUR_MS)).toBe(0);
    });

    it("finds the same in the newest task when no batch waits", async () => {
      const task = newTask({ id: "pf_1", rejected: manyUrls(1) });
      await bench.storage.admit([accountQuery()], () => ({ task }));
      await bench.storage.pauseSlots(ACCOUNT, NOON + 60_000);
      expect(await bench.storage.endOldWaits(NOON - 200_000, 0)).toBe(true);
      expect(await bench.storage.reserveSlot(ACCOUNT, 1_000, 1, NOON - 200_000)).toBe(0);
    });

    it("finds the same in a batch that was sent, when an older task was the last one to be sent", async () => {
      const batch = await sendOldTask(NOON - HOUR_MS);
      const accepted = { kind: "accept", items: [], refund: 0, followed: true, vendorTaskIds: ["v-1"] } as const;
      expect(await bench.storage.change(batch, accepted)).toBe(true);
      await bench.storage.pauseSlots(ACCOUNT, NOON + 60_000);
      expect(await bench.storage.endOldWaits(NOON - 200_000, 0)).toBe(true);
      expect(await bench.storage.reserveSlot(ACCOUNT, 1_000, 1, NOON - 200_000)).toBe(0);
    });

    it("leaves every wait alone when a batch was sent by a clock that was ahead by days", async () => {
      const batch = await sendOldTask(NOON - 100 * HOUR_MS);
      expect(await bench.storage.change(batch, { kind: "end", items: [], refund: 0 })).toBe(true);
      expect(await bench.storage.endOldWaits(NOON - 60 * HOUR_MS, 0)).toBe(false);
    });

    it("leaves every wait alone when nothing shows a step", async () => {
      await admit(NOON + 300_000);
      await bench.storage.pauseSlots(ACCOUNT, NOON + 60_000);
      expect(await bench.storage.endOldWaits(NOON, 0)).toBe(false);
      expect(await bench.storage.nextDue(ACCOUNT, NOON)).toBe(NOON + 300_000);
      expect(await bench.storage.reserveSlot(ACCOUNT, 1_000, 1, NOON)).toBe(60_000);
    });

    it("keeps a batch that waits for another day", async () => {
      const tomorrow = NOON + 12 * HOUR_MS;
      await admit(tomorrow);
      expect(await bench.storage.endOldWaits(NOON - HOUR_MS, HOUR_MS)).toBe(true);
      expect(await bench.storage.nextDue(ACCOUNT, NOON - HOUR_MS)).toBe(tomorrow);
    });

    it("ends the pause of a look-up, of the account's requests and of its circuit breaker", async () => {
      await admit();
      const work = await claim(NOON);
      if (!work) throw new Error("Nothing to claim.");
      const start = { now: NOON, leaseUntil: NOON + 90_000, day: TODAY, allowance: undefined };
      expect(await bench.storage.startSending(work.batch, start)).toBe("started");
      const batch = { ...work.batch, state: "sending", leaseUntil: start.leaseUntil } as const;
      const waits = { kind: "await-reconciliation", leaseUntil: NOON + 60_000, items: [], refund: 0 } as const;
      expect(await bench.storage.change(batch, waits)).toBe(true);
      await bench.storage.pauseSlots(ACCOUNT, NOON + 60_000);
      for (const signal of ["failed", "failed", "failed"] as const) await bench.storage.noteSignal(ACCOUNT, signal);
      const now = NOON - 200_000;
      expect(await claim(now)).toBeUndefined();
      await bench.storage.endOldWaits(now, 200_000);
      expect(await claim(now)).toMatchObject({ batch: { state: "sending", owner: "one" } });
      expect(await bench.storage.reserveSlot(ACCOUNT, 1_000, 1, now)).toBe(0);
    });

    it("takes no batch from the process that holds it", async () => {
      await admit();
      const work = await claim(NOON);
      if (!work) throw new Error("Nothing to claim.");
      await bench.storage.endOldWaits(NOON - HOUR_MS, HOUR_MS);
      expect(await bench.storage.change(work.batch, { kind: "requeue", items: [], refund: 0 })).toBe(true);
    });
  });
}
