/** The table of items. Every change of an item's state passes here, which keeps the counts right. */

import type { ItemChange } from "../prefetch/model/batch-change.ts";
import type { Batch, Item, Task } from "../prefetch/model/task.ts";
import type { ItemCounts } from "./item-counts.ts";
import { itemFrom } from "./rows.ts";
import type { Sql } from "./sql.ts";

export type BatchKey = Pick<Batch, "taskId" | "number">;

export interface Items {
  ofBatch(batch: BatchKey): Promise<Item[]>;
  insert(task: Pick<Task, "id" | "tenant">, items: readonly Item[]): Promise<void>;
  /** Changes items of one batch. A change without `parts` keeps the stored parts, but no code and no reason. */
  update(batch: BatchKey, changes: readonly ItemChange[]): Promise<void>;
  /** Cancels the items of a batch that are not settled. */
  cancel(batch: BatchKey, reason: string): Promise<void>;
  /** Moves items to another batch of their task. */
  move(taskId: string, indexes: readonly number[], toBatch: number): Promise<void>;
  /** Deletes at most `most` items of a task. Returns their number. */
  delete(taskId: string, most: number): Promise<number>;
}

export function createItems({ run, all, insert, update }: Sql, counts: ItemCounts): Items {
  return {
    ofBatch: async ({ taskId, number }) => {
      // Without INDEXED BY, SQLite reads the whole task to avoid a sort.
      const rows = await all("SELECT * FROM items INDEXED BY items_by_batch WHERE task_id = ? AND batch = ? ORDER BY idx", taskId, number);
      return rows.map(itemFrom);
    },

    insert: ({ id, tenant }, items) => {
      const rows = items.map((item) => ({ taskId: id, tenant, ...item }));
      return counts.track(id, () => insert("items", rows));
    },

    update: async ({ taskId }, changes) => {
      if (changes.length === 0) return;
      const updates = changes.map(({ index, state, code, reason, parts }) => ({
        where: { taskId, index },
        fields: { state, code: code ?? null, reason: reason ?? null, parts },
      }));
      await counts.track(taskId, () => update("items", updates));
    },

    cancel: async ({ taskId, number }, reason) => {
      await counts.track(taskId, () =>
        run(
          "UPDATE items SET state = 'cancelled', code = 'cancelled', reason = ? WHERE task_id = ? AND batch = ? AND state = 'queued'",
          reason,
          taskId,
          number,
        ),
      );
    },

    move: async (taskId, indexes, toBatch) => {
      await run(
        "UPDATE items SET batch = ? WHERE task_id = ? AND idx IN (SELECT CAST(value AS BIGINT) FROM json_each(?))",
        toBatch,
        taskId,
        JSON.stringify(indexes),
      );
    },

    delete: (taskId, most) =>
      counts.track(taskId, () =>
        run(
          "DELETE FROM items WHERE task_id = ? AND idx IN (SELECT idx FROM items WHERE task_id = ? ORDER BY idx LIMIT ?)",
          taskId,
          taskId,
          most,
        ),
      ),
  };
}
