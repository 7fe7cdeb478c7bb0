/** Lists tasks as they are stored, newest first. Only a status call asks vendors. */

import { unknownProvider } from "../admission/routing.ts";
import type { Caller } from "../model/caller.ts";
import type { Storage, TaskQuery, TaskSummary } from "../model/storage.ts";
import { type Counts, type TaskState, taskState } from "../model/task.ts";
import { readTaskCursor, type TaskPlace, writeTaskCursor } from "./cursors.ts";
import type { Deps } from "./deps.ts";

export interface ListRequest {
  readonly provider?: string | undefined;
  readonly state?: TaskState | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface ListedTask {
  readonly taskId: string;
  /** Only for callers that see the tasks of every tenant. */
  readonly tenant?: string;
  readonly provider: string;
  readonly state: TaskState;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly counts: Counts;
}

export interface TaskList {
  readonly tasks: readonly ListedTask[];
  readonly nextCursor?: string;
}

/** Tasks per query. Fewer cost more queries for a rare state, more read rows that a page does not need. */
const TASKS_PER_QUERY = 50;

/** Throws `invalid_argument` for an unknown provider and for a cursor of another tool. */
export async function listTasks(
  { storage, directory }: Pick<Deps, "storage" | "directory">,
  { provider, state, limit, cursor }: ListRequest,
  { tenant, seesAll }: Caller,
): Promise<TaskList> {
  if (provider !== undefined && !directory.known.includes(provider)) throw unknownProvider(provider, directory.known);
  const tasks: ListedTask[] = [];
  let last: TaskPlace | undefined;
  const query = { tenant: seesAll ? undefined : tenant, provider };
  for await (const summary of newestFirst(storage, query, readTaskCursor(cursor))) {
    if (state !== undefined && taskState(summary.counts) !== state) continue;
    if (tasks.length >= limit) return last ? { tasks, nextCursor: writeTaskCursor(last) } : { tasks };
    tasks.push(listed(summary, seesAll));
    last = { createdAt: summary.task.createdAt, id: summary.task.id };
  }
  return { tasks };
}

function listed({ task, counts }: TaskSummary, showsTenant: boolean): ListedTask {
  return {
    taskId: task.id,
    ...(showsTenant && task.tenant !== "" && { tenant: task.tenant }),
    provider: task.providers.join(", "),
    state: taskState(counts),
    createdAt: task.createdAt,
    counts,
  };
}

async function* newestFirst(
  storage: Pick<Storage, "tasks">,
  query: Pick<TaskQuery, "tenant" | "provider">,
  start: TaskPlace | undefined,
): AsyncGenerator<TaskSummary> {
  let before = start;
  for (;;) {
    const page = await storage.tasks({ ...query, before, limit: TASKS_PER_QUERY });
    yield* page;
    const last = page.at(-1)?.task;
    if (!last || page.length < TASKS_PER_QUERY) return;
    before = { createdAt: last.createdAt, id: last.id };
  }
}
