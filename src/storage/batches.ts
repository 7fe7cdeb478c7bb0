/** The tables of batches and their items: how a batch is written, divided, called off and changed. */

import type { SQLInputValue } from "node:sqlite";
import type { DivideChange, ItemChange, LaterDay } from "../prefetch/model/batch-change.ts";
import type { Batch, Item } from "../prefetch/model/task.ts";
import type { Census } from "./census.ts";
import type { Ledger } from "./ledger.ts";
import { batchFrom, itemFrom } from "./rows.ts";
import type { Row, Sql } from "./sql.ts";

/** What a batch still costs: of one that was interrupted, the units of what is settled are spent on the day of that. */
export const OPEN_COST = `CASE batches.kind WHEN 'asset' THEN batches.cost ELSE min(batches.cost,
  (SELECT count(*) FROM items WHERE items.task_id = batches.task_id AND items.batch = batches.number AND items.state = 'queued')) END`;

type Key = Pick<Batch, "taskId" | "number">;

/** Columns to write. A column that is missing, or `undefined`, keeps its value; only the lease can be taken away. */
export interface BatchColumns {
  readonly state?: Batch["state"] | undefined;
  readonly attempts?: number | undefined;
  readonly notBefore?: number | undefined;
  readonly leaseUntil?: number | undefined;
  readonly sentAt?: number | undefined;
  readonly vendorTaskIds?: readonly string[] | undefined;
  readonly requestId?: string | undefined;
}

export interface Batches {
  insert(batch: Batch): void;
  itemsOf(batch: Key): Item[];
  update(batch: Key, columns: BatchColumns): void;
  addBytes(batch: Key, bytes: number): void;
  updateItems(batch: Key, changes: readonly ItemChange[]): void;
  /** Queues a batch for a later day. The caller moves its reservation in the ledger. */
  defer(batch: Key, to: LaterDay): void;
  /** Moves some items of a batch that has just been written to a new queued batch. */
  divide(batch: Key, part: DivideChange["part"]): void;
  /** Leaves a batch that cannot be read alone until then, in whichever state it is. */
  setAside(row: Row, until: number): void;
  /** Ends a batch of which nothing is on the wire, and gives its quota back. */
  cancel(taskId: string, number: number): void;
}

export function createBatches({ run, get, all }: Sql, ledger: Ledger, census: Census): Batches {
  const insert = (batch: Batch): void => {
    run(
      `INSERT INTO batches (task_id, number, origin, provider, account, kind, state, day, cost, may_wait, attempts, not_before, vendor_task_ids)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      batch.taskId,
      batch.number,
      batch.origin,
      batch.provider,
      batch.account,
      batch.kind,
      batch.state,
      batch.day,
      batch.cost,
      batch.deferrable ? 1 : 0,
      batch.attempts,
      batch.notBefore,
      JSON.stringify(batch.vendorTaskIds),
    );
  };

  return {
    insert,

    itemsOf: ({ taskId, number }) =>
      // Left to itself, SQLite reads the whole task to save itself the sorting.
      all("SELECT * FROM items INDEXED BY items_by_batch WHERE task_id = ? AND batch = ? ORDER BY idx", taskId, number).map(itemFrom),

    update: ({ taskId, number }, change) => {
      const columns: [string, SQLInputValue][] = [];
      if (change.state !== undefined) columns.push(["state", change.state]);
      if (change.attempts !== undefined) columns.push(["attempts", change.attempts]);
      if (change.notBefore !== undefined) columns.push(["not_before", change.notBefore]);
      if ("leaseUntil" in change) columns.push(["lease_until", change.leaseUntil ?? null]);
      if (change.sentAt !== undefined) columns.push(["sent_at", change.sentAt]);
      if (change.vendorTaskIds !== undefined) columns.push(["vendor_task_ids", JSON.stringify(change.vendorTaskIds)]);
      if (change.requestId !== undefined) columns.push(["request_id", change.requestId]);
      if (columns.length === 0) return;
      const assignments = columns.map(([name]) => `${name} = ?`).join(", ");
      run(`UPDATE batches SET ${assignments} WHERE task_id = ? AND number = ?`, ...columns.map(([, value]) => value), taskId, number);
    },

    addBytes: ({ taskId, number }, bytes) =>
      run("UPDATE batches SET bytes = bytes + ? WHERE task_id = ? AND number = ?", bytes, taskId, number),

    updateItems: ({ taskId, number }, changes) => {
      if (changes.length === 0) return;
      census.across(taskId, number, () => {
        for (const item of changes) {
          run(
            "UPDATE items SET state = ?, code = ?, reason = ?, parts = coalesce(?, parts) WHERE task_id = ? AND idx = ?",
            item.state,
            item.code ?? null,
            item.reason ?? null,
            item.parts ? JSON.stringify(item.parts) : null,
            taskId,
            item.index,
          );
        }
      });
    },

    defer: ({ taskId, number }, { day, notBefore }) =>
      run(
        "UPDATE batches SET state = 'queued', lease_until = NULL, attempts = 0, day = ?, not_before = ? WHERE task_id = ? AND number = ?",
        day,
        notBefore,
        taskId,
        number,
      ),

    divide: (key, { items, cost }) => {
      const row = get("SELECT * FROM batches WHERE task_id = ? AND number = ?", key.taskId, key.number);
      const last = get("SELECT max(number) AS number FROM batches WHERE task_id = ?", key.taskId);
      if (!row) return;
      const next = Number(last?.number) + 1;
      insert({ ...batchFrom(row), number: next, cost });
      run("UPDATE batches SET cost = cost - ? WHERE task_id = ? AND number = ?", cost, key.taskId, key.number);
      run(
        "UPDATE items SET batch = ? WHERE task_id = ? AND idx IN (SELECT value FROM json_each(?))",
        next,
        key.taskId,
        JSON.stringify(items),
      );
    },

    setAside: (row, until) =>
      run(
        `UPDATE batches SET not_before = iif(state = 'queued', ?, not_before), lease_until = iif(state = 'queued', NULL, ?)
          WHERE task_id = ? AND number = ?`,
        until,
        until,
        String(row.task_id),
        Number(row.number),
      ),

    cancel: (taskId, number) => {
      const batch = get(`SELECT account, day, ${OPEN_COST} AS cost FROM batches WHERE task_id = ? AND number = ?`, taskId, number);
      if (!batch) return;
      run("UPDATE batches SET state = 'ended', lease_until = NULL WHERE task_id = ? AND number = ?", taskId, number);
      census.across(taskId, number, () =>
        run(
          "UPDATE items SET state = 'cancelled', code = 'cancelled', reason = ? WHERE task_id = ? AND batch = ? AND state = 'queued'",
          "Cancelled before it was sent.",
          taskId,
          number,
        ),
      );
      ledger.spend({ taskId, account: String(batch.account) }, String(batch.day), -Number(batch.cost), false);
    },
  };
}
