/** Marks a claimed batch as in flight, on the vendor day on which it spends. */

import { type Allowance, remainingUnits, unitsLeft } from "../prefetch/model/quota.ts";
import type { SendStart, Storage } from "../prefetch/model/storage.ts";
import type { Batch } from "../prefetch/model/task.ts";
import type { Batches } from "./batches.ts";
import { UNSPENT_COST } from "./conditions.ts";
import { type Ledger, nextSpender, type Spender } from "./ledger.ts";
import type { Sql } from "./sql.ts";

export function createSending({ get, atomically }: Sql, batches: Batches, ledger: Ledger): Pick<Storage, "startSending"> {
  /** The day and the units that the batch reserves, if this process still holds it. */
  const reservationOf = ({ taskId, number, owner, leaseUntil }: Batch, now: number): { day: string; cost: number } | undefined => {
    const row = get(
      `SELECT day, ${UNSPENT_COST} AS cost FROM batches
        WHERE task_id = ? AND number = ? AND state = 'claimed' AND owner IS ? AND lease_until = ? AND (owner IS NOT NULL OR lease_until > ?)`,
      taskId,
      number,
      owner ?? null,
      leaseUntil ?? 0,
      now,
    );
    return row && { day: String(row.day), cost: Number(row.cost) };
  };

  const hasRoom = (spender: Spender, { day, ownBudget }: SendStart, allowance: Allowance | undefined, cost: number): boolean =>
    allowance !== undefined &&
    cost <= remainingUnits(allowance, ledger.of(spender.account, day)) &&
    cost <= unitsLeft(ownBudget, ledger.spentByTask(spender, day) ?? 0);

  /** Moves what the batch reserves, for a refresh and for the prefetch after it, to the day of the start. False without room. */
  const moveReservation = (batch: Batch, start: SendStart, { day, cost }: { day: string; cost: number }): boolean => {
    const next = nextSpender(batch);
    const spenders = [{ spender: batch, allowance: start.allowance }, ...(next ? [{ spender: next, allowance: start.nextAllowance }] : [])];
    if (!spenders.every(({ spender, allowance }) => hasRoom(spender, start, allowance, cost))) return false;
    for (const { spender } of spenders) {
      ledger.release(spender, day, cost);
      ledger.reserve(spender, start.day, cost);
    }
    return true;
  };

  return {
    startSending: (batch, start) =>
      atomically(() => {
        const { now, leaseUntil, monotonic, boot, day } = start;
        const reserved = reservationOf(batch, now);
        if (!reserved) return "lost";
        if (reserved.day !== day && !moveReservation(batch, start, reserved)) return "over_quota";
        batches.update(batch, { state: "sending", sentAt: now, sentMonotonic: monotonic, sentBoot: boot, leaseUntil, day });
        return "started";
      }),
  };
}
