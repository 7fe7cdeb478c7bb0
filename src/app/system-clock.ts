/** The clock of a real server; tests inject their own. */

import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";

export const systemClock: Clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, { ref: false, ...(signal && { signal }) });
    } catch (error) {
      // Node wraps the abort reason in an error of its own, but `Clock` promises the reason itself.
      throw signal?.aborted ? signal.reason : error;
    }
  },
};
