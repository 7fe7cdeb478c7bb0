/** Tasks, batches and items: their states, and how a task's state follows from its items. */

import type { BatchContent } from "./provider.ts";

export const itemStates = ["queued", "processing", "succeeded", "failed", "rejected", "untracked", "cancelled", "unknown"] as const;

/**
 * `queued`: no answer from the vendor yet; its batch may be in flight (`TaskSnapshot.sending` counts those). `processing`: the vendor accepted it. `succeeded`, `failed`: the vendor tried. `rejected`:
 * never accepted. `untracked`: accepted, but the vendor offers no way to ask for the outcome. `cancelled`: never sent.
 * `unknown`: sent, and the answer was lost and cannot be looked up.
 */
export type ItemState = (typeof itemStates)[number];

/** States of items that a caller has to look at. The store has an index of them. */
export const problemStates: readonly ItemState[] = ["failed", "rejected", "unknown"];

export const taskStates = ["queued", "running", "succeeded", "partial", "failed", "cancelled"] as const;
export type TaskState = (typeof taskStates)[number];

/**
 * The states that answers show. `planned`: a dry run. `scheduled`: done for today, the rest waits for later days. Both depend on more
 * than the items' states, so the store and its lists know neither.
 */
export const shownStates = ["planned", "queued", "running", "scheduled", "succeeded", "partial", "failed", "cancelled"] as const;
export type ShownState = (typeof shownStates)[number];

/**
 * How long the store keeps a task. A shorter time deletes tasks that callers still ask about, and batches deferred by 14 days; a longer
 * time lets the file grow.
 */
export const KEPT_MS = 30 * 86_400_000;

/** Items that become due later than this are deferred: they are for another call, since a call waits 50 s at most. */
export const LONG_WAIT_MS = 300_000;

/** Unsent items that wait for a moment far ahead, such as the vendor's next day, and when the first and the last of them are due. */
export interface DeferredItems {
  readonly items: number;
  readonly from: number;
  readonly until: number;
}

export type Counts = Readonly<Record<ItemState, number>>;

/** One URL, or one asset, inside a task. */
export interface Item {
  /** Position in the task, from 0. */
  readonly index: number;
  /** Number of its batch; `undefined` for an item that was rejected before sending. */
  readonly batch: number | undefined;
  readonly kind: "url" | "asset";
  /** The normalised URL or the asset id; for an unreadable URL the caller's text. */
  readonly target: string;
  /** The caller's spelling of a URL that is sent in another one; `undefined` for every other item. */
  readonly given: string | undefined;
  readonly state: ItemState;
  readonly code: string | undefined;
  readonly reason: string | undefined;
  /** For an asset: the vendor's answer for each of its URLs. */
  readonly parts: readonly Part[] | undefined;
}

export interface Part {
  readonly url: string;
  readonly state: "processing" | "succeeded" | "failed" | "untracked";
  readonly reason: string | undefined;
}

/**
 * | state     | meaning                                                       | goes on as                     |
 * | --------- | ------------------------------------------------------------- | ------------------------------ |
 * | `queued`  | waits, until `notBefore`                                       | `claimed`, `ended` (cancelled) |
 * | `claimed` | a process holds it (`owner`) and has sent nothing              | `sending`, `queued`, `ended`   |
 * | `sending` | in flight, or its answer was lost and is being reconciled     | `sent`, `claimed`, `queued`, `ended` |
 * | `sent`    | accepted; its outcome is asked for                             | `ended`                        |
 * | `ended`   | needs nothing more                                             |                                |
 */
export type BatchState = "queued" | "claimed" | "sending" | "sent" | "ended";

/** The part of a task that goes out in one vendor request. */
export interface Batch {
  readonly taskId: string;
  /** Position in the task, from 0. */
  readonly number: number;
  /** Number of the planned batch that it was divided from; its own for an undivided batch. */
  readonly origin: number;
  readonly provider: string;
  readonly account: string;
  /**
   * The provider and the account that prefetch the items once this provider has dropped the old copies. Units of both accounts are
   * reserved for `day`. `undefined` for a batch that is prefetched by `provider`.
   */
  readonly nextProvider: string | undefined;
  readonly nextAccount: string | undefined;
  readonly kind: BatchContent["kind"];
  readonly state: BatchState;
  /** Vendor day that pays for it. */
  readonly day: string;
  /** Units of quota reserved for it. */
  readonly cost: number;
  /** May wait for the quota of a later day. */
  readonly deferrable: boolean;
  readonly attempts: number;
  readonly notBefore: number;
  /** Id of the process that holds it; `undefined` while no process does. */
  readonly owner: string | undefined;
  /** When a batch without an owner is due: the vendor's records are asked then. */
  readonly leaseUntil: number | undefined;
  readonly sentAt: number | undefined;
  /** The same moment as `sentAt`, as `Clock.monotonic` read it, and the clock's `boot`. */
  readonly sentMonotonic: number | undefined;
  readonly sentBoot: string | undefined;
  readonly vendorTaskIds: readonly string[];
  readonly requestId: string | undefined;
}

export interface Task {
  readonly id: string;
  /** Owner; empty where the server does not tell callers apart. */
  readonly tenant: string;
  /** W3C trace context of the call that created it. */
  readonly traceparent: string | undefined;
  readonly createdAt: number;
  /** Id of the user's answer that let a large call send it. */
  readonly answer?: string | undefined;
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

/** Number of items in a final state. */
export function settledOf(counts: Counts): number {
  return totalOf(counts) - counts.queued - counts.processing;
}

/**
 * `succeeded` promises that every item succeeded, `failed` that none did and none may have. Every other end, with
 * unconfirmed items among them, is `partial`.
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

/** `taskState`, and `scheduled` when nothing but deferred items is open. */
export function shownState(counts: Counts, deferred: DeferredItems | undefined): ShownState {
  const onlyDeferred = deferred !== undefined && deferred.items === counts.queued && counts.processing === 0;
  return onlyDeferred ? "scheduled" : taskState(counts);
}

export function isEnded(state: ShownState): boolean {
  return !["planned", "queued", "running", "scheduled"].includes(state);
}

/**
 * A key of what one request hands to the vendor. A batch only loses items, when it is divided or when some are settled, so the
 * same number and count mean the same items.
 */
export function batchKeyOf({ taskId, number }: Pick<Batch, "taskId" | "number">, items: readonly Item[]): string {
  return `${taskId}-${number}-${items.length}`;
}

export function contentOf(batch: Pick<Batch, "kind">, items: readonly Item[]): BatchContent {
  if (batch.kind === "asset") return { kind: "asset", assetId: items[0]?.target ?? "" };
  return { kind: "urls", urls: items.map((item) => item.target) };
}
