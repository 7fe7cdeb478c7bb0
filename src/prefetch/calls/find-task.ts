/** Finds a task for a caller that may see it. */

import { PrefetchError } from "../../base/errors.ts";
import type { Caller } from "../model/caller.ts";
import type { Storage, TaskSnapshot } from "../model/storage.ts";

/** Throws `not_found`, also for the task of another tenant, so that an id tells nothing. */
export async function findTask(storage: Pick<Storage, "task">, taskId: string, { tenant, seesAll }: Caller): Promise<TaskSnapshot> {
  const snapshot = await storage.task(taskId);
  if (snapshot && (seesAll || snapshot.task.tenant === tenant)) return snapshot;
  throw new PrefetchError("not_found", `task_id: there is no task ${taskId.slice(0, 60)}`, {
    hint: "Tasks are known to the servers that share one PREFETCH_STORE. Call list_prefetch_tasks, with url to find the task of a URL, before you send anything again. If no task has the URL, ask verify_prefetch first and send only what is cold: a call repeats what was sent more than 10 minutes ago.",
  });
}
