/** Tasks, batches and items: their states and how a task's state follows from its items. */

import type { BatchContent } from "./provider.ts";

export const itemStates = ["queued", "processing", "succeeded", "failed", "rejected", "untracked", "cancelled", "unknown"] as const;

/**
 * `queued` planned, not sent; `processing` the vendor took it; `failed` the vendor tried and failed;
 * `rejected` never accepted; `untracked` accepted, but there is no way to ask for the outcome;
 * `cancelled` never sent; `unknown` sent, the answer was lost and cannot be looked up.
 */
export type ItemState = (typeof itemStates)[number];

export const taskStates = ["queued", "running", "succeeded", "partial", "failed", "cancelled"] as const;
export type TaskState = (typeof taskStates)[number];

export type Counts = Readonly<Record<ItemState, number>>;

/** One URL, or one asset, inside a task. */
export interface Item {
  /** Position in the task, from 0. */
  readonly index: number;
  /** Position of its batch in the task; `undefined` for an item that was turned down before sending. */
  readonly batch: number | undefined;
  readonly kind: "url" | "asset";
  /** The normalised URL or the asset id; for an unreadable URL what the caller wrote. */
  readonly target: string;
  readonly state: ItemState;
  readonly code: string | undefined;
  readonly reason: string | undefined;
  /** For an asset: the vendor's answer for each URL that it stands for. */
  readonly parts: readonly Part[] | undefined;
}

export interface Part {
  readonly url: string;
  readonly state: "processing" | "succeeded" | "failed";
  readonly reason: string | undefined;
}

/**
 * `queued` waits (until `notBefore`); `claimed` is held by a process that has sent nothing yet; `sending` may be
 * on the wire, or was and its answer is lost; `sent` was accepted and is followed; `ended` needs nothing more.
 */
export type BatchState = "queued" | "claimed" | "sending" | "sent" | "ended";

/** The part of a task that goes out in one vendor request. */
export interface Batch {
  readonly taskId: string;
  /** Position in the task, from 0. */
  readonly number: number;
  /** Number of the planned batch that it is a part of; its own, unless that one was divided. */
  readonly origin: number;
  readonly provider: string;
  readonly account: string;
  readonly kind: BatchContent["kind"];
  readonly state: BatchState;
  /** Vendor day whose quota it spends. */
  readonly day: string;
  /** Units of quota reserved for it. */
  readonly cost: number;
  /** Whether it may wait for the quota of a later day when that of its own is spent. */
  readonly deferrable: boolean;
  readonly attempts: number;
  readonly notBefore: number;
  readonly leaseUntil: number | undefined;
  readonly sentAt: number | undefined;
  readonly vendorTaskIds: readonly string[];
  readonly requestId: string | undefined;
}

export interface Task {
  readonly id: string;
  /** Whose it is; empty where callers are not told apart. */
  readonly tenant: string;
  /** W3C trace context of the call that made it. */
  readonly traceparent: string | undefined;
  readonly createdAt: number;
  readonly providers: readonly string[];
  readonly duplicatesRemoved: number;
  readonly skippedRecent: number;
}

export function noCounts(): Record<ItemState, number> {
  return {
    queued: 0,
    processing: 0,
    succeeded: 0,
    failed: 0,
    rejected: 0,
    untracked: 0,
    cancelled: 0,
    unknown: 0,
  };
}

export function countItems(items: Iterable<{ readonly state: ItemState }>): Counts {
  const counts = noCounts();
  for (const item of items) counts[item.state] += 1;
  return counts;
}

export function totalOf(counts: Counts): number {
  return itemStates.reduce((sum, state) => sum + counts[state], 0);
}

/** Items whose state will not change any more. */
export function settledOf(counts: Counts): number {
  return totalOf(counts) - counts.queued - counts.processing;
}

/**
 * The state of a task. `succeeded` promises that every item succeeded; `failed` that none was even accepted and
 * carried through; what ended in between, unconfirmed items included, is `partial`.
 */
export function taskState(counts: Counts): TaskState {
  const total = totalOf(counts);
  if (counts.processing > 0) return "running";
  if (counts.queued > 0) {
    const neverSent = counts.queued + counts.rejected + counts.cancelled;
    return neverSent === total ? "queued" : "running";
  }
  if (counts.succeeded === total && total > 0) return "succeeded";
  if (counts.cancelled === total && total > 0) return "cancelled";
  if (counts.succeeded + counts.untracked + counts.unknown + counts.cancelled === 0) return "failed";
  return "partial";
}

export function isEnded(state: TaskState): boolean {
  return state !== "queued" && state !== "running";
}

export function contentOf(batch: Pick<Batch, "kind">, items: readonly Item[]): BatchContent {
  if (batch.kind === "asset") return { kind: "asset", assetId: items[0]?.target ?? "" };
  return { kind: "urls", urls: items.map((item) => item.target) };
}
