/** Quota: the units that an account may spend on a vendor day, and the arithmetic of the rest. Pure. */

export interface Quota {
  readonly provider: string;
  readonly account: string;
  /** Where the vendor counts by zone. */
  readonly zone?: string;
  /** `undefined` when the vendor names no limit. */
  readonly limit: number | undefined;
  readonly used: number;
  readonly remaining: number | undefined;
  /** Milliseconds since the epoch: the next midnight in the vendor's time zone. */
  readonly resetsAt: number;
  /** Milliseconds since the epoch at which the numbers were read. */
  readonly at: number;
  /** `vendor`: the vendor told it within the last half minute; `ledger`: counted here, without spending outside this server. */
  readonly source: "vendor" | "ledger";
}

/** Spending of one account on one day. */
export interface LedgerEntry {
  /** Units spent and reserved. */
  readonly used: number;
  /** The part of `used` that is reserved for batches without an answer from the vendor. */
  readonly pending: number;
  /** The vendor has said that nothing is left. */
  readonly exhausted: boolean;
}

/** The units that an account may spend on one vendor day. */
export interface Allowance {
  /** The vendor's limit, or the operator's where that is lower; `undefined` when neither is known. */
  readonly limit: number | undefined;
  /** How far the ledger's `used` may rise: `limit` less the spending outside this server. `undefined` for no bound. */
  readonly ceiling: number | undefined;
  readonly source: Quota["source"];
  /** The limit is the operator's. */
  readonly budgeted?: boolean;
  /** URLs of one request, where the vendor told it. */
  readonly urlsPerRequest?: number;
}

/** For URLs beyond the day's quota: `reject` sends nothing at all, `partial` rejects them, `defer` lets them wait. */
export const quotaPolicies = ["reject", "partial", "defer"] as const;
export type QuotaPolicy = (typeof quotaPolicies)[number];

/** Fewer could not hold the largest list at 1,000 URLs a day; more would let a batch outlive its task, which lives 30 days. */
export const MOST_LATER_DAYS = 14;

/** Units that may still be spent; infinite where no limit is known. */
export function remainingUnits({ ceiling, source }: Allowance, entry: LedgerEntry): number {
  // A live answer is newer than the refusal that the ledger remembers.
  if (entry.exhausted && source === "ledger") return 0;
  return unitsLeft(ceiling, entry.used);
}

/** Units below a ceiling; infinite for no ceiling. */
export function unitsLeft(ceiling: number | undefined, used: number): number {
  return ceiling === undefined ? Number.POSITIVE_INFINITY : Math.max(0, ceiling - used);
}

/**
 * True when the vendor's day is exhausted and a batch with `reserved` units no longer fits. Only spent units count: waiting
 * batches must not block each other. If two together exceed the rest, the vendor refuses the second.
 */
export function isUsedUp(allowance: Allowance, entry: LedgerEntry, reserved: number): boolean {
  return entry.exhausted && remainingUnits(allowance, { ...entry, used: entry.used - entry.pending }) < reserved;
}

/** The lower of two bounds; `undefined` stands for no bound. */
export function lowerBound(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
}
