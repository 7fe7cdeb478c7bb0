/** Looks in the vendor's task list for a submit whose answer was lost. */

import type { Clock } from "../../base/clock.ts";
import { echoKey } from "../../prefetch/model/match-urls.ts";
import type { Call, Provider, Reconciliation, Sent } from "../../prefetch/model/provider.ts";
import { limits } from "./limits.ts";
import type { Media } from "./media.ts";
import type { TaskList, TaskLists, TaskRow } from "./tasks.ts";

/** The vendor's times and its `Date` header are whole seconds. Smaller: the query misses rows. Larger: it returns older rows. */
const TIME_SLACK_MS = 5_000;
/** Clocks that differ by less need no second query. Must stay below `TIME_SLACK_MS`. */
const CLOCK_TOLERANCE_MS = 2_500;
/** The vendor keeps tasks for three days. After one hour less, a missing row proves nothing. */
const LISTED_FOR_MS = 3 * 86_400_000 - 3_600_000;

export interface ReconcileOptions {
  readonly lists: TaskLists;
  readonly media: Media;
  readonly clock: Clock;
}

export function createReconcile({ lists, media, clock }: ReconcileOptions): NonNullable<Provider["findSubmitted"]> {
  /** Prefetches of a domain within the last `ageMs`. The first answer tells the vendor's clock. */
  const listSince = async (domain: string, ageMs: () => number, call: Call): Promise<TaskList> => {
    const ask = (offset: number) => {
      const now = clock.now() + offset;
      return lists.byDomain(domain, now - ageMs() - TIME_SLACK_MS, now + TIME_SLACK_MS, call);
    };
    const list = await ask(0);
    // Without the vendor's clock, missing rows may lie outside the queried span.
    if (list.clockOffset === undefined) return { ...list, complete: false };
    return Math.abs(list.clockOffset) < CLOCK_TOLERANCE_MS ? list : ask(list.clockOffset);
  };

  const rowsSince = async (urls: readonly string[], ageMs: () => number, call: Call): Promise<Pick<TaskList, "rows" | "complete">> => {
    const wanted = new Set(urls.map(echoKey));
    const rows: TaskRow[] = [];
    let complete = true;
    for (const domain of new Set(urls.map((url) => URL.parse(url)?.hostname ?? ""))) {
      const list = await listSince(domain, ageMs, call);
      complete &&= list.complete;
      rows.push(...list.rows.filter((row) => wanted.has(echoKey(row.url))));
    }
    return { rows, complete };
  };

  return async (batch, { notBefore, elapsedMs }: Sent, call): Promise<Reconciliation> => {
    const ageAtStart = clock.now() - notBefore;
    if (ageAtStart > LISTED_FOR_MS) return { state: "unclear" };
    // The clock may be set while this waits for its turns.
    const startedAt = clock.monotonic();
    const ageMs = () => ageAtStart + clock.monotonic() - startedAt;
    const urls = batch.kind === "urls" ? batch.urls : (await media.resolve(batch.assetId, call)).urls;
    const { rows, complete } = await rowsSince(urls, ageMs, call);
    // The job of an asset submits its URLs later, so missing rows prove nothing for an asset.
    const final = elapsedMs > limits.listedWithinMs && complete && batch.kind === "urls";
    if (coversAll(rows, urls) || (final && rows.length > 0)) {
      return { state: "found", vendorTaskIds: [...new Set(rows.map((row) => row.taskId))], urls: rows.map((row) => row.url) };
    }
    return { state: final ? "absent" : "unclear" };
  };
}

/** `http://a/1` and `https://a/1` need two rows, which the vendor may both list as `a/1`. */
function coversAll(rows: readonly TaskRow[], urls: readonly string[]): boolean {
  const listed = Map.groupBy(rows, (row) => echoKey(row.url));
  const wanted = Map.groupBy(urls, echoKey);
  return wanted.size > 0 && [...wanted].every(([key, same]) => (listed.get(key)?.length ?? 0) >= same.length);
}
