/** Time that runs faster than real time and can be moved forward, the same in every process that shares its settings. */

import { statSync, truncateSync, writeFileSync } from "node:fs";
import { systemClock } from "../../../src/app/system-clock.ts";
import type { Clock } from "../../../src/base/clock.ts";

export interface FastTime {
  /** The moment, in milliseconds since the epoch, at which fast and real time agree. */
  readonly since: number;
  readonly speed: number;
  /**
   * A file as long as all processes have moved forward, a byte for each millisecond. Without a file, time only runs. A length is
   * read in one system call, and never half written.
   */
  readonly skipFile?: string;
}

/** Longer, and a process notices a skip late. Shorter, and sleeping processes use up the processor. */
const LOOK_MS = 100;

export function fastClock({ since, speed, skipFile }: FastTime): Clock {
  const skipped = () => (skipFile === undefined ? 0 : skippedIn(skipFile));
  const now = () => Math.floor(since + (Date.now() - since) * speed + skipped());
  return {
    now,
    monotonic: () => systemClock.monotonic() * speed + skipped(),
    boot: systemClock.boot,
    sleep: async (ms, signal) => {
      const end = now() + ms;
      let left = ms;
      do {
        const realMs = left / speed;
        await systemClock.sleep(skipFile === undefined ? realMs : Math.min(realMs, LOOK_MS), signal);
        left = end - now();
      } while (left > 0);
    },
  };
}

function skippedIn(file: string): number {
  return statSync(file).size;
}

/** Creates the file, with nothing skipped yet. */
export function createSkipFile(file: string): void {
  writeFileSync(file, "");
}

/** Moves the time of all processes forward. */
export function skip(file: string, ms: number): void {
  truncateSync(file, skippedIn(file) + ms);
}

/** The environment variables that give a fast server its time. */
export function fastEnv({ since, speed, skipFile }: FastTime): Record<string, string> {
  return { FAST_SINCE: String(since), FAST_SPEED: String(speed), ...(skipFile !== undefined && { FAST_SKIP_FILE: skipFile }) };
}
