/** The queries about tasks, which change nothing. */

import type { Clock } from "../base/clock.ts";
import type { Backlog, ItemQuery, KnownItems, KnownQuery, Storage, WorkItem } from "../prefetch/model/storage.ts";
import { LONG_WAIT_MS } from "../prefetch/model/task.ts";
import { UNANSWERED } from "./conditions.ts";
import { inOrder } from "./in-order.ts";
import type { ItemCounts } from "./item-counts.ts";
import type { Items } from "./items.ts";
import { batchFrom, stateFrom, storedItemFrom } from "./rows.ts";
import type { Sql } from "./sql.ts";
import { createTaskPages } from "./task-pages.ts";
import { createTaskSnapshot } from "./task-snapshot.ts";

interface Parts {
  readonly items: Items;
  readonly counts: ItemCounts;
  readonly clock: Pick<Clock, "now">;
}

export function createReading(
  sql: Sql,
  { items, counts, clock }: Parts,
): Pick<Storage, "task" | "tasks" | "items" | "known" | "following" | "backlog"> {
  const { all } = sql;

  const itemRows = (taskId: string, { after, states, limit }: ItemQuery) =>
    all(
      `SELECT i.*, b.provider AS provider, CASE WHEN i.state = 'queued' AND b.state = 'queued' AND b.not_before > ? THEN b.not_before END AS not_before
         FROM items AS i LEFT JOIN batches AS b ON b.task_id = i.task_id AND b.number = i.batch
        WHERE i.task_id = ? AND EXISTS (SELECT 1 FROM tasks WHERE id = i.task_id) AND i.idx > ?
          AND (CAST(? AS BIGINT) IS NULL OR i.state IN (SELECT value FROM json_each(?)))
        ORDER BY i.idx LIMIT ?`,
      clock.now(),
      taskId,
      after ?? -1,
      states ? 1 : null,
      JSON.stringify(states ?? []),
      limit,
    );

  const knownOf = async ({ taskId, targets }: KnownQuery): Promise<KnownItems[]> => {
    const rows = await all(
      `SELECT state, count(*) AS n, min(due) AS first, max(due) AS last
         FROM (SELECT i.state AS state, CASE WHEN i.state = 'queued' AND b.state = 'queued' AND b.not_before > ? THEN b.not_before END AS due
                 FROM json_each(?) AS wanted
                 CROSS JOIN items AS i INDEXED BY items_by_target ON i.target = wanted.value AND i.task_id = ?
                 LEFT JOIN batches AS b ON b.task_id = i.task_id AND b.number = i.batch) AS known
        GROUP BY state, due IS NULL ORDER BY state, due IS NULL`,
      clock.now() + LONG_WAIT_MS,
      JSON.stringify(targets),
      taskId,
    );
    return rows.map(({ state, n, first, last }) => ({
      taskId,
      state: stateFrom(state),
      items: Number(n),
      waits: first === null ? undefined : { from: Number(first), until: Number(last) },
    }));
  };

  return {
    task: createTaskSnapshot(sql, counts, clock),

    tasks: createTaskPages(sql, counts, clock),

    items: async (taskId, query) => (await itemRows(taskId, query)).map(storedItemFrom),

    known: async (queries) => (await inOrder(queries, knownOf)).flat(),

    following: async (taskId) => {
      const rows = await all("SELECT * FROM batches WHERE task_id = ? AND state = 'sent' ORDER BY sent_at, number", taskId);
      return inOrder(rows.map(batchFrom), async (batch): Promise<WorkItem> => ({ batch, items: await items.ofBatch(batch) }));
    },

    backlog: async () => {
      const rows = await all(
        `SELECT provider, count(*) AS batches, sum(cost) AS units FROM batches
          WHERE ${UNANSWERED} GROUP BY provider ORDER BY provider`,
      );
      return rows.map((row): Backlog => ({ provider: String(row.provider), batches: Number(row.batches), units: Number(row.units) }));
    },
  };
}
