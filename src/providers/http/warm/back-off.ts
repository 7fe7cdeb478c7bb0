/** Back-off of a host that asks to wait or fails: how long the next attempt waits. */

import type { Clock } from "../../../base/clock.ts";
import { challengerOf } from "../cache/challenge.ts";
import type { Got } from "../net/get.ts";
import type { Host } from "./hosts.ts";

/**
 * Wait before the second attempt when the server names no time. A longer wait slows recovery from short faults; a shorter
 * one meets the same fault again.
 */
export const FIRST_RETRY_MS = 500;
/** Longest back-off. A longer one lets a single `Retry-After` stall a task; a shorter one ignores busy servers. */
const MAX_PAUSE_MS = 60_000;

/**
 * Statuses that a later attempt may not meet again. Of Cloudflare's own, 520 to 524 report an origin that fails, is down, or is
 * late; 525, 526 and 530 report a certificate or a name that someone must correct.
 * https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/
 */
const retryableStatuses: readonly number[] = [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524];

/** Milliseconds to wait before another attempt; `undefined` if another attempt is of no use. */
export function retryDelayMs(answer: Got, now: number): number | undefined {
  const { status, headers } = answer;
  // A bot protection that refuses a program refuses it again.
  if (!retryableStatuses.includes(status) || challengerOf(answer) !== undefined) return undefined;
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
