/** Notices that the machine's clock was set back: waits that are stored as times of day would last longer by as much. */

import type { Clock } from "../../base/clock.ts";
import type { Storage } from "../model/storage.ts";

/** Smaller: the clocks of a living machine, which are adjusted all the time, look like a clock that was set. */
const NOTICED_MS = 1_000;

export interface ClockWatch {
  /**
   * Ends the waits of the old clock. True when there may be some. The first look asks the store, whose notes show whether
   * the clock was set back before this process started.
   */
  look(): Promise<boolean>;
}

export function createClockWatch(storage: Pick<Storage, "endOldWaits">, clock: Pick<Clock, "now" | "monotonic">): ClockWatch {
  const difference = (): number => clock.now() - clock.monotonic();
  /** Largest difference of the two clocks since the store was asked. */
  let before = difference();
  let hasAsked = false;

  return {
    look: async () => {
      const present = difference();
      before = Math.max(before, present);
      if (hasAsked && before - present <= NOTICED_MS) return false;
      const hasEnded = await storage.endOldWaits(clock.now(), before - present);
      hasAsked = true;
      before = present;
      return hasEnded;
    },
  };
}

/**
 * The storage with waits that heed a step of the clock at once: a request that takes a slot between the step and the next
 * look would sleep for as long as the clock was set back.
 */
export function heedingSteps(storage: Storage, clock: Pick<Clock, "now" | "monotonic">): Storage {
  const { look } = createClockWatch(storage, clock);
  return {
    ...storage,
    claim: async (...question) => {
      await look();
      return storage.claim(...question);
    },
    reserveSlot: async (sequence, intervalMs, burst) => {
      let waitMs: number;
      // A process that stands still between its look and its reservation would reserve by the old clock.
      do {
        await look();
        waitMs = await storage.reserveSlot(sequence, intervalMs, burst, clock.now());
      } while (await look());
      return waitMs;
    },
  };
}
