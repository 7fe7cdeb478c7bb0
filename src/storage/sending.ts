/** Marks a claimed batch as in flight, on the vendor day on which it spends. */

import { type Allowance, remainingUnits, unitsLeft } from "../prefetch/model/quota.ts";
import type { SendStart, Storage } from "../prefetch/model/storage.ts";
import type { Batch } from "../prefetch/model/task.ts";
import type { Batches } from "./batches.ts";
import { UNSPENT_COST } from "./conditions.ts";
import { inOrder } from "./in-order.ts";
import { accountLocks, accountsOf, type Ledger, nextSpender, type Spender } from "./ledger.ts";
import type { Sql } from "./sql.ts";

export function createSending({ get, hold, rowLocks }: Sql, batches: Batches, ledger: Ledger): Pick<Storage, "startSending"> {
  /** The day and the units that the batch reserves, if this process still holds it. */
  const reservationOf = async (
    { taskId, number, owner, leaseUntil }: Batch,
    now: number,
  ): Promise<{ day: string; cost: number } | undefined> => {
    const row = await get(
      `SELECT day, ${UNSPENT_COST} AS cost FROM batches
        WHERE task_id = ? AND number = ? AND state = 'claimed' AND owner IS NOT DISTINCT FROM ? AND lease_until = ? AND (owner IS NOT NULL OR lease_until > ?)
        ${rowLocks.wait}`,
      taskId,
      number,
      owner ?? null,
      leaseUntil ?? 0,
      now,
    );
    return row && { day: String(row.day), cost: Number(row.cost) };
  };

  const hasRoom = async (
    spender: Spender,
    { day, ownBudget }: SendStart,
    allowance: Allowance | undefined,
    cost: number,
  ): Promise<boolean> =>
    allowance !== undefined &&
    cost <= remainingUnits(allowance, await ledger.of(spender.account, day)) &&
    cost <= unitsLeft(ownBudget, (await ledger.spentByTask(spender, day)) ?? 0);

  /** Moves what the batch reserves, for a refresh and for the prefetch after it, to the day of the start. False without room. */
  const moveReservation = async (batch: Batch, start: SendStart, { day, cost }: { day: string; cost: number }): Promise<boolean> => {
    const next = nextSpender(batch);
    const spenders = [{ spender: batch, allowance: start.allowance }, ...(next ? [{ spender: next, allowance: start.nextAllowance }] : [])];
    const rooms = await inOrder(spenders, ({ spender, allowance }) => hasRoom(spender, start, allowance, cost));
    if (rooms.includes(false)) return false;
    for (const { spender } of spenders) {
      await ledger.release(spender, day, cost);
      await ledger.reserve(spender, start.day, cost);
    }
    return true;
  };

  return {
    startSending: async (batch, start) => {
      const { now, leaseUntil, monotonic, boot, day } = start;
      await hold(...accountLocks(accountsOf(batch)));
      const reserved = await reservationOf(batch, now);
      if (!reserved) return "lost";
      if (reserved.day !== day && !(await moveReservation(batch, start, reserved))) return "over_quota";
      await batches.update(batch, { state: "sending", sentAt: now, sentMonotonic: monotonic, sentBoot: boot, leaseUntil, day });
      return "started";
    },
  };
}
