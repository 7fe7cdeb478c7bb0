/** Cancels batches that are not in flight, and gives their quota back. */

import type { Freed } from "../prefetch/model/storage.ts";
import { type Batches, released } from "./batches.ts";
import type { Row } from "./columns.ts";
import { COPIES_DROPPED, REFRESHING, UNSPENT_COST } from "./conditions.ts";
import { inOrder } from "./in-order.ts";
import type { BatchKey, Items } from "./items.ts";
import { accountLocks, type Ledger } from "./ledger.ts";
import type { Sql } from "./sql.ts";

export interface Cancelling {
  /** The accounts in which the batches of a task reserve units. */
  accountsOfTask(taskId: string): Promise<string[]>;
  /** Returns the units that it gave back, of the prefetch and of the refresh before it. */
  cancelBatch(batch: BatchKey): Promise<Freed[]>;
  /**
   * Marks the task as cancelled, and cancels those of its batches that no process has begun to send. One entry for each provider and
   * day.
   */
  cancelTask(taskId: string): Promise<Freed[]>;
}

const UNSENT = "Cancelled before it was sent.";
const DROPPED =
  "Cancelled before it was prefetched, after the vendor was told to drop its old copy: it is cold until it is prefetched again.";

function together(one: Freed, other: Freed): Freed {
  const dropped = (one.dropped ?? 0) + (other.dropped ?? 0);
  return { ...one, units: one.units + other.units, ...(dropped > 0 && { dropped }) };
}

export function createCancelling(
  { get, all, run, hold, rowLocks }: Sql,
  { batches, items, ledger }: { batches: Batches; items: Items; ledger: Ledger },
): Cancelling {
  const accountsOfTask = async (taskId: string): Promise<string[]> => {
    const rows = await all(
      `SELECT account FROM batches WHERE task_id = ?
        UNION SELECT next_account FROM batches WHERE task_id = ? AND next_account IS NOT NULL`,
      taskId,
      taskId,
    );
    return rows.map(({ account }) => String(account));
  };

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
    accountsOfTask,

    cancelTask: async (taskId) => {
      await hold(...accountLocks(await accountsOfTask(taskId)));
      await run("UPDATE tasks SET cancelled = 1 WHERE id = ?", taskId);
      const unsent = await all(
        `SELECT number FROM batches WHERE task_id = ? AND state IN ('queued', 'claimed') ORDER BY number ${rowLocks.wait}`,
        taskId,
      );
      const freed = (await inOrder(unsent, ({ number }) => cancelBatch({ taskId, number: Number(number) }))).flat();
      return [...Map.groupBy(freed, ({ provider, day }) => `${provider} ${day}`).values()].flatMap(([first, ...rest]) =>
        first ? [rest.reduce(together, first)] : [],
      );
    },
  };
}
