/** What happened to a batch, as storage applies it. */

import type { Batch, Item } from "./task.ts";

export type ItemChange = Pick<Item, "index" | "state"> & Partial<Pick<Item, "code" | "reason" | "parts">>;

/** What happened to a batch: its new state, its items' new states, and the quota that comes back. */
export interface BatchChange {
  readonly batch: Partial<Pick<Batch, "state" | "attempts" | "notBefore" | "leaseUntil" | "sentAt" | "vendorTaskIds" | "requestId">>;
  readonly items: readonly ItemChange[];
  readonly refund: number;
  /** Items that go on as a queued batch of their own, with the units reserved for them. */
  readonly divide?: { readonly items: readonly number[]; readonly cost: number };
  /** Bytes that were moved for it since the last change. */
  readonly bytes?: number;
  /** The vendor says that the day's quota is spent, whatever the ledger holds. */
  readonly exhausted?: boolean;
  /** What happens instead of all that if one of these days has room for the batch: it waits for the first that has. */
  readonly later?: { readonly days: readonly LaterDay[]; readonly items: readonly ItemChange[] };
}

/** A vendor day that a batch could wait for. */
export interface LaterDay {
  readonly day: string;
  readonly notBefore: number;
  /** How far the day's `used` may rise; `undefined` for no bound. */
  readonly ceiling: number | undefined;
  /** Units of it that the task's tenant may spend; `undefined` for no bound. */
  readonly ownBudget?: number | undefined;
}
