/**
 * Decides the outcome of one attempt to send a batch. Pure. The first row that fits decides:
 *
 * | turn                   | answer                              | stopping | the batch                          |
 * | ---------------------- | ----------------------------------- | -------- | ---------------------------------- |
 * | `lost`                 | any                                 |          | belongs to another process         |
 * | any                    | submission                          |          | is accepted                        |
 * | `suspended`            | error                               |          | goes back to the queue             |
 * | `not_ready`            | error                               |          | goes back to the queue for 5 s     |
 * | `over_quota`           | error                               |          | fails: quota used up               |
 * | `claimed` or `sending` | error of a direct provider          | yes      | goes back to the queue             |
 * | `claimed`              | error                               | yes      | goes back to the queue             |
 * | `sending`              | `cancelled` before a byte left      | yes      | goes back to the queue             |
 * | `claimed` or `sending` | unforeseen or lost, direct provider |          | fails: retried                     |
 * | `claimed` or `sending` | `PrefetchError`                     |          | fails: retried, divided, ended …   |
 * | `claimed`              | any other error                     |          | fails: internal                    |
 * | `sending`              | any other error                     |          | has lost its answer                |
 */

import { asPrefetchError, PrefetchError } from "../../base/errors.ts";
import type { BatchChange } from "../model/batch-change.ts";
import { type BreakerSignal, breakerSignalOf } from "../model/circuit-breaker.ts";
import type { Submission } from "../model/provider.ts";
import type { Claim } from "../model/storage.ts";
import type { Batch } from "../model/task.ts";
import { accepted, answerLost, failed, requeued } from "./outcome.ts";
import type { RetryPolicy } from "./retry.ts";
import type { TurnState } from "./turn.ts";

export type Answer = { readonly ok: true; readonly submission: Submission } | { readonly ok: false; readonly error: unknown };

export interface Attempt {
  readonly state: TurnState;
  readonly answer: Answer;
  /** The server stops: nothing new may be sent. */
  readonly stopping: boolean;
  /** The provider fetches the URLs itself, so unreported URLs may be fetched again. */
  readonly direct: boolean;
  /** The provider can tell outcomes later. */
  readonly trackable: boolean;
}

/**
 * What the error means for more than this batch: `pause` a throttled account, `forget` a quota that the vendor contradicts, `forget-host`
 * a list of hosts that it contradicts.
 */
export type Heed = "pause" | "forget" | "forget-host" | "report" | "report-preparation";

export interface Verdict {
  /** `undefined` when another process decides. */
  readonly change: BatchChange | undefined;
  readonly signal: BreakerSignal;
  readonly heed?: Heed | undefined;
}

/** Pause before a batch whose sending could not be prepared is tried again. Shorter would spin on a broken store. */
export const NOT_READY_MS = 5_000;

export function interpret(work: Claim, attempt: Attempt, now: number, policy: RetryPolicy): Verdict {
  const { state, answer, trackable } = attempt;
  if (state === "lost") return { change: undefined, signal: "unasked" };
  if (answer.ok) return { change: accepted(work, answer.submission, trackable, now), signal: "answered" };
  const failure = (error: PrefetchError): Verdict => ({ change: failed(work, error, now, policy), signal: breakerSignalOf(error) });
  switch (state) {
    case "suspended":
      return { change: requeued(), signal: "unasked" };
    case "not_ready":
      return { change: requeued(now + NOT_READY_MS), signal: "unasked", heed: "report-preparation" };
    case "over_quota":
      return failure(quotaUsedUp(work.batch));
  }
  const { error } = answer;
  if (endsByStopping(attempt, error)) return { change: requeued(), signal: "unasked" };
  const heed = heedOf(error);
  const known = attempt.direct ? asInterruption(error) : error;
  if (known instanceof PrefetchError || state === "claimed") return { ...failure(asPrefetchError(known)), heed };
  return { change: answerLost(work, asPrefetchError(error).message, now, policy), signal: "unasked", heed };
}

/** Nothing is in flight when the server stops, or a direct provider's fetches may simply be repeated. */
function endsByStopping({ state, stopping, direct }: Attempt, error: unknown): boolean {
  return stopping && (direct || state === "claimed" || isUnsent(error));
}

function isUnsent(error: unknown): boolean {
  return error instanceof PrefetchError && error.code === "cancelled" && error.delivery === "not_sent";
}

function heedOf(error: unknown): Heed | undefined {
  if (!(error instanceof PrefetchError)) return "report";
  if (error.code === "rate_limited") return "pause";
  if (error.code === "forbidden_domain") return "forget-host";
  return error.code === "quota_exhausted" ? "forget" : undefined;
}

/** Whatever ended a direct provider's run, its unreported URLs may be fetched again. */
function asInterruption(error: unknown): PrefetchError {
  if (error instanceof PrefetchError && error.delivery !== "unknown") return error;
  return interrupted(asPrefetchError(error).message, error);
}

export function interrupted(why: string, cause?: unknown): PrefetchError {
  return new PrefetchError("cancelled", why, { retryable: true, cause });
}

export function quotaUsedUp({ nextAccount }: Pick<Batch, "nextAccount">): PrefetchError {
  const which = nextAccount === undefined ? "prefetch quota" : "quota for refreshing, or for the prefetch after it,";
  return new PrefetchError("quota_exhausted", `The ${which} of the vendor's day is used up`, {
    hint: "Not sent. Call again after the reset.",
  });
}
