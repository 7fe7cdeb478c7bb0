/**
 * The circuit breaker of a provider account: while the vendor cannot be reached, batches wait instead of using up their
 * attempts. Every process on the store shares it. Pure.
 *
 * | state     | holds when                            | lets through                    |
 * | --------- | ------------------------------------- | ------------------------------- |
 * | closed    | fewer than 3 failures in a row        | every batch                     |
 * | open      | `openUntil` lies ahead                | none                            |
 * | half open | `openUntil` has passed                | one batch, the probe            |
 */

import type { PrefetchError } from "../../base/errors.ts";

export interface CircuitBreaker {
  /** Failures in a row. */
  readonly failures: number;
  /** Milliseconds since the epoch; nothing is sent before. */
  readonly openUntil: number;
  /** The probe is in flight, and `openUntil` bounds the wait for its answer. */
  readonly probing: boolean;
}

/** `answered`: the vendor answered, even with a refusal; `failed`: no proper answer; `unasked`: no request was made. */
export type BreakerSignal = "answered" | "failed" | "unasked";

/** A refusal is an answer, unless it reports a fault of the vendor's own. */
export function breakerSignalOf({ code, delivery }: PrefetchError): BreakerSignal {
  if (code === "vendor_unavailable" || code === "timeout") return "failed";
  return delivery === "refused" ? "answered" : "unasked";
}

export const closedBreaker: CircuitBreaker = { failures: 0, openUntil: 0, probing: false };

/** Fewer would open the breaker on ordinary days; more would waste attempts in an outage. */
const OPENS_AFTER = 3;
const FIRST_OPEN_MS = 5_000;
const LONGEST_OPEN_MS = 300_000;
/** Longer than a request can take. A process that dies with the probe delays the account by this long at most. */
const PROBE_MS = 90_000;

/** The breaker after it let a batch through at `now`; `undefined` when no batch may pass. */
export function letThrough(breaker: CircuitBreaker, now: number): CircuitBreaker | undefined {
  if (reopensAt(breaker, now) > now) return undefined;
  return breaker.failures < OPENS_AFTER ? breaker : { ...breaker, openUntil: now + PROBE_MS, probing: true };
}

/** When the next batch may pass: `now`, or later. */
export function reopensAt({ openUntil }: CircuitBreaker, now: number): number {
  // Only a wrong clock writes a time further ahead, so it is not waited for.
  return openUntil > now + LONGEST_OPEN_MS ? now : Math.max(now, openUntil);
}

export function afterSignal(breaker: CircuitBreaker, signal: BreakerSignal, now: number): CircuitBreaker {
  if (signal === "answered") return breaker.failures === 0 ? breaker : closedBreaker;
  if (signal === "unasked") return breaker.probing ? { ...breaker, openUntil: now, probing: false } : breaker;
  // Batches in flight together fail together; only the first failure counts.
  if (!breaker.probing && reopensAt(breaker, now) > now) return breaker;
  const failures = breaker.failures + 1;
  if (failures < OPENS_AFTER) return { ...closedBreaker, failures };
  const openMs = Math.min(LONGEST_OPEN_MS, FIRST_OPEN_MS * 2 ** (failures - OPENS_AFTER));
  return { failures, openUntil: now + openMs, probing: false };
}
