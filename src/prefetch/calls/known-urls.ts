/** The part of a caller's list that earlier tasks hold: where each URL stands, in groups whose number does not grow with the list. Pure. */

import { isoTime } from "../../base/iso-time.ts";
import type { Admission } from "../admission/admit.ts";
import type { KnownItems, KnownQuery } from "../model/storage.ts";
import { type Counts, type DeferredItems, shownState } from "../model/task.ts";
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

/** Such as "18 succeeded and 2 under way in pf_1; 3 waiting until 2026-11-22T00:00:00.000Z in pf_2". */
export function knownInWords(known: readonly KnownItems[]): string {
  const tasks = [...Map.groupBy(known.slice(0, NAMED_GROUPS), ({ taskId }) => taskId)].map(
    ([taskId, groups]) =>
      `${groups.map((group) => `${group.items.toLocaleString("en")} ${whereabouts(group)}`).join(" and ")} in ${taskId}`,
  );
  return `${tasks.join("; ")}${known.length > NAMED_GROUPS ? "; and more in known" : ""}`;
}

/** What is left to do about the known URLs; nothing for those that ended well. */
export function knownAdvice(known: readonly KnownItems[]): string[] {
  const open = known.filter(({ state, waits }) => state === "processing" || (state === "queued" && !waits));
  const waiting = known.filter(({ waits }) => waits !== undefined);
  const lapsed = known.filter(({ state }) => LAPSED.includes(state)).reduce((sum, { items }) => sum + items, 0);
  const said: string[] = [];
  if (open.length > 0) said.push(`Call get_prefetch_status with ${tasksOf(open)} and wait_seconds 50 to follow those.`);
  else if (waiting.length > 0) {
    const until = Math.max(...waiting.map(({ waits }) => waits?.until ?? 0));
    said.push(`Call get_prefetch_status with ${tasksOf(waiting)} after ${isoTime(until)}, or cancel_prefetch to drop what waits.`);
  }
  if (lapsed > 0) {
    said.push(
      `Find the cause of the ${lapsed.toLocaleString("en")} that did not succeed (detail "problems"), then call again with just those.`,
    );
  }
  return said;
}

/** How a caller finds the task of one of its URLs; with a single task there is nothing to find. */
export function whichTask(known: readonly KnownItems[]): string[] {
  const tasks = new Set(known.map(({ taskId }) => taskId));
  return tasks.size > 1 ? ["list_prefetch_tasks with url names the task of a single URL."] : [];
}

/** States in which an earlier task no longer keeps a URL from being sent again. */
const LAPSED: readonly KnownItems["state"][] = ["failed", "rejected", "cancelled"];

/** Tasks that a next step names. */
const NAMED_TASKS = 3;

/** Such as "task_id pf_2, then pf_1". */
export function tasksOf(known: readonly KnownItems[]): string {
  const tasks = [...new Set(known.map(({ taskId }) => taskId))];
  return `task_id ${tasks.slice(0, NAMED_TASKS).join(", then ")}${tasks.length > NAMED_TASKS ? ", and the other tasks of known" : ""}`;
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
