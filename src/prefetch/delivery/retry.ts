/** Whether a refused batch is sent again, and when. Pure. */

import type { PrefetchError } from "../../base/errors.ts";
import type { LaterDay } from "../model/batch-change.ts";
import type { Claim } from "../model/storage.ts";

export interface RetryPolicy {
  /** A number in [0, 1) that spreads retries. */
  random(): number;
  /** Whether the provider can look up a submit whose answer was lost. */
  readonly reconcilable: boolean;
  /** `ProviderLimits.listedWithinMs`. */
  readonly listedWithinMs?: number | undefined;
  /** The vendor's day has just begun by this clock, so the vendor's own clock may still be in the day before. */
  readonly early: boolean;
  /** Days that a deferrable batch can wait for, soonest first. */
  laterDays(): readonly LaterDay[];
}

/**
 * Attempts per batch, by the failure of the last one. `not_sent` spent nothing, so a short outage may take many;
 * `refused` with a fault of the vendor's may have been carried out all the same, so more would risk buying it twice;
 * `throttled` needs enough to outlast a busy minute.
 */
const mostAttempts = { not_sent: 12, refused: 3, throttled: 10 };
/** Retries of one task: fewer would give up a small task too soon, more would load a vendor that keeps failing. */
const TASK_RETRIES = { least: 50, perBatch: 2 };
const FIRST_BACKOFF_MS = 1_000;
/** Longer would leave a task idle after the vendor recovers; shorter would ask a vendor in trouble too often. */
const LONGEST_BACKOFF_MS = 300_000;
/** Finding ten bad URLs among a hundred takes about 45 divisions of two requests each. */
const MOST_DIVISIONS = 64;

/** Milliseconds until the next attempt (exponential back-off with full jitter), or `undefined` when there is none. */
export function retryDelayMs({ batch, task }: Claim, error: PrefetchError, { random }: RetryPolicy): number | undefined {
  if (!error.retryable || error.delivery === "unknown") return undefined;
  const throttled = error.code === "rate_limited" || error.code === "queue_full";
  const attempts = batch.attempts + 1;
  if (attempts >= (throttled ? mostAttempts.throttled : mostAttempts[error.delivery])) return undefined;
  if (task.retries >= Math.max(TASK_RETRIES.least, TASK_RETRIES.perBatch * task.batches)) return undefined;
  const ceiling = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempts);
  return Math.ceil(error.retryAfterMs ?? ceiling * random());
}

/** Whether halving the batch may find the URL that the vendor refuses without naming it. */
export function isWorthDividing({ items, divisions }: Claim, error: PrefetchError): boolean {
  return error.divisible && items.length > 1 && divisions < MOST_DIVISIONS;
}
