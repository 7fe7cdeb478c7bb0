/** Cancels batches that are not in flight, and gives their quota back. */

import type { Freed } from "../prefetch/model/storage.ts";
import { type Batches, released } from "./batches.ts";
import type { Row } from "./columns.ts";
import { COPIES_DROPPED, REFRESHING, UNSPENT_COST } from "./conditions.ts";
import { inOrder } from "./in-order.ts";
import type { BatchKey, Items } from "./items.ts";
import type { Ledger } from "./ledger.ts";
import type { Sql } from "./sql.ts";

export interface Cancelling {
  /** Returns the units that it gave back, of the prefetch and of the refresh before it. */
  cancelBatch(batch: BatchKey): Promise<Freed[]>;
  /** Cancels the batches of a task that no process has begun to send. One entry for each provider and day. */
  cancelUnsent(taskId: string): Promise<Freed[]>;
}

const UNSENT = "Cancelled before it was sent.";
const DROPPED =
  "Cancelled before it was prefetched, after the vendor was told to drop its old copy: it is cold until it is prefetched again.";

function together(one: Freed, other: Freed): Freed {
  const dropped = (one.dropped ?? 0) + (other.dropped ?? 0);
  return { ...one, units: one.units + other.units, ...(dropped > 0 && { dropped }) };
}

export function createCancelling(
  { get, all }: Sql,
  { batches, items, ledger }: { batches: Batches; items: Items; ledger: Ledger },
): Cancelling {
  const cancelBatch = async ({ taskId, number }: BatchKey): Promise<Freed[]> => {
    const row = await get(
      `SELECT provider, account, next_provider, next_account, day, ${UNSPENT_COST} AS cost, ${REFRESHING} AS is_refreshing, ${COPIES_DROPPED} AS is_dropped
         FROM batches WHERE task_id = ? AND number = ?`,
      taskId,
      number,
    );
    if (!row) return [];
    const [day, units] = [String(row.day), Number(row.cost)];
    await batches.update({ taskId, number }, { state: "ended", ...released });
    const isDropped = row.is_dropped === 1;
    await items.cancel({ taskId, number }, isDropped ? DROPPED : UNSENT);
    const free = async (provider: Row[string] | undefined, account: Row[string] | undefined): Promise<Freed> => {
      await ledger.release({ taskId, account: String(account) }, day, units);
      return { provider: String(provider), day, units, ...(isDropped && { dropped: units }) };
    };
    return [
      ...(row.is_refreshing === 1 ? [] : [await free(row.provider, row.account)]),
      ...(row.next_account === null ? [] : [await free(row.next_provider, row.next_account)]),
    ];
  };

  return {
    cancelBatch,
    cancelUnsent: async (taskId) => {
      const unsent = await all("SELECT number FROM batches WHERE task_id = ? AND state IN ('queued', 'claimed')", taskId);
      const freed = (await inOrder(unsent, ({ number }) => cancelBatch({ taskId, number: Number(number) }))).flat();
      return [...Map.groupBy(freed, ({ provider, day }) => `${provider} ${day}`).values()].flatMap(([first, ...rest]) =>
        first ? [rest.reduce(together, first)] : [],
      );
    },
  };
}
