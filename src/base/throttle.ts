/** Evens out how much of something is used in a second. */

import type { Clock } from "./clock.ts";

/** Takes an amount; a promise when that has to wait. */
export type Throttle = (amount: number, signal: AbortSignal) => Promise<void> | undefined;

/** Waits shorter than this cost more than they even out. */
const SHORTEST_WAIT_MS = 5;

/** `undefined` for no bound. What is not used does not add up: after a pause, a tenth of a second's worth may go at once. */
export function createThrottle(perSecond: number | undefined, clock: Clock): Throttle {
  if (perSecond === undefined) return () => undefined;
  const burstMs = 100;
  let paidUntil = 0;
  let before = 0;
  return (amount, signal) => {
    const now = clock.now();
    // Where the clock was set back, nobody waits for it to come there again.
    paidUntil -= Math.max(0, before - now);
    before = now;
    paidUntil = Math.max(paidUntil, now - burstMs) + (amount / perSecond) * 1_000;
    const wait = paidUntil - now;
    return wait < SHORTEST_WAIT_MS ? undefined : clock.sleep(wait, signal);
  };
}
