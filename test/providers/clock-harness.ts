import type { Clock } from "../../src/base/clock.ts";

/** A clock that stands still until a test moves it. `sleep` advances it and returns at once. */
export interface HandClock extends Clock {
  advance(ms: number): void;
  /** Sets the time of day, forwards or backwards. No time passes. */
  step(ms: number): void;
}

export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;

export function handClock(start = Date.parse("2026-11-21T12:00:00Z")): HandClock {
  let now = start;
  let stepped = 0;
  return {
    now: () => now + stepped,
    monotonic: () => now,
    boot: "test",
    sleep: async (ms) => {
      now += ms;
    },
    advance: (ms) => {
      now += ms;
    },
    step: (ms) => {
      stepped += ms;
    },
  };
}
