/** Back-off of a host that asks to wait or fails: how long the next attempt waits. */

import type { Clock } from "../../../base/clock.ts";
import type { Got } from "../net/get.ts";
import type { Host } from "./hosts.ts";

/**
 * Wait before the second attempt when the server names no time. A longer wait slows recovery from short faults; a shorter
 * one meets the same fault again.
 */
export const FIRST_RETRY_MS = 500;
/** Longest back-off. A longer one lets a single `Retry-After` stall a task; a shorter one ignores busy servers. */
const MAX_PAUSE_MS = 60_000;

const retryableStatuses: readonly number[] = [429, 502, 503, 504];

/** Milliseconds to wait before another attempt; `undefined` if another attempt is of no use. */
export function retryDelayMs({ status, headers }: Got, now: number): number | undefined {
  if (!retryableStatuses.includes(status)) return undefined;
  const value = headers.get("retry-after")?.[0];
  if (value === undefined) return FIRST_RETRY_MS;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_PAUSE_MS) : FIRST_RETRY_MS;
}

/** Doubles the delay with each failed attempt (the first is 1). Never shortens a back-off that another request began. */
export function pauseHost(host: Host, delayMs: number, attempt: number, now: number): void {
  host.pausedUntil = Math.max(host.pausedUntil, now + Math.min(delayMs * 2 ** (attempt - 1), MAX_PAUSE_MS));
}

export async function waitForHost(host: Host, clock: Clock, signal: AbortSignal): Promise<void> {
  // Another request may extend the back-off meanwhile, and the clock may be set back.
  for (let now = clock.now(); now < host.pausedUntil; now = clock.now()) {
    host.pausedUntil = Math.min(host.pausedUntil, now + MAX_PAUSE_MS);
    await clock.sleep(host.pausedUntil - now, signal);
  }
}
