/** Lists tasks as they are stored, newest first. Only a status call asks vendors. */

import { createKeyedSemaphore } from "../../base/keyed-semaphore.ts";
import { unknownProvider } from "../admission/routing.ts";
import type { CallContext } from "../model/caller.ts";
import type { TaskSummary } from "../model/storage.ts";
import { type Counts, type TaskState, taskState } from "../model/task.ts";
import { readTaskCursor, writeTaskCursor } from "./cursors.ts";
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

/** Throws `invalid_argument` for an unknown provider and for a cursor of another tool. */
export type ListTasks = (request: ListRequest, call: Pick<CallContext, "caller" | "signal">) => Promise<TaskList>;

/** Pages that one tenant reads at once. With more, the calls of other tenants wait behind them; with 1, a slow page delays the next. */
const PAGES_PER_TENANT = 2;

export function createListTasks({ storage, directory }: Pick<Deps, "storage" | "directory">): ListTasks {
  const inTurn = createKeyedSemaphore(PAGES_PER_TENANT);
  return async ({ provider, state, limit, cursor }, { caller: { tenant, seesAll }, signal }) => {
    if (provider !== undefined && !directory.known.includes(provider)) throw unknownProvider(provider, directory.known);
    const before = readTaskCursor(cursor);
    // One task more than the page tells whether another page follows.
    const query = { tenant: seesAll ? undefined : tenant, provider, state, before, limit: limit + 1 };
    const found = await inTurn(tenant, signal, () => storage.tasks(query));
    const tasks = found.slice(0, limit).map((summary) => listed(summary, seesAll));
    const last = tasks.at(-1);
    if (!last || found.length <= limit) return { tasks };
    return { tasks, nextCursor: writeTaskCursor({ createdAt: last.createdAt, id: last.taskId }) };
  };
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
