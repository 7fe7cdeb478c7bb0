/** Time that runs so many times faster than it does, the same in every process that is told the same two numbers. */

import { systemClock } from "../../../src/app/system-clock.ts";
import type { Clock } from "../../../src/base/clock.ts";

export interface FastTime {
  /** The moment, in milliseconds since the epoch, at which fast and real time agree. */
  readonly since: number;
  readonly speed: number;
}

export function fastClock({ since, speed }: FastTime): Clock {
  return {
    now: () => Math.floor(since + (Date.now() - since) * speed),
    monotonic: () => systemClock.monotonic() * speed,
    boot: systemClock.boot,
    sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
  };
}
