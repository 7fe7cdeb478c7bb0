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
 * | `claimed`              | error                               | yes      | goes back to the queue             |
 * | `sending`              | `cancelled` before a byte left      | yes      | goes back to the queue             |
 * | `claimed` or `sending` | `PrefetchError`                     |          | fails: retried, divided, ended …   |
 * | `claimed`              | any other error                     |          | fails: internal                    |
 * | `sending`              | any other error                     |          | has lost its answer                |
 */

import { asPrefetchError, PrefetchError } from "../../base/errors.ts";
import type { BatchChange } from "../model/batch-change.ts";
import { type BreakerSignal, breakerSignalOf } from "../model/circuit-breaker.ts";
import type { Submission } from "../model/provider.ts";
import type { Claim } from "../model/storage.ts";
import { accepted, answerLost, failed, requeued } from "./outcome.ts";
import type { RetryPolicy } from "./retry.ts";
import type { TurnState } from "./turn.ts";

export type Answer = { readonly ok: true; readonly submission: Submission } | { readonly ok: false; readonly error: unknown };

export interface Attempt {
  readonly state: TurnState;
  readonly answer: Answer;
  /** The server stops: nothing new may be sent. */
  readonly stopping: boolean;
  /** The provider can tell outcomes later. */
  readonly trackable: boolean;
}

export interface Verdict {
  /** `undefined` when another process decides. */
  readonly change: BatchChange | undefined;
  readonly signal: BreakerSignal;
}

/** Pause before a batch whose sending could not be prepared is tried again. Shorter would spin on a broken store. */
export const NOT_READY_MS = 5_000;

export function interpret(work: Claim, { state, answer, stopping, trackable }: Attempt, now: number, policy: RetryPolicy): Verdict {
  if (state === "lost") return { change: undefined, signal: "unasked" };
  if (answer.ok) return { change: accepted(work, answer.submission, trackable, now), signal: "answered" };
  const { error } = answer;
  const refusal = (known: PrefetchError): Verdict => ({ change: failed(work, known, now, policy), signal: breakerSignalOf(known) });
  switch (state) {
    case "suspended":
      return { change: requeued(), signal: "unasked" };
    case "not_ready":
      return { change: requeued(now + NOT_READY_MS), signal: "unasked" };
    case "over_quota":
      return refusal(quotaUsedUp());
  }
  if (stopping && isUnsent(state, error)) return { change: requeued(), signal: "unasked" };
  if (error instanceof PrefetchError || state === "claimed") return refusal(asPrefetchError(error));
  return { change: answerLost(work, asPrefetchError(error).message, now, policy), signal: "unasked" };
}

/** The attempt ended before anything was in flight. */
export function isUnsent(state: TurnState, error: unknown): boolean {
  return state === "claimed" || (error instanceof PrefetchError && error.code === "cancelled" && error.delivery === "not_sent");
}

export function quotaUsedUp(): PrefetchError {
  return new PrefetchError("quota_exhausted", "The prefetch quota of the vendor's day is used up", {
    hint: "Not sent. Call again after the reset.",
  });
}
