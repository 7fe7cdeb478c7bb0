/** What the answer to a submit, or its absence, means for a batch and its items. Pure. */

import { describe, explain, type PrefetchError } from "../../base/errors.ts";
import type { BatchChange, ItemChange, LaterDay } from "../model/batch-change.ts";
import { matchUrls } from "../model/match-urls.ts";
import type { Submission } from "../model/provider.ts";
import type { Claim, WorkItem } from "../model/storage.ts";
import type { Item } from "../model/task.ts";

export function accepted(work: WorkItem, submission: Submission, trackable: boolean, now: number): BatchChange {
  const followed = trackable && submission.vendorTaskIds.length > 0;
  const named = matchUrls(work.items);
  const refused = new Map(submission.refused.flatMap((refusal) => named(refusal.url).map((item) => [item.index, refusal])));
  let taken = 0;
  const items = work.items.map((item): ItemChange => {
    const refusal = refused.get(item.index);
    if (refusal) return { index: item.index, state: "rejected", code: refusal.code, reason: refusal.reason };
    taken += 1;
    return acceptedItem(item, followed);
  });
  const { batch } = work;
  return {
    batch: {
      state: followed && taken > 0 ? "sent" : "ended",
      leaseUntil: undefined,
      sentAt: now,
      vendorTaskIds: submission.vendorTaskIds,
      requestId: submission.requestId,
    },
    items,
    // One unit a URL; an asset is taken or refused whole.
    refund: batch.kind === "urls" ? work.items.length - taken : 0,
  };
}

export function acceptedItem({ index }: Item, followed: boolean): ItemChange {
  if (followed) return { index, state: "processing" };
  return { index, state: "untracked", code: "unsupported", reason: "Accepted, but the vendor gave no id to ask for the outcome." };
}

export interface RetryPolicy {
  /** A number in [0, 1), for spreading retries. */
  random(): number;
  /** Whether the vendor can be asked for a submit whose answer was lost. */
  readonly traceable: boolean;
  /** The vendor's day began so lately that by the vendor's clock it may not have. */
  readonly early: boolean;
  /** What a deferrable batch can be put off to, soonest first. */
  laterDays(): readonly LaterDay[];
}

/** What was never sent has spent nothing; what a vendor answers with a fault of its own may have. */
const mostAttempts = { not_sent: 12, refused: 3, throttled: 10 };
/** Together, the retries of a task are to remain few beside its requests. */
const TASK_RETRIES = { least: 50, perBatch: 2 };
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 300_000;
/** Finding ten bad URLs among a hundred takes some 45 divisions, each of two requests. */
const MOST_DIVISIONS = 64;

/** Sends again later what may be sent again; ends the rest with the reason. An unknown delivery is never just repeated. */
export function failed(work: Claim, error: PrefetchError, now: number, policy: RetryPolicy): BatchChange {
  const { batch, items } = work;
  if (error.delivery === "unknown") return policy.traceable ? unsure(work, explain(error), now) : lost(work, explain(error));
  if (error.divisible && items.length > 1 && work.divisions < MOST_DIVISIONS) return divided(work, error, now);

  const throttled = error.code === "rate_limited" || error.code === "queue_full";
  const allowed = throttled ? mostAttempts.throttled : mostAttempts[error.delivery];
  const attempts = batch.attempts + 1;
  const tired = work.task.retries >= Math.max(TASK_RETRIES.least, TASK_RETRIES.perBatch * work.task.batches);
  if (error.retryable && attempts < allowed && !tired) {
    const ceiling = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempts);
    const wait = error.retryAfterMs ?? ceiling * policy.random();
    return {
      batch: { state: "queued", attempts, notBefore: now + Math.ceil(wait), leaseUntil: undefined },
      items: stillQueued(items, error.code, `Will be sent again. ${explain(error)}`),
      refund: 0,
    };
  }
  const shared = error.divisible && items.length > 1;
  const reason = `${explain(error)}${shared ? ` The vendor refused ${items.length} URLs together without saying which of them is at fault.` : ""}`;
  const exhausted = error.code === "quota_exhausted";
  return {
    batch: { state: "ended", attempts, leaseUntil: undefined, requestId: error.requestId },
    items: items.map((item) => ({ index: item.index, state: "rejected", code: error.code, reason })),
    // What was settled before has spent its unit.
    refund: batch.kind === "urls" ? items.length : batch.cost,
    exhausted: exhausted && !policy.early,
    ...(exhausted && batch.deferrable && { later: putOff(work, error, policy) }),
  };
}

/** A task is forgotten when it is 30 days old; nothing of it may wait for longer. */
const LONGEST_DEFERRAL_MS = 28 * 86_400_000;

function putOff({ items, task }: Claim, error: PrefetchError, policy: RetryPolicy): NonNullable<BatchChange["later"]> {
  return {
    days: policy.laterDays().filter(({ notBefore }) => notBefore < task.createdAt + LONGEST_DEFERRAL_MS),
    items: stillQueued(items, error.code, `Waits for the quota of a later day. ${describe(error)}`),
  };
}

/** Halves a batch of which the vendor refuses something without saying what, so that in the end it names it. */
function divided({ batch, items }: Claim, error: PrefetchError, now: number): BatchChange {
  const half = items.slice(Math.ceil(items.length / 2));
  const reason = `Being sent again in smaller requests, to find the URL that the vendor refuses. ${explain(error)}`;
  return {
    batch: { state: "queued", attempts: 0, notBefore: now, leaseUntil: undefined },
    items: stillQueued(items, error.code, reason),
    refund: 0,
    divide: { items: half.map((item) => item.index), cost: Math.floor((batch.cost * half.length) / items.length) },
  };
}

const FIRST_TRACE_MS = 2_000;
const LONGEST_TRACE_PAUSE_MS = 60_000;

/**
 * A batch whose answer was lost at a vendor that can be asked for it: it stays on the wire, so that nobody sends it
 * again, and whoever finds its lease run out asks.
 */
export function unsure(work: WorkItem, why: string, now: number): BatchChange {
  const elapsed = Math.max(0, now - (work.batch.sentAt ?? now));
  const pause = Math.min(LONGEST_TRACE_PAUSE_MS, FIRST_TRACE_MS + elapsed);
  const reason = `${why} The vendor's own records are being asked before anything is sent again.`;
  return {
    batch: { state: "sending", leaseUntil: now + pause },
    items: stillQueued(work.items, "timeout", reason),
    refund: 0,
  };
}

function stillQueued(items: readonly Item[], code: string, reason: string): ItemChange[] {
  return items.map((item) => ({ index: item.index, state: "queued", code, reason }));
}

/** A batch that was on the wire when its answer, or its process, was lost. Its quota counts as spent. */
export function lost(work: WorkItem, why: string): BatchChange {
  return {
    batch: { state: "ended", leaseUntil: undefined },
    items: work.items.map((item) => ({ index: item.index, state: "unknown", code: "timeout", reason: why })),
    refund: 0,
  };
}

/** A batch of which every item is settled, whatever became of the batch. */
export function done(): BatchChange {
  return { batch: { state: "ended", leaseUntil: undefined }, items: [], refund: 0 };
}

/** A claimed batch of which nothing was sent goes back to the queue. */
export function returned(notBefore?: number): BatchChange {
  return { batch: { state: "queued", leaseUntil: undefined, ...(notBefore !== undefined && { notBefore }) }, items: [], refund: 0 };
}
