/** Vendor days and what is left of them. */

export interface Quota {
  readonly provider: string;
  /** `undefined` when the vendor names no limit. */
  readonly limit: number | undefined;
  readonly used: number;
  readonly remaining: number | undefined;
  /** Milliseconds since the epoch: the next midnight in the vendor's time zone. */
  readonly resetsAt: number;
  /** `vendor`: asked within the last half minute; `ledger`: counted here, so spending outside this server is not in it. */
  readonly source: "vendor" | "ledger";
}

/** What was spent of one account's day. `exhausted` records the vendor's own word that nothing is left. */
export interface LedgerEntry {
  /** Units spent and reserved. */
  readonly used: number;
  /** Those of them that are reserved for batches which the vendor has not answered yet. */
  readonly pending: number;
  readonly exhausted: boolean;
}

const formats = new Map<string, Intl.DateTimeFormat>();
/** The part of each zone's latest day that is known: writing dates is slow, and every answer needs some. */
const known = new Map<string, { readonly from: number; readonly until: number; readonly day: string }>();

/** The calendar day, `YYYY-MM-DD`, that it is in `timeZone` at `now`. */
export function vendorDay(now: number, timeZone: string): string {
  const span = known.get(timeZone);
  if (span && now >= span.from && now < span.until) return span.day;
  let format = formats.get(timeZone);
  if (!format) {
    // The Swedish locale writes dates the ISO way.
    format = new Intl.DateTimeFormat("sv-SE", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
    formats.set(timeZone, format);
  }
  return format.format(now);
}

/** The first millisecond of the next day in `timeZone`. Searched for, because days of 23 and 25 hours exist. */
export function nextReset(now: number, timeZone: string): number {
  const span = known.get(timeZone);
  if (span && now >= span.from && now < span.until) return span.until;
  const today = vendorDay(now, timeZone);
  let before = now;
  let after = now + 3_600_000;
  while (vendorDay(after, timeZone) === today) {
    before = after;
    after += 3_600_000;
  }
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (vendorDay(middle, timeZone) === today) before = middle;
    else after = middle;
  }
  known.set(timeZone, { from: now, until: after, day: today });
  return after;
}

/** The vendor's next days and the milliseconds since the epoch at which each begins. */
export function nextDays(now: number, timeZone: string, count: number): { readonly day: string; readonly begins: number }[] {
  const days: { day: string; begins: number }[] = [];
  for (let begins = nextReset(now, timeZone); days.length < count; begins = nextReset(begins, timeZone)) {
    days.push({ day: vendorDay(begins, timeZone), begins });
  }
  return days;
}

/** What an account may spend on one of its vendor's days. */
export interface Allowance {
  /** The vendor's limit, or the operator's where that is lower; `undefined` when neither is known. */
  readonly limit: number | undefined;
  /** How far the ledger's `used` may rise. Below `limit` by what others spent of the account; `undefined` for no bound. */
  readonly ceiling: number | undefined;
  readonly source: Quota["source"];
  /** Whether the limit is the operator's. */
  readonly budgeted?: boolean;
}

/** Units that may still be spent today; infinite where no limit is known. */
export function remainingUnits({ ceiling, source }: Allowance, entry: LedgerEntry): number {
  // A live answer is newer than the refusal that the ledger remembers.
  if (entry.exhausted && source === "ledger") return 0;
  return ceiling === undefined ? Number.POSITIVE_INFINITY : Math.max(0, ceiling - entry.used);
}

/** What happens to what the day's quota does not allow: nothing is sent at all, the rest is turned down, or it waits. */
export const quotaPolicies = ["reject", "partial", "defer"] as const;
export type QuotaPolicy = (typeof quotaPolicies)[number];

/** Longer than it takes to send the largest list at a thousand URLs a day, and well within the life of a task. */
export const MOST_LATER_DAYS = 14;
