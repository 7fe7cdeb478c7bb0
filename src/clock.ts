import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "./prefetch/clock.ts";

export const systemClock: Clock = {
  now: Date.now,
  sleep: async (ms, signal) => {
    await sleep(ms, undefined, { ref: false, ...(signal && { signal }) });
  },
};
