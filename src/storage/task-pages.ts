/** Reads pages of tasks, newest first, and for each task what the list shows of its items. */

import type { Clock } from "../base/clock.ts";
import type { StoredItem, TaskQuery, TaskSummary } from "../prefetch/model/storage.ts";
import { type Item, type Task, type TaskState, taskStates } from "../prefetch/model/task.ts";
import { PROBLEM_STATES } from "./finding-tables.ts";
import type { ItemCounts } from "./item-counts.ts";
import { itemFrom, storedItemFrom, taskFrom } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** The tasks of one state, or of one state and tenant. The empty provider stands for any. */
export function listingQuery({ tenant, hadProblems }: Pick<TaskQuery, "tenant" | "hadProblems">): string {
  const index = tenant === undefined ? "problem_listing" : "problem_listing_by_tenant";
  return `SELECT tasks.* FROM listing ${hadProblems ? `INDEXED BY ${index} ` : ""}CROSS JOIN tasks ON tasks.id = listing.task_id
    WHERE ${tenant === undefined ? "" : "listing.tenant = ? AND "}provider = ? AND listing.state = ?
      ${hadProblems ? "AND listing.had_problems = 1" : ""}
      AND (listing.created_at, listing.task_id) < (?, ?) AND listing.created_at >= ?
    ORDER BY listing.created_at DESC, listing.task_id DESC LIMIT ?`;
}

/** A caller without a tenant and one that sees every tenant read all items of the target; the index of tenants has no such items. */
const readsByTenant = (tenant: string | undefined): tenant is string => tenant !== undefined && tenant !== "";

/** The tasks with a target, along an index by target and task. Ids sort by the time of creation. */
export function targetQuery(tenant: string | undefined): string {
  const [index, own] = readsByTenant(tenant)
    ? ["items_by_tenant", "items.tenant = ? AND items.tenant <> '' AND "]
    : ["items_by_target", ""];
  return `SELECT tasks.* FROM items INDEXED BY ${index} CROSS JOIN tasks ON tasks.id = items.task_id
    WHERE ${own}items.target = ? AND items.task_id < ?
      AND (? IS NULL OR tasks.tenant = ?) AND created_at < ? AND created_at >= ?
      AND task_state IN (SELECT value FROM json_each(?))
      AND (? = '' OR EXISTS (SELECT 1 FROM json_each(iif(json_valid(providers), providers, '[]')) WHERE value = ?))
      AND (? = 0 OR EXISTS (SELECT 1 FROM task_counts WHERE task_id = tasks.id AND state IN ${PROBLEM_STATES}))
    GROUP BY items.task_id ORDER BY items.task_id DESC LIMIT ?`;
}

const LATER_THAN_ANY_ID = "pg";

export function createTaskPages({ all, get }: Sql, counts: ItemCounts, clock: Pick<Clock, "now">): (query: TaskQuery) => TaskSummary[] {
  const tasksIn = (state: TaskState, query: TaskQuery): Task[] => {
    const { tenant, provider, before, since, until, limit } = query;
    const bound = earliest(before, until);
    return all(
      listingQuery(query),
      ...(tenant === undefined ? [] : [tenant]),
      provider ?? "",
      state,
      bound.createdAt,
      bound.id,
      since ?? 0,
      limit,
    ).map(taskFrom);
  };

  /** The page is the newest part of a page of each state. */
  const tasksByState = (query: TaskQuery): Task[] =>
    [...new Set(query.states ?? taskStates)]
      .flatMap((state) => tasksIn(state, query))
      .sort(newestFirst)
      .slice(0, query.limit);

  const tasksWith = (target: string, query: TaskQuery): Task[] => {
    const { tenant, provider = "", states = taskStates, hadProblems = false, before, since = 0, until = Number.MAX_SAFE_INTEGER } = query;
    return all(
      targetQuery(tenant),
      ...(readsByTenant(tenant) ? [tenant] : []),
      target,
      before?.id ?? LATER_THAN_ANY_ID,
      tenant ?? null,
      tenant ?? null,
      until,
      since,
      JSON.stringify(states),
      provider,
      provider,
      hadProblems ? 1 : 0,
      query.limit,
    ).map(taskFrom);
  };

  const firstProblem = (taskId: string): Item | undefined => {
    const row = get(
      `SELECT * FROM items INDEXED BY problem_items WHERE task_id = ? AND state IN ${PROBLEM_STATES} ORDER BY idx LIMIT 1`,
      taskId,
    );
    return row && itemFrom(row);
  };

  const itemOf = (taskId: string, target: string): StoredItem | undefined => {
    const row = get(
      `SELECT i.*, b.provider AS provider, CASE WHEN i.state = 'queued' AND b.state = 'queued' AND b.not_before > ? THEN b.not_before END AS not_before
         FROM items AS i INDEXED BY items_by_target LEFT JOIN batches AS b ON b.task_id = i.task_id AND b.number = i.batch
        WHERE i.target = ? AND i.task_id = ? ORDER BY i.idx LIMIT 1`,
      clock.now(),
      target,
      taskId,
    );
    return row && storedItemFrom(row);
  };

  return (query) => {
    const { target } = query;
    const tasks = target === undefined ? tasksByState(query) : tasksWith(target, query);
    return tasks.map((task): TaskSummary => {
      const byState = counts.ofTask(task.id);
      const hasProblem = byState.failed + byState.rejected + byState.unknown > 0;
      return {
        task,
        counts: byState,
        problem: hasProblem ? firstProblem(task.id) : undefined,
        found: target === undefined ? undefined : itemOf(task.id, target),
      };
    });
  };
}

/** Tasks before both bounds. The empty id sorts before each task of the moment `until`, which is no part of the span. */
function earliest(before: TaskQuery["before"], until = Number.MAX_SAFE_INTEGER): { readonly createdAt: number; readonly id: string } {
  return before !== undefined && before.createdAt < until ? before : { createdAt: until, id: "" };
}

function newestFirst(one: Task, other: Task): number {
  if (one.createdAt !== other.createdAt) return other.createdAt - one.createdAt;
  return one.id < other.id ? 1 : -1;
}
