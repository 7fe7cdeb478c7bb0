/** The clock of a real server; tests inject their own. */

import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../base/clock.ts";

export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => Number(process.hrtime.bigint() / 1_000_000n),
  boot: bootName(),
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, { ref: false, ...(signal && { signal }) });
    } catch (error) {
      // Node wraps the abort reason in an error of its own, but `Clock` promises the reason itself.
      throw signal?.aborted ? signal.reason : error;
    }
  },
};

/**
 * On Linux, `process.hrtime` counts from the boot, for every process in the same time namespace. Other platforms do not name
 * the boot, so a random name keeps the readings of two processes apart.
 */
function bootName(): string {
  try {
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()} ${readlinkSync("/proc/self/ns/time")}`;
  } catch {
    return randomUUID();
  }
}
