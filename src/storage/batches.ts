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
  insert(batches: readonly Batch[]): Promise<void>;
  update(batch: BatchKey, fields: BatchUpdate): Promise<void>;
  addBytes(batch: BatchKey, bytes: number): Promise<void>;
  /** Moves some items of a batch to a new batch in the same state. */
  divide(batch: BatchKey, part: DivideChange["part"]): Promise<void>;
  /** Makes no batch of this row due before `until`, and keeps its state. */
  postpone(row: Row, until: number): Promise<void>;
}

export function createBatches({ run, get, insert, update }: Sql, items: Items): Batches {
  const keyOf = ({ taskId, number }: BatchKey) => ({ taskId, number });

  return {
    insert: (batches) =>
      insert(
        "batches",
        batches.map((batch) => ({ ...batch, refreshed: batch.nextAccount !== undefined })),
      ),

    update: (batch, fields) => update("batches", [{ where: keyOf(batch), fields }]),

    addBytes: async ({ taskId, number }, bytes) => {
      await run("UPDATE batches SET bytes = bytes + ? WHERE task_id = ? AND number = ?", bytes, taskId, number);
    },

    divide: async ({ taskId, number }, part) => {
      const row = await get("SELECT * FROM batches WHERE task_id = ? AND number = ?", taskId, number);
      if (!row) return;
      const last = await get("SELECT max(number) AS number FROM batches WHERE task_id = ?", taskId);
      const next = Number(last?.number) + 1;
      const neverSent = {
        owner: undefined,
        leaseUntil: undefined,
        sentAt: undefined,
        sentMonotonic: undefined,
        sentBoot: undefined,
        requestId: undefined,
      };
      await insert("batches", [{ ...batchFrom(row), ...neverSent, number: next, cost: part.cost, refreshed: row.refreshed === 1 }]);
      await run("UPDATE batches SET cost = cost - ? WHERE task_id = ? AND number = ?", part.cost, taskId, number);
      await items.move(taskId, part.items, next);
    },

    postpone: async (row, until) => {
      await run(
        `UPDATE batches SET not_before = CASE WHEN state = 'queued' THEN ? ELSE not_before END,
                            lease_until = CASE WHEN state <> 'queued' THEN CAST(? AS BIGINT) END, owner = NULL
          WHERE task_id = ? AND number = ?`,
        until,
        until,
        String(row.task_id),
        Number(row.number),
      );
    },
  };
}
