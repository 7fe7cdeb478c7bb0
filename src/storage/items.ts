/** The table of items. Every change of an item's state passes here, which keeps the counts right. */

import type { ItemChange } from "../prefetch/model/batch-change.ts";
import type { Batch, Item, Task } from "../prefetch/model/task.ts";
import type { ItemCounts } from "./item-counts.ts";
import { itemFrom } from "./rows.ts";
import type { Sql } from "./sql.ts";

export type BatchKey = Pick<Batch, "taskId" | "number">;

export interface Items {
  ofBatch(batch: BatchKey): Item[];
  insert(task: Pick<Task, "id" | "tenant">, items: readonly Item[]): void;
  /** Changes items of one batch. A change without `parts` keeps the stored parts, but no code and no reason. */
  update(batch: BatchKey, changes: readonly ItemChange[]): void;
  /** Cancels the items of a batch that are not settled. */
  cancel(batch: BatchKey, reason: string): void;
  /** Moves items to another batch of their task. */
  move(taskId: string, indexes: readonly number[], toBatch: number): void;
  /** Deletes at most `most` items of a task. Returns their number. */
  delete(taskId: string, most: number): number;
}

export function createItems({ run, get, all, insert, update }: Sql, counts: ItemCounts): Items {
  return {
    ofBatch: ({ taskId, number }) =>
      // Without INDEXED BY, SQLite reads the whole task to avoid a sort.
      all("SELECT * FROM items INDEXED BY items_by_batch WHERE task_id = ? AND batch = ? ORDER BY idx", taskId, number).map(itemFrom),

    insert: ({ id, tenant }, items) =>
      counts.track(id, () => {
        for (const item of items) insert("items", { taskId: id, tenant, ...item });
      }),

    update: ({ taskId }, changes) => {
      if (changes.length === 0) return;
      counts.track(taskId, () => {
        for (const { index, state, code = null, reason = null, parts } of changes) {
          update("items", { taskId, index }, { state, code, reason, parts });
        }
      });
    },

    cancel: ({ taskId, number }, reason) =>
      counts.track(taskId, () =>
        run(
          "UPDATE items SET state = 'cancelled', code = 'cancelled', reason = ? WHERE task_id = ? AND batch = ? AND state = 'queued'",
          reason,
          taskId,
          number,
        ),
      ),

    move: (taskId, indexes, toBatch) =>
      run(
        "UPDATE items SET batch = ? WHERE task_id = ? AND idx IN (SELECT value FROM json_each(?))",
        toBatch,
        taskId,
        JSON.stringify(indexes),
      ),

    delete: (taskId, most) =>
      counts.track(taskId, () => {
        run(
          "DELETE FROM items WHERE task_id = ? AND idx IN (SELECT idx FROM items WHERE task_id = ? ORDER BY idx LIMIT ?)",
          taskId,
          taskId,
          most,
        );
        return Number(get("SELECT changes() AS items")?.items);
      }),
  };
}
