/** Limits an amount per second, such as bytes or requests, by delaying its users. */

import type { Clock } from "./clock.ts";

/** Uses an amount. Returns a promise when the caller must wait before it goes on, and `undefined` when it need not. */
export type Throttle = (amount: number, signal: AbortSignal) => Promise<void> | undefined;

/** A larger value makes the flow uneven; a smaller one sets more timers than the smoothing is worth. */
const SHORTEST_WAIT_MS = 5;
/** Unused amounts expire after this time. A larger value allows larger bursts after a pause; a smaller one wastes capacity. */
const BURST_MS = 100;

/** `perSecond: undefined` never delays. */
export function createThrottle(perSecond: number | undefined, clock: Clock): Throttle {
  if (perSecond === undefined) return () => undefined;
  /** The time at which everything used so far is paid for at the allowed rate. */
  let paidUntil = 0;
  let lastNow = 0;
  return (amount, signal) => {
    const now = clock.now();
    // If the clock was set back by an hour, waits must not become an hour longer.
    paidUntil -= Math.max(0, lastNow - now);
    lastNow = now;
    paidUntil = Math.max(paidUntil, now - BURST_MS) + (amount / perSecond) * 1_000;
    const waitMs = paidUntil - now;
    return waitMs < SHORTEST_WAIT_MS ? undefined : clock.sleep(waitMs, signal);
  };
}
