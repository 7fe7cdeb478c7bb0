/** A clock that stands still until a test moves it, and the day on which tests take place. */

import { setImmediate as settled } from "node:timers/promises";
import type { Clock } from "../../src/base/clock.ts";

/** Noon in Shanghai, the time zone of the fake provider. */
export const NOON = Date.parse("2026-11-21T12:00:00+08:00");
export const TODAY = "2026-11-21";

export interface FakeClock extends Clock {
  /** Lets `ms` pass and wakes each sleeper at its time. */
  advance(ms: number): Promise<void>;
  /** Jumps from sleeper to sleeper until `work` settles. Throws when no sleeper is left and `work` is still pending. */
  drive<Result>(work: Promise<Result>): Promise<Result>;
  /** Runs everything that needs no time. */
  settle(): Promise<void>;
  /** When each sleeper wakes, soonest first. */
  alarms(): number[];
  /** Lets `ms` pass in which no process runs: sleepers wake late. */
  stall(ms: number): void;
  /** Sets the time of day, forwards or backwards. No time passes. */
  step(ms: number): void;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export function fakeClock(start = NOON): FakeClock {
  let now = start;
  /** The sum of all changes to the time of day. */
  let stepped = 0;
  const sleepers = new Set<Sleeper>();

  const next = (): Sleeper | undefined => [...sleepers].sort((a, b) => a.at - b.at)[0];
  const wake = (sleeper: Sleeper): void => {
    now = Math.max(now, sleeper.at);
    sleepers.delete(sleeper);
    sleeper.wake();
  };
  // The store answers at once and promises need no time, so one turn of the event loop suffices.
  const settle = async (): Promise<void> => {
    await settled();
  };

  return {
    now: () => now + stepped,
    monotonic: () => now,
    boot: "the boot of the tests",
    stall: (ms) => {
      now += ms;
    },
    step: (ms) => {
      stepped += ms;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) {
          reject(signal.reason);
          return;
        }
        if (ms <= 0) {
          resolve();
          return;
        }
        const stop = (): void => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const sleeper: Sleeper = {
          // Real timers take whole milliseconds and are never early.
          at: now + Math.ceil(ms),
          wake: () => {
            signal?.removeEventListener("abort", stop);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", stop, { once: true });
      }),
    settle,
    alarms: () => [...sleepers].map((sleeper) => sleeper.at).sort((a, b) => a - b),
    advance: async (ms) => {
      const end = now + ms;
      await settle();
      for (let sleeper = next(); sleeper && sleeper.at <= end; sleeper = next()) {
        wake(sleeper);
        await settle();
      }
      now = end;
    },
    drive: async (work) => {
      let done = false;
      const finish = (): void => {
        done = true;
      };
      work.then(finish, finish);
      for (;;) {
        await settle();
        if (done) return work;
        const sleeper = next();
        if (!sleeper) throw new Error("The work is pending, and no sleeper is left to wake.");
        wake(sleeper);
      }
    },
  };
}
