/** Cancels the unsent rest of a task. */

import type { CallContext } from "../model/caller.ts";
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
  await storage.cancel(id);
  const after = await views.of(id, undefined, call);
  const { counts } = after;
  const cancelled = counts.cancelled - before.counts.cancelled;
  const sending = counts.queued;
  const sent = totalOf(counts) - counts.cancelled - counts.rejected - sending;
  const said = [cancelled > 0 ? `${cancelled} cancelled; their quota is free again.` : "Nothing was waiting to be sent."];
  if (sent > 0) said.push(`${sent} had been sent before and cannot be taken back.`);
  if (sending > 0) said.push(`${sending} are being sent now; those that can be stopped will stop within seconds.`);
  return { ...after, nextStep: [...said, after.nextStep].join(" ") };
}
