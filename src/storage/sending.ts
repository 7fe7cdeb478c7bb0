/** Marks a claimed batch as in flight, on the vendor day on which it spends. */

import { remainingUnits, unitsLeft } from "../prefetch/model/quota.ts";
import type { SendStart, Storage } from "../prefetch/model/storage.ts";
import type { Batch } from "../prefetch/model/task.ts";
import type { Batches } from "./batches.ts";
import { UNSPENT_COST } from "./conditions.ts";
import type { Ledger } from "./ledger.ts";
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

  const hasRoom = (batch: Batch, { day, allowance, ownBudget }: SendStart, cost: number): boolean =>
    allowance !== undefined &&
    cost <= remainingUnits(allowance, ledger.of(batch.account, day)) &&
    cost <= unitsLeft(ownBudget, ledger.spentByTask(batch, day) ?? 0);

  return {
    startSending: (batch, start) =>
      atomically(() => {
        const { now, leaseUntil, monotonic, boot, day } = start;
        const reserved = reservationOf(batch, now);
        if (!reserved) return "lost";
        if (reserved.day !== day) {
          if (!hasRoom(batch, start, reserved.cost)) return "over_quota";
          ledger.release(batch, reserved.day, reserved.cost);
          ledger.reserve(batch, day, reserved.cost);
        }
        batches.update(batch, { state: "sending", sentAt: now, sentMonotonic: monotonic, sentBoot: boot, leaseUntil, day });
        return "started";
      }),
  };
}
