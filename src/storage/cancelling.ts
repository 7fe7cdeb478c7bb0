/** Cancels batches that are not in flight, and gives their quota back. */

import { type Batches, released } from "./batches.ts";
import { UNSPENT_COST } from "./conditions.ts";
import type { BatchKey, Items } from "./items.ts";
import type { Ledger } from "./ledger.ts";
import type { Sql } from "./sql.ts";

export interface Cancelling {
  cancelBatch(batch: BatchKey): void;
  /** Cancels the batches of a task that no process has begun to send. */
  cancelUnsent(taskId: string): void;
}

export function createCancelling(
  { get, all }: Sql,
  { batches, items, ledger }: { batches: Batches; items: Items; ledger: Ledger },
): Cancelling {
  const cancelBatch = ({ taskId, number }: BatchKey): void => {
    const row = get(`SELECT account, day, ${UNSPENT_COST} AS cost FROM batches WHERE task_id = ? AND number = ?`, taskId, number);
    if (!row) return;
    batches.update({ taskId, number }, { state: "ended", ...released });
    items.cancel({ taskId, number });
    ledger.release({ taskId, account: String(row.account) }, String(row.day), Number(row.cost));
  };

  return {
    cancelBatch,
    cancelUnsent: (taskId) => {
      const unsent = all("SELECT number FROM batches WHERE task_id = ? AND state IN ('queued', 'claimed')", taskId);
      for (const row of unsent) cancelBatch({ taskId, number: Number(row.number) });
    },
  };
}
