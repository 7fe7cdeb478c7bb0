/** Finds out from the vendor's task list what became of a submit whose answer was lost. */

import type { Clock } from "../../base/clock.ts";
import { echoKey } from "../../prefetch/model/match-urls.ts";
import type { Call, Provider, Reconciliation } from "../../prefetch/model/provider.ts";
import type { Media } from "./media.ts";
import type { TaskList, TaskLists, TaskRow } from "./tasks.ts";

/** A request may be on its way for as long as we wait for its answer, and shows in the list some time after. */
const LISTED_WITHIN_MS = 100_000;
/** The vendor's times are whole seconds, and so is what we know of its clock. */
const TIME_SLACK_MS = 5_000;
/** Clocks that differ by less agree for our purposes. */
const CLOCK_TOLERANCE_MS = 2_500;
/** The vendor forgets after three days; a little earlier, its list proves nothing any more. */
const LISTED_FOR_MS = 3 * 86_400_000 - 3_600_000;

export interface ReconcileOptions {
  readonly lists: TaskLists;
  readonly media: Media;
  readonly clock: Clock;
}

export function createReconcile({ lists, media, clock }: ReconcileOptions): NonNullable<Provider["findSubmitted"]> {
  /** Prefetches of a domain since `sentAt`, by the vendor's clock, which the first answer tells. */
  const submittedSince = async (domain: string, sentAt: number, call: Call): Promise<TaskList> => {
    const ask = (offset: number) => lists.byDomain(domain, sentAt + offset - TIME_SLACK_MS, clock.now() + offset + TIME_SLACK_MS, call);
    const list = await ask(0);
    // By our own clock alone, what is not listed may only lie outside of the span that was asked for.
    if (list.clockOffset === undefined) return { ...list, complete: false };
    return Math.abs(list.clockOffset) < CLOCK_TOLERANCE_MS ? list : ask(list.clockOffset);
  };

  return async (batch, sentAt, call): Promise<Reconciliation> => {
    const elapsed = clock.now() - sentAt;
    if (elapsed > LISTED_FOR_MS) return { state: "unclear" };
    const urls = batch.kind === "urls" ? batch.urls : (await media.resolve(batch.assetId, call)).urls;
    const wanted = Map.groupBy(urls, echoKey);
    const found: TaskRow[] = [];
    let complete = true;
    for (const domain of new Set(urls.map((url) => URL.parse(url)?.hostname ?? ""))) {
      const list = await submittedSince(domain, sentAt, call);
      complete &&= list.complete;
      found.push(...list.rows.filter((row) => wanted.has(echoKey(row.url))));
    }
    // Two URLs that differ in their scheme alone are two rows, which the vendor may spell alike.
    const listed = Map.groupBy(found, (row) => echoKey(row.url));
    const all = wanted.size > 0 && [...wanted].every(([key, same]) => (listed.get(key)?.length ?? 0) >= same.length);
    const over = elapsed > LISTED_WITHIN_MS;
    // A part of an asset is not the asset, and its job submits its URLs when it comes to it: absence proves nothing.
    const proves = over && complete && batch.kind === "urls";
    if (all || (proves && found.length > 0)) {
      return { state: "found", vendorTaskIds: [...new Set(found.map((row) => row.taskId))], urls: found.map((row) => row.url) };
    }
    return { state: proves ? "absent" : "unclear" };
  };
}
