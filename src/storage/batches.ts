/** The table of batches. */

import type { DivideChange } from "../prefetch/model/batch-change.ts";
import type { Batch } from "../prefetch/model/task.ts";
import type { Row } from "./columns.ts";
import type { BatchKey, Items } from "./items.ts";
import { batchFrom } from "./rows.ts";
import type { Sql } from "./sql.ts";

/** A field that is missing or `undefined` keeps its value. */
export type BatchUpdate = {
  readonly [Field in
    | "state"
    | "day"
    | "attempts"
    | "notBefore"
    | "sentAt"
    | "sentMonotonic"
    | "sentBoot"
    | "vendorTaskIds"
    | "requestId"
    | "provider"
    | "account"]?: Batch[Field] | undefined;
} & { readonly [Field in "leaseUntil" | "owner" | "nextProvider" | "nextAccount"]?: Batch[Field] | null };

/** No process holds the batch any more. */
export const released = { owner: null, leaseUntil: null } as const;

export interface Batches {
  insert(batch: Batch): void;
  update(batch: BatchKey, fields: BatchUpdate): void;
  addBytes(batch: BatchKey, bytes: number): void;
  /** Moves some items of a batch to a new batch in the same state. */
  divide(batch: BatchKey, part: DivideChange["part"]): void;
  /** Makes no batch of this row due before `until`, and keeps its state. */
  postpone(row: Row, until: number): void;
}

export function createBatches({ run, get, insert, update }: Sql, items: Items): Batches {
  const keyOf = ({ taskId, number }: BatchKey) => ({ taskId, number });

  return {
    insert: (batch) => insert("batches", { ...batch, refreshed: batch.nextAccount !== undefined }),

    update: (batch, fields) => update("batches", keyOf(batch), fields),

    addBytes: ({ taskId, number }, bytes) =>
      run("UPDATE batches SET bytes = bytes + ? WHERE task_id = ? AND number = ?", bytes, taskId, number),

    divide: ({ taskId, number }, part) => {
      const row = get("SELECT * FROM batches WHERE task_id = ? AND number = ?", taskId, number);
      if (!row) return;
      const last = get("SELECT max(number) AS number FROM batches WHERE task_id = ?", taskId);
      const next = Number(last?.number) + 1;
      const neverSent = {
        owner: undefined,
        leaseUntil: undefined,
        sentAt: undefined,
        sentMonotonic: undefined,
        sentBoot: undefined,
        requestId: undefined,
      };
      insert("batches", { ...batchFrom(row), ...neverSent, number: next, cost: part.cost, refreshed: row.refreshed === 1 });
      run("UPDATE batches SET cost = cost - ? WHERE task_id = ? AND number = ?", part.cost, taskId, number);
      items.move(taskId, part.items, next);
    },

    postpone: (row, until) =>
      run(
        `UPDATE batches SET not_before = iif(state = 'queued', ?, not_before), lease_until = iif(state = 'queued', NULL, ?), owner = NULL
          WHERE task_id = ? AND number = ?`,
        until,
        until,
        String(row.task_id),
        Number(row.number),
      ),
  };
}
