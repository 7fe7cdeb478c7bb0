/** Cancels the unsent rest of a task. */

import type { CallContext } from "../model/caller.ts";
import type { Quota } from "../model/quota.ts";
import type { Freed } from "../model/storage.ts";
import { totalOf } from "../model/task.ts";
import type { Deps } from "./deps.ts";
import { findTask } from "./find-task.ts";
import type { TaskViews } from "./task-view.ts";
import type { TaskView } from "./view.ts";

/** Throws `not_found`. */
export async function cancelTask(
  { storage }: Pick<Deps, "storage">,
  views: TaskViews,
  taskId: string,
  call: CallContext,
): Promise<TaskView> {
  const id = taskId.trim();
  const before = await findTask(storage, id, call.caller);
  const freed = await storage.cancel(id);
  const after = await views.of(id, undefined, call);
  const { counts } = after;
  const cancelled = counts.cancelled - before.counts.cancelled;
  const sending = counts.queued;
  const sent = totalOf(counts) - counts.cancelled - counts.rejected - sending;
  const said: string[] = [];
  if (cancelled > 0)
    said.push([`${cancelled} cancelled.`, freedAdvice(freed, after.quota), droppedAdvice(freed)].filter(Boolean).join(" "));
  else if (sending === 0) said.push(counts.cancelled > 0 ? "Nothing was left to cancel." : "Nothing was waiting to be sent.");
  if (sending > 0)
    said.push(`${sending} are being sent now; those that can still be stopped stop within seconds, and count as cancelled then.`);
  if (sent > 0) said.push(`${sent} had been sent before and cannot be taken back.`);
  return { ...after, nextStep: [...said, after.nextStep.replace(SENDING, "")].join(" ") };
}

/** The next step's own sentence about items in flight. */
const SENDING = /^\d+ being sent right now\. /;

function droppedAdvice(freed: readonly Freed[]): string {
  const dropped = freed.reduce((sum, each) => sum + (each.dropped ?? 0), 0);
  if (dropped === 0) return "";
  return `${dropped.toLocaleString("en")} units are of URLs whose old copies the vendor has been told to drop, at the cost of their refreshes: those are cold until you prefetch them again.`;
}

/** Days that the answer names; a task waits for at most 15 of them at each vendor. */
const NAMED_DAYS = 4;

/** The days whose units are free again, by the vendors' own calendars. Without a limit there are no units to speak of. */
function freedAdvice(freed: readonly Freed[], quota: Quota | undefined): string {
  const units = freed.filter((each) => each.units > 0);
  if (units.length === 0 || quota?.limit === undefined) return "";
  const days = units.slice(0, NAMED_DAYS).map(({ provider, day, units: count }) => `${count.toLocaleString("en")} of ${day} (${provider})`);
  const more = units.length > NAMED_DAYS ? ` and of ${units.length - NAMED_DAYS} more days` : "";
  const left = quota.remaining === undefined ? "" : ` ${quota.remaining.toLocaleString("en")} are left today at ${quota.provider}.`;
  return `Units free again, by the vendor's day: ${days.join(", ")}${more}.${left}`;
}
