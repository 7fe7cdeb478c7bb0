/** Request slots of a rate-limited key. */

import { describe, expect, it } from "vitest";
import { NOON } from "../../fakes/clock.ts";
import { ACCOUNT, type StorageBench } from "./bench.ts";

export function rateSlotsContract(bench: StorageBench): void {
  describe("reserveSlot", () => {
    const slots = async (count: number, now: number, burst: number, account = ACCOUNT): Promise<number[]> => {
      const waits: number[] = [];
      for (let slot = 0; slot < count; slot += 1) waits.push(await bench.storage.reserveSlot(account, 1_000, burst, now));
      return waits;
    };

    it("lets a burst go at once and spaces out later requests", async () => {
      expect(await slots(5, NOON, 2)).toEqual([0, 0, 1_000, 2_000, 3_000]);
    });

    it("begins the next slot one interval after the last one when the queue is not empty", async () => {
      await slots(3, NOON, 1);
      expect(await slots(2, NOON + 2_500, 1)).toEqual([500, 1_500]);
    });

    it("saves at most one burst in a quiet time", async () => {
      await slots(4, NOON, 3);
      expect(await slots(5, NOON + 60_000, 3)).toEqual([0, 0, 0, 1_000, 2_000]);
    });

    it("saves one slot in each interval without a request", async () => {
      await slots(3, NOON, 3);
      expect(await slots(2, NOON + 1_000, 3)).toEqual([0, 1_000]);
    });

    it("counts each key separately", async () => {
      await slots(3, NOON, 1);
      expect(await slots(2, NOON, 1, "other")).toEqual([0, 1_000]);
    });

    it("returns no slot before the end of a pause, and no burst after it", async () => {
      await slots(1, NOON, 3);
      await bench.storage.pauseSlots(ACCOUNT, NOON + 5_000);
      expect(await slots(3, NOON + 1_000, 3)).toEqual([4_000, 5_000, 6_000]);
      expect(await slots(1, NOON, 3, "other")).toEqual([0]);
    });

    it("keeps its queue when a pause ends earlier than the queue", async () => {
      await slots(4, NOON, 1);
      await bench.storage.pauseSlots(ACCOUNT, NOON + 2_000);
      expect(await slots(1, NOON, 1)).toEqual([4_000]);
    });

    it("stands until its wait is ended, because the clock was set back", async () => {
      await slots(3, NOON, 1);
      expect(await bench.storage.isReservedBeyond(ACCOUNT, NOON + 2_000)).toBe(true);
      expect(await bench.storage.isReservedBeyond("other", NOON)).toBe(false);
      await bench.storage.endOldWaits(NOON - 60_000, 60_000);
      expect(await bench.storage.isReservedBeyond(ACCOUNT, NOON + 1_000)).toBe(false);
    });

    it("waits for a pause that began before the first request", async () => {
      await bench.storage.pauseSlots(ACCOUNT, NOON + 2_000);
      expect(await slots(2, NOON, 2)).toEqual([2_000, 3_000]);
    });
  });
}
