/** The part of a caller's list that earlier tasks hold: where each URL stands, in groups whose number does not grow with the list. Pure. */

import { isoTime } from "../../base/iso-time.ts";
import type { Admission } from "../admission/admit.ts";
import type { KnownItems, KnownQuery } from "../model/storage.ts";
import { type Counts, type DeferredItems, noCounts, shownState } from "../model/task.ts";
import type { TaskView } from "./view.ts";

/** Groups that a sentence names. More would bury the rest of the answer; `known` has more. */
const NAMED_GROUPS = 5;

/** The questions to the store, newest task first. */
export function knownQueries(skipped: Admission["skipped"]): KnownQuery[] {
  return [...Map.groupBy(skipped, ({ taskId }) => taskId)]
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .map(([taskId, entries]) => ({ taskId, targets: entries.map(({ target }) => target) }));
}

/** The view with the known URLs counted in, so that its counts add up to the caller's list. */
export function withKnown(view: TaskView, known: readonly KnownItems[]): TaskView {
  if (known.length === 0) return view;
  const counts = addedCounts(view.counts, known);
  const deferred = addedDeferred(view.deferred, known);
  return { ...view, counts, deferred, known, state: view.state === "planned" ? "planned" : shownState(counts, deferred) };
}

function addedCounts(counts: Counts, known: readonly KnownItems[]): Counts {
  const sum = { ...counts };
  for (const { state, items } of known) sum[state] += items;
  return sum;
}

function addedDeferred(own: DeferredItems | undefined, known: readonly KnownItems[]): DeferredItems | undefined {
  const parts = [own, ...known.map(({ items, waits }) => waits && { items, ...waits })].filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  return {
    items: parts.reduce((sum, { items }) => sum + items, 0),
    from: Math.min(...parts.map(({ from }) => from)),
    until: Math.max(...parts.map(({ until }) => until)),
  };
}

/** The view of a list of which nothing is new: its own counts, its own unusable entries, nothing of other lists. */
export function nothingNew(view: TaskView, known: readonly KnownItems[], rejected: readonly { readonly state: "rejected" }[]): TaskView {
  return withKnown({ ...view, counts: { ...noCounts(), rejected: rejected.length }, deferred: undefined, batches: 0 }, known);
}

/** For example "18 succeeded in pf_1, 2 wait until 2026-11-22T00:00:00.000Z in pf_2". */
export function knownInWords(known: readonly KnownItems[]): string {
  const groups = known
    .slice(0, NAMED_GROUPS)
    .map((group) => `${group.items.toLocaleString("en")} ${whereabouts(group)} in ${group.taskId}`);
  return `${groups.join(", ")}${known.length > NAMED_GROUPS ? ", and more in known" : ""}`;
}

const words: Readonly<Record<KnownItems["state"], string>> = {
  queued: "not sent yet",
  processing: "under way",
  succeeded: "succeeded",
  failed: "failed since",
  rejected: "refused since",
  untracked: "accepted without a known outcome",
  cancelled: "cancelled since",
  unknown: "sent with the answer lost",
};

function whereabouts({ state, waits }: KnownItems): string {
  if (!waits) return words[state];
  return waits.from === waits.until
    ? `waiting until ${isoTime(waits.from)}`
    : `waiting until ${isoTime(waits.from)} to ${isoTime(waits.until)}`;
}
