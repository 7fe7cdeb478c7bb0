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
  /** Largest difference of the two clocks since the store was asked; `undefined` before the first time. */
  let before: number | undefined;

  return {
    look: async () => {
      const present = difference();
      const setBackMs = before === undefined ? 0 : before - present;
      if (before !== undefined && setBackMs <= NOTICED_MS) {
        before = Math.max(before, present);
        return false;
      }
      const hasEnded = await storage.endOldWaits(clock.now(), setBackMs);
      before = present;
      return hasEnded;
    },
  };
}
