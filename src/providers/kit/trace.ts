/** Looks in a vendor's records for a submit whose answer was lost. */

import type { Clock } from "../../base/clock.ts";
import { echoKey } from "../../prefetch/model/match-urls.ts";
import type { BatchContent, Call, Provider, Reconciliation, Sent } from "../../prefetch/model/provider.ts";
import type { TaskRow, TaskRows } from "./task-rows.ts";

/** Vendors' times and their `Date` headers may be whole seconds. Smaller: the query misses rows. Larger: it returns older rows. */
const TIME_SLACK_MS = 5_000;
/** Clocks that differ by less need no second query. Must stay below `TIME_SLACK_MS`. */
const CLOCK_TOLERANCE_MS = 2_500;

export interface TraceOptions {
  readonly clock: Clock;
  /** The records of one host that were created from `from` to `to`, in milliseconds by the vendor's clock. More rows do no harm if they have `createdAt`. */
  readonly list: (host: string, from: number, to: number, call: Call) => Promise<TaskRows>;
  /** The batch's URLs, and whether the vendor submits them at once: if it does so later, missing rows prove nothing. */
  readonly urlsOf: (batch: BatchContent, call: Call) => Promise<{ readonly urls: readonly string[]; readonly atOnce: boolean }>;
  /** As `ProviderLimits.listedWithinMs`. */
  readonly listedWithinMs: number;
  /** The records reach back for this long. Of an older submit, a missing row proves nothing. */
  readonly keptMs: number;
}

export function createTrace({ clock, list, urlsOf, listedWithinMs, keptMs }: TraceOptions): NonNullable<Provider["findSubmitted"]> {
  /** Records of a host within the last `ageMs`. The first answer tells the vendor's clock. */
  const listSince = async (host: string, ageMs: () => number, call: Call): Promise<TaskRows> => {
    const ask = async (offset: number): Promise<TaskRows> => {
      const now = clock.now() + offset;
      const [from, to] = [now - ageMs() - TIME_SLACK_MS, now + TIME_SLACK_MS];
      const found = await list(host, from, to, call);
      return { ...found, rows: found.rows.filter((row) => couldBeFrom(row, from, to)) };
    };
    const found = await ask(0);
    // Without the vendor's clock, missing rows may lie outside the queried span.
    if (found.clockOffset === undefined) return { ...found, complete: false };
    return Math.abs(found.clockOffset) < CLOCK_TOLERANCE_MS ? found : ask(found.clockOffset);
  };

  const rowsSince = async (urls: readonly string[], ageMs: () => number, call: Call): Promise<Pick<TaskRows, "rows" | "complete">> => {
    const wanted = new Set(urls.map(echoKey));
    const rows: TaskRow[] = [];
    let complete = true;
    for (const host of new Set(urls.map((url) => URL.parse(url)?.hostname ?? ""))) {
      const found = await listSince(host, ageMs, call);
      complete &&= found.complete;
      rows.push(...found.rows.filter((row) => wanted.has(echoKey(row.url))));
    }
    return { rows, complete };
  };

  return async (batch, { notBefore, elapsedMs }: Sent, call): Promise<Reconciliation> => {
    const ageAtStart = clock.now() - notBefore;
    if (ageAtStart > keptMs) return { state: "unclear" };
    // The clock may be set while this waits for its turns.
    const startedAt = clock.monotonic();
    const ageMs = () => ageAtStart + clock.monotonic() - startedAt;
    const { urls, atOnce } = await urlsOf(batch, call);
    const { rows, complete } = await rowsSince(urls, ageMs, call);
    const final = elapsedMs > listedWithinMs && complete && atOnce;
    if (coversAll(rows, urls) || (final && rows.length > 0)) {
      return { state: "found", vendorTaskIds: [...new Set(rows.map((row) => row.taskId))], urls: rows.map((row) => row.url) };
    }
    return { state: final ? "absent" : "unclear" };
  };
}

/** A row without a time is one of the span that was asked for. */
function couldBeFrom({ createdAt }: TaskRow, from: number, to: number): boolean {
  return createdAt?.some((at) => from <= at && at <= to) ?? true;
}

/** `http://a/1` and `https://a/1` need two rows, which the vendor may both list as `a/1`. */
function coversAll(rows: readonly TaskRow[], urls: readonly string[]): boolean {
  const listed = Map.groupBy(rows, (row) => echoKey(row.url));
  const wanted = Map.groupBy(urls, echoKey);
  return wanted.size > 0 && [...wanted].every(([key, same]) => (listed.get(key)?.length ?? 0) >= same.length);
}
