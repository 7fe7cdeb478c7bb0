/** Changes of a batch, as storage applies them: one kind for each way a batch can move. */

import type { Item } from "./task.ts";

export type ItemChange = Pick<Item, "index" | "state"> & Partial<Pick<Item, "code" | "reason" | "parts">>;

interface Effects {
  /** New states of items; an item that is not named keeps its state. */
  readonly items: readonly ItemChange[];
  /**
   * Units of quota that the batch reserved and did not spend. Those of the prefetch after a refresh follow from the items: one
   * that does not stay queued is not prefetched.
   */
  readonly refund: number;
  /** Bytes that a direct provider moved since the last change. */
  readonly bytes?: number;
}

/** The vendor accepted the batch. With `followed` the batch becomes `sent` and its outcome is asked for, else it ends. */
export interface AcceptChange extends Effects {
  readonly kind: "accept";
  readonly followed: boolean;
  /** Milliseconds since the epoch; `undefined` keeps the stored time. */
  readonly sentAt?: number;
  readonly vendorTaskIds: readonly string[];
  readonly requestId?: string | undefined;
}

/** Nothing is in flight any more: the batch waits in the queue, until `notBefore` where that is given. */
export interface RequeueChange extends Effects {
  readonly kind: "requeue";
  readonly notBefore?: number;
  /** Attempts made so far; `undefined` keeps the stored number. */
  readonly attempts?: number;
}

/** The vendor accepted to drop the old copies. The batch waits in the queue, until `notBefore`, for the vendor's news. */
export interface AwaitRefreshChange extends Effects {
  readonly kind: "await-refresh";
  readonly notBefore: number;
  readonly vendorTaskIds: readonly string[];
  readonly requestId?: string | undefined;
}

/** The old copies are gone: the batch goes to its next provider's queue, where its items that are still queued are prefetched. */
export interface AdvanceChange extends Effects {
  readonly kind: "advance";
  readonly notBefore: number;
}

/** The batch goes back to the queue without `part`, which becomes a queued batch of its own. */
export interface DivideChange extends Effects {
  readonly kind: "divide";
  readonly notBefore: number;
  readonly part: { readonly items: readonly number[]; readonly cost: number };
}

/** The batch needs nothing more. */
export interface EndChange extends Effects {
  readonly kind: "end";
  readonly attempts?: number;
  readonly requestId?: string | undefined;
  /** The vendor says that the day's quota is spent, whatever the ledger holds. */
  readonly exhausted?: boolean;
}

/** The batch waits for the first of `days` that has room, with its reservation; `otherwise` applies when none has. */
export interface DeferChange extends Effects {
  readonly kind: "defer";
  readonly days: readonly LaterDay[];
  readonly exhausted: boolean;
  readonly otherwise: EndChange;
}

/** The vendor refused the request, so nothing is in flight; this process keeps the batch and sends again. */
export interface ReclaimChange extends Effects {
  readonly kind: "reclaim";
  readonly leaseUntil: number;
}

/** The answer was lost: the batch stays `sending`, and reconciliation starts when the lease runs out. */
export interface AwaitReconciliationChange extends Effects {
  readonly kind: "await-reconciliation";
  readonly leaseUntil: number;
}

/** A direct provider is still at work: its lease is renewed. */
export interface ProgressChange extends Effects {
  readonly kind: "progress";
  readonly leaseUntil: number;
  readonly attempts: number;
}

/** The vendor told more about a `sent` batch, and some of its items are still processing. */
export interface ReportChange extends Effects {
  readonly kind: "report";
}

export type BatchChange =
  | AcceptChange
  | RequeueChange
  | AwaitRefreshChange
  | AdvanceChange
  | DivideChange
  | EndChange
  | DeferChange
  | ReclaimChange
  | AwaitReconciliationChange
  | ProgressChange
  | ReportChange;

/** A vendor day that a batch could wait for. */
export interface LaterDay {
  readonly day: string;
  /** Milliseconds since the epoch at which the day begins. */
  readonly notBefore: number;
  /** How far the day's `used` may rise; `undefined` for no bound. */
  readonly ceiling: number | undefined;
  /** Units of it that the task's tenant may spend; `undefined` for no bound. */
  readonly ownBudget?: number | undefined;
}
