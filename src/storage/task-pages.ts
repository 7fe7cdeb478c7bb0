/** Reads pages of tasks, newest first, and for each task what the list shows of its items. */

import type { Clock } from "../base/clock.ts";
import type { StoredItem, TaskQuery, TaskSummary } from "../prefetch/model/storage.ts";
import { type Item, type Task, type TaskState, taskStates } from "../prefetch/model/task.ts";
import { PROBLEM_STATES } from "./finding-tables.ts";
import { inOrder } from "./in-order.ts";
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
      AND (CAST(? AS TEXT) IS NULL OR tasks.tenant = ?) AND tasks.created_at < ? AND tasks.created_at >= ?
      AND task_state IN (SELECT value FROM json_each(?))
      AND (? = '' OR EXISTS (SELECT 1 FROM listing
            WHERE provider = ? AND state = tasks.task_state AND listing.created_at = tasks.created_at AND task_id = tasks.id))
      AND (? = 0 OR EXISTS (SELECT 1 FROM task_counts WHERE task_id = tasks.id AND state IN ${PROBLEM_STATES}))
      AND NOT EXISTS (SELECT 1 FROM items AS first INDEXED BY items_by_target
            WHERE first.target = items.target AND first.task_id = tasks.id AND first.idx < items.idx)
    ORDER BY items.task_id DESC LIMIT ?`;
}

const LATER_THAN_ANY_ID = "pg";

export function createTaskPages(
  { all, get }: Sql,
  counts: ItemCounts,
  clock: Pick<Clock, "now">,
): (query: TaskQuery) => Promise<TaskSummary[]> {
  const tasksIn = async (state: TaskState, query: TaskQuery): Promise<Task[]> => {
    const { tenant, provider, before, since, until, limit } = query;
    const bound = earliest(before, until);
    const rows = await all(
      listingQuery(query),
      ...(tenant === undefined ? [] : [tenant]),
      provider ?? "",
      state,
      bound.createdAt,
      bound.id,
      since ?? 0,
      limit,
    );
    return rows.map(taskFrom);
  };

  /** The page is the newest part of a page of each state. */
  const tasksByState = async (query: TaskQuery): Promise<Task[]> => {
    const pages = await inOrder(new Set(query.states ?? taskStates), (state) => tasksIn(state, query));
    return pages.flat().sort(newestFirst).slice(0, query.limit);
  };

  const tasksWith = async (target: string, query: TaskQuery): Promise<Task[]> => {
    const { tenant, provider = "", states = taskStates, hadProblems = false, before, since = 0, until = Number.MAX_SAFE_INTEGER } = query;
    const rows = await all(
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
    );
    return rows.map(taskFrom);
  };

  const firstProblem = async (taskId: string): Promise<Item | undefined> => {
    const row = await get(
      `SELECT * FROM items INDEXED BY problem_items WHERE task_id = ? AND state IN ${PROBLEM_STATES} ORDER BY idx LIMIT 1`,
      taskId,
    );
    return row && itemFrom(row);
  };

  const itemOf = async (taskId: string, target: string): Promise<StoredItem | undefined> => {
    const row = await get(
      `SELECT i.*, b.provider AS provider, CASE WHEN i.state = 'queued' AND b.state = 'queued' AND b.not_before > ? THEN b.not_before END AS not_before
         FROM items AS i INDEXED BY items_by_target LEFT JOIN batches AS b ON b.task_id = i.task_id AND b.number = i.batch
        WHERE i.target = ? AND i.task_id = ? ORDER BY i.idx LIMIT 1`,
      clock.now(),
      target,
      taskId,
    );
    return row && storedItemFrom(row);
  };

  return async (query) => {
    const { target } = query;
    const tasks = target === undefined ? await tasksByState(query) : await tasksWith(target, query);
    return inOrder(tasks, async (task): Promise<TaskSummary> => {
      const byState = await counts.ofTask(task.id);
      const hasProblem = byState.failed + byState.rejected + byState.unknown > 0;
      return {
        task,
        counts: byState,
        problem: hasProblem ? await firstProblem(task.id) : undefined,
        found: target === undefined ? undefined : await itemOf(task.id, target),
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
