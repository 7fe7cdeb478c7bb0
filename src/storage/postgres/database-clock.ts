/**
 * The clock of the database, as one process knows it: leases and days of a fleet go by one clock, whatever each machine's says. Every
 * transaction brings the database's time, so the clock costs no query of its own.
 */

import type { Clock } from "../../base/clock.ts";

/** The database's time, which it read between two moments of this machine's monotonic clock. */
export interface TimeSample {
  readonly at: number;
  readonly askedAt: number;
  readonly answeredAt: number;
}

export interface DatabaseClock extends Clock {
  learn(sample: TimeSample): void;
  /** How far this machine's own clock is ahead of the database's, in milliseconds; `undefined` before the first sample. */
  aheadMs(): number | undefined;
}

/** How fast two clocks drift apart, generously. Smaller: an old, precise sample outlives its truth. Larger: the clock jitters more. */
const DRIFT = 0.000_2;

interface Estimate {
  readonly offset: number;
  readonly errorMs: number;
  readonly since: number;
}

/** Until the first sample, it is the machine's clock. */
export function createDatabaseClock(machine: Clock): DatabaseClock {
  let known: Estimate | undefined;

  const errorOf = ({ errorMs, since }: Estimate, now: number): number => errorMs + (now - since) * DRIFT;

  return {
    monotonic: machine.monotonic,
    boot: machine.boot,
    sleep: machine.sleep,
    now: () => (known ? Math.round(machine.monotonic() + known.offset) : machine.now()),
    learn: ({ at, askedAt, answeredAt }) => {
      const sample = { offset: at - (askedAt + answeredAt) / 2, errorMs: (answeredAt - askedAt) / 2, since: answeredAt };
      const isBetter = !known || sample.errorMs <= errorOf(known, answeredAt);
      // The database's clock was set, or another server has taken over.
      const contradicts = known && Math.abs(sample.offset - known.offset) > sample.errorMs + errorOf(known, answeredAt);
      if (isBetter || contradicts) known = sample;
    },
    aheadMs: () => known && machine.now() - (machine.monotonic() + known.offset),
  };
}
