/** The facts about one provider account when a list is admitted. */

import type { Allowance, LedgerEntry } from "../model/quota.ts";

/** One of the vendor's days after today. */
export interface DayState {
  readonly day: string;
  /** Milliseconds since the epoch. */
  readonly begins: number;
  readonly ledger: LedgerEntry;
  /** Units of the day that the caller's tenant has spent or reserved. */
  readonly own: number;
}

export interface AccountState {
  readonly ledger: LedgerEntry;
  /** Target to the task that sent it recently, or will send it. */
  readonly recent: ReadonlyMap<string, string>;
  /** Units that wait to be sent already. */
  readonly waiting: number;
  readonly allowance: Allowance;
  /** Units of today that the caller's tenant has spent or reserved. */
  readonly own: number;
  /** Units of a day that the caller's tenant may spend; `undefined` for no bound of its own. */
  readonly ownBudget: number | undefined;
  /** Days that URLs can be deferred to, soonest first. */
  readonly laterDays: readonly DayState[];
}
