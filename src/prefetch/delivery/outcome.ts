/** The change that each outcome of a submit makes to a batch and its items. Pure. */

import { describe, explain, type PrefetchError } from "../../base/errors.ts";
import type {
  AcceptChange,
  AwaitReconciliationChange,
  BatchChange,
  DivideChange,
  EndChange,
  ItemChange,
  RequeueChange,
} from "../model/batch-change.ts";
import { matchUrls } from "../model/match-urls.ts";
import type { Submission } from "../model/provider.ts";
import type { Claim, WorkItem } from "../model/storage.ts";
import type { Item } from "../model/task.ts";
import { isWorthDividing, type RetryPolicy, retryDelayMs } from "./retry.ts";

/** The vendor accepted the batch, perhaps without some of its URLs. `trackable`: the provider can tell outcomes later. */
export function accepted({ batch, items }: WorkItem, submission: Submission, trackable: boolean, now: number): AcceptChange {
  const canFollow = trackable && submission.vendorTaskIds.length > 0;
  const itemsNamed = matchUrls(items);
  const refusals = new Map(submission.refused.flatMap((refusal) => itemsNamed(refusal.url).map((item) => [item.index, refusal])));
  const changes = items.map((item): ItemChange => {
    const refusal = refusals.get(item.index);
    if (refusal) return { index: item.index, state: "rejected", code: refusal.code, reason: refusal.reason };
    return acceptedItem(item, canFollow);
  });
  return {
    kind: "accept",
    followed: canFollow && refusals.size < items.length,
    sentAt: now,
    vendorTaskIds: submission.vendorTaskIds,
    requestId: submission.requestId,
    items: changes,
    // A URL costs one unit; the vendor takes or refuses an asset as a whole.
    refund: batch.kind === "urls" ? refusals.size : 0,
  };
}

export function acceptedItem({ index }: Item, followed: boolean): ItemChange {
  if (followed) return { index, state: "processing" };
  return { index, state: "untracked", code: "unsupported", reason: "Accepted, but the vendor gave no id to ask for the outcome." };
}

/**
 * The submit failed. An unknown delivery is never just repeated; it is looked up, or ends as `unknown`. The rest is
 * divided, sent again later, deferred to a later day, or ended with the reason, in that order of preference.
 */
export function failed(work: Claim, error: PrefetchError, now: number, policy: RetryPolicy): BatchChange {
  if (error.delivery === "unknown") return answerLost(work, explain(error), now, policy);
  if (isWorthDividing(work, error)) return divided(work, error, now);
  const delayMs = retryDelayMs(work, error, policy);
  if (delayMs !== undefined) {
    return {
      kind: "requeue",
      attempts: work.batch.attempts + 1,
      notBefore: now + delayMs,
      items: stillQueued(work.items, error.code, `Will be sent again. ${explain(error)}`),
      refund: 0,
    };
  }
  const end = refused(work, error, policy);
  // A refresh is not deferred: the policy's days know the room of its own quota, and not of the prefetch that follows.
  const isDeferrable = work.batch.deferrable && work.batch.nextAccount === undefined;
  return error.code === "quota_exhausted" && isDeferrable ? deferred(work, error, policy, end) : end;
}

/** The request may have been carried out, and its answer did not come. */
export function answerLost(work: WorkItem, why: string, now: number, policy: Pick<RetryPolicy, "reconcilable">): BatchChange {
  return policy.reconcilable ? awaitReconciliation(work, why, now) : lost(work, why);
}

function refused({ batch, items }: Claim, error: PrefetchError, policy: RetryPolicy): EndChange {
  const shared = error.divisible && items.length > 1;
  const reason = `${explain(error)}${shared ? ` The vendor refused ${items.length} URLs together without naming the one at fault.` : ""}`;
  return {
    kind: "end",
    attempts: batch.attempts + 1,
    requestId: error.requestId,
    exhausted: error.code === "quota_exhausted" && !policy.early,
    items: items.map((item) => ({ index: item.index, state: "rejected", code: error.code, reason })),
    // Items that were settled before have spent their units.
    refund: batch.kind === "urls" ? items.length : batch.cost,
  };
}

/** Storage deletes a task after 30 days; nothing of it may wait for longer. */
const LONGEST_DEFERRAL_MS = 28 * 86_400_000;

function deferred({ items, task }: Claim, error: PrefetchError, policy: RetryPolicy, otherwise: EndChange): BatchChange {
  return {
    kind: "defer",
    days: policy.laterDays().filter(({ notBefore }) => notBefore < task.createdAt + LONGEST_DEFERRAL_MS),
    exhausted: otherwise.exhausted ?? false,
    items: stillQueued(items, error.code, `Waits for the quota of a later day. ${describe(error)}`),
    refund: 0,
    otherwise,
  };
}

function divided({ batch, items }: Claim, error: PrefetchError, now: number): DivideChange {
  const half = items.slice(Math.ceil(items.length / 2));
  const reason = `Being sent again in smaller requests, to find the URL that the vendor refuses. ${explain(error)}`;
  return {
    kind: "divide",
    notBefore: now,
    part: { items: half.map((item) => item.index), cost: Math.floor((batch.cost * half.length) / items.length) },
    items: stillQueued(items, error.code, reason),
    refund: 0,
  };
}

/** The vendor's records lag behind its answers by seconds; asking sooner than this would often be too soon. */
const FIRST_LOOKUP_MS = 2_000;
/** Longer would keep a caller waiting after the records are complete; shorter would ask a slow vendor too often. */
const LONGEST_LOOKUP_PAUSE_MS = 60_000;

/**
 * The batch stays in flight, so that no process sends it again; the process that finds its lease expired looks it up.
 * A look-up just after `listedWithinMs` decides, so no pause lasts beyond that.
 */
export function awaitReconciliation({ batch, items }: WorkItem, why: string, now: number, listedWithinMs = 0): AwaitReconciliationChange {
  const elapsedMs = Math.max(0, now - (batch.sentAt ?? now));
  const pauseMs = Math.min(LONGEST_LOOKUP_PAUSE_MS, FIRST_LOOKUP_MS + elapsedMs);
  const untilListedMs = listedWithinMs - elapsedMs;
  return {
    kind: "await-reconciliation",
    leaseUntil: now + (untilListedMs > 0 ? Math.min(pauseMs, untilListedMs + 1) : pauseMs),
    items: stillQueued(items, "timeout", `${why} The vendor's own records are being asked before anything is sent again.`),
    refund: 0,
  };
}

function stillQueued(items: readonly Item[], code: string, reason: string): ItemChange[] {
  return items.map((item) => ({ index: item.index, state: "queued", code, reason }));
}

/** The batch was in flight when its answer, or its process, was lost. Its quota counts as spent. */
export function lost({ items }: WorkItem, why: string): EndChange {
  return {
    kind: "end",
    items: items.map((item) => ({ index: item.index, state: "unknown", code: "timeout", reason: why })),
    refund: 0,
  };
}

/** Every item of the batch has a final state. */
export function done(): EndChange {
  return { kind: "end", items: [], refund: 0 };
}

/** Nothing was sent: the claimed batch goes back to the queue. */
export function requeued(notBefore?: number): RequeueChange {
  return { kind: "requeue", items: [], refund: 0, ...(notBefore !== undefined && { notBefore }) };
}
