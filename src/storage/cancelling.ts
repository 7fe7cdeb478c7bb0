/** Cancels batches that are not in flight, and gives their quota back. */

import type { Freed } from "../prefetch/model/storage.ts";
import { type Batches, released } from "./batches.ts";
import { UNSPENT_COST } from "./conditions.ts";
import type { BatchKey, Items } from "./items.ts";
import type { Ledger } from "./ledger.ts";
import type { Sql } from "./sql.ts";

export interface Cancelling {
  /** Returns the units that it gave back. */
  cancelBatch(batch: BatchKey): Freed | undefined;
  /** Cancels the batches of a task that no process has begun to send. One entry for each provider and day. */
  cancelUnsent(taskId: string): Freed[];
}

export function createCancelling(
  { get, all }: Sql,
  { batches, items, ledger }: { batches: Batches; items: Items; ledger: Ledger },
): Cancelling {
  const cancelBatch = ({ taskId, number }: BatchKey): Freed | undefined => {
    const row = get(`SELECT provider, account, day, ${UNSPENT_COST} AS cost FROM batches WHERE task_id = ? AND number = ?`, taskId, number);
    if (!row) return undefined;
    batches.update({ taskId, number }, { state: "ended", ...released });
    items.cancel({ taskId, number });
    ledger.release({ taskId, account: String(row.account) }, String(row.day), Number(row.cost));
    return { provider: String(row.provider), day: String(row.day), units: Number(row.cost) };
  };

  return {
    cancelBatch,
    cancelUnsent: (taskId) => {
      const unsent = all("SELECT number FROM batches WHERE task_id = ? AND state IN ('queued', 'claimed')", taskId);
      const freed = unsent.flatMap(({ number }) => cancelBatch({ taskId, number: Number(number) }) ?? []);
      return [...Map.groupBy(freed, ({ provider, day }) => `${provider} ${day}`).values()].flatMap(([first, ...rest]) =>
        first ? [{ ...first, units: rest.reduce((sum, { units }) => sum + units, first.units) }] : [],
      );
    },
  };
}
