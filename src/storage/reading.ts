/** The questions about tasks that change nothing. */

import type { Clock } from "../base/clock.ts";
import type { Backlog, ItemQuery, Storage, TaskSnapshot, TaskSummary, WorkItem } from "../prefetch/model/storage.ts";
import { type Counts, noCounts } from "../prefetch/model/task.ts";
import type { Batches } from "./batches.ts";
import { batchFrom, stateFrom, storedItemFrom, taskFrom } from "./rows.ts";
import type { Sql } from "./sql.ts";

export function createReading(
  { get, all, atomically, read }: Sql,
  batches: Pick<Batches, "itemsOf">,
  clock: Clock,
): Pick<Storage, "task" | "tasks" | "items" | "following" | "backlog"> {
  const countsOf = (taskId: string): Counts => {
    const counts = noCounts();
    for (const group of all("SELECT state, count(*) AS n FROM items WHERE task_id = ? GROUP BY state", taskId)) {
      counts[stateFrom(group.state)] = Number(group.n);
    }
    return counts;
  };

  return {
    task: (taskId) =>
      atomically((): TaskSnapshot | undefined => {
        const row = get("SELECT * FROM tasks WHERE id = ?", taskId);
        if (!row) return undefined;
        const counts = countsOf(taskId);
        const batches = get(
          "SELECT count(*) AS n, count(*) FILTER (WHERE state <> 'ended') AS open, sum(bytes) AS bytes FROM batches WHERE task_id = ?",
          taskId,
        );
        const sending = get(
          `SELECT count(*) AS n FROM batches AS b CROSS JOIN items AS i INDEXED BY items_by_batch ON i.task_id = b.task_id AND i.batch = b.number
            WHERE b.task_id = ? AND b.state = 'sending' AND i.state = 'queued'`,
          taskId,
        );
        const waiting = all(
          `SELECT DISTINCT account FROM batches
            WHERE task_id = ? AND (state = 'queued' OR (state IN ('claimed', 'sending') AND lease_until <= ?)) ORDER BY account`,
          taskId,
          clock.now(),
        );
        const later = get(
          `SELECT count(*) AS n, min(b.not_before) AS first, max(b.not_before) AS last
             FROM batches AS b CROSS JOIN items AS i INDEXED BY items_by_batch ON i.task_id = b.task_id AND i.batch = b.number
            WHERE b.task_id = ? AND b.state = 'queued' AND b.not_before > ?`,
          taskId,
          clock.now(),
        );
        const delay = get(
          "SELECT reason FROM items WHERE task_id = ? AND state = 'queued' AND reason IS NOT NULL ORDER BY idx LIMIT 1",
          taskId,
        );
        const rejections = all("SELECT code, count(*) AS n FROM items WHERE task_id = ? AND state = 'rejected' GROUP BY code", taskId);
        return {
          task: taskFrom(row),
          counts,
          batches: Number(batches?.n),
          openBatches: Number(batches?.open),
          bytes: Number(batches?.bytes ?? 0),
          sending: Number(sending?.n),
          waitingAccounts: waiting.map((group) => String(group.account)),
          rejections: new Map(rejections.map((group) => [String(group.code), Number(group.n)])),
          later: later?.n ? { items: Number(later.n), from: Number(later.first), until: Number(later.last) } : undefined,
          delay: typeof delay?.reason === "string" ? delay.reason : undefined,
        };
      }, "BEGIN"),

    tasks: ({ tenant, provider, before, limit }) =>
      atomically(
        () =>
          all(
            `SELECT * FROM tasks
              WHERE ${tenant === undefined ? "? IS NULL" : "tenant = ?"}
                AND (? IS NULL OR EXISTS (SELECT 1 FROM json_each(providers) WHERE value = ?)) AND (created_at, id) < (?, ?)
              ORDER BY created_at DESC, id DESC LIMIT ?`,
            tenant ?? null,
            provider ?? null,
            provider ?? null,
            before?.createdAt ?? Number.MAX_SAFE_INTEGER,
            before?.id ?? "",
            limit,
          ).map((row): TaskSummary => {
            const task = taskFrom(row);
            return { task, counts: countsOf(task.id) };
          }),
        "BEGIN",
      ),

    items: (taskId, query: ItemQuery) =>
      read(() =>
        all(
          `SELECT i.*, CASE WHEN i.state = 'queued' AND b.state = 'queued' AND b.not_before > ? THEN b.not_before END AS not_before
             FROM items AS i LEFT JOIN batches AS b ON b.task_id = i.task_id AND b.number = i.batch
            WHERE i.task_id = ? AND i.idx > ? AND (? IS NULL OR i.state IN (SELECT value FROM json_each(?)))
            ORDER BY i.idx LIMIT ?`,
          clock.now(),
          taskId,
          query.after ?? -1,
          query.states ? 1 : null,
          JSON.stringify(query.states ?? []),
          query.limit,
        ).map(storedItemFrom),
      ),

    backlog: () =>
      read(() =>
        all(
          `SELECT provider, count(*) AS batches, sum(cost) AS units FROM batches
            WHERE state IN ('queued', 'claimed', 'sending') GROUP BY provider ORDER BY provider`,
        ).map((row): Backlog => ({ provider: String(row.provider), batches: Number(row.batches), units: Number(row.units) })),
      ),

    following: (taskId) =>
      read(() =>
        all("SELECT * FROM batches WHERE task_id = ? AND state = 'sent' ORDER BY sent_at, number", taskId)
          .map(batchFrom)
          .map((batch): WorkItem => ({ batch, items: batches.itemsOf(batch) })),
      ),
  };
}
