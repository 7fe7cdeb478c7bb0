/** Applies a change to a batch, its items and the ledger. */

import type { BatchChange, DeferChange, ItemChange, LaterDay } from "../prefetch/model/batch-change.ts";
import { unitsLeft } from "../prefetch/model/quota.ts";
import type { Storage } from "../prefetch/model/storage.ts";
import type { Batch } from "../prefetch/model/task.ts";
import { type Batches, type BatchUpdate, released } from "./batches.ts";
import type { Cancelling } from "./cancelling.ts";
import { UNSPENT_COST } from "./conditions.ts";
import type { Items } from "./items.ts";
import { accountLocks, accountsOf, type Ledger, nextSpender } from "./ledger.ts";
import type { Sql } from "./sql.ts";

interface Parts {
  readonly batches: Batches;
  readonly items: Items;
  readonly ledger: Ledger;
  readonly cancelling: Cancelling;
}

/** The vendor day on which a batch reserves quota, and how many units it still reserves. */
interface Reservation {
  readonly day: string;
  readonly cost: number;
}

export function createChanging({ get, hold, rowLocks }: Sql, { batches, items, ledger, cancelling }: Parts): Pick<Storage, "change"> {
  /** Finds nothing when the batch has another state, owner or lease than the caller knows. */
  const find = async (batch: Batch): Promise<(Reservation & { isCancelled: boolean }) | undefined> => {
    const row = await get(
      `SELECT batches.day AS day, ${UNSPENT_COST} AS cost, tasks.cancelled AS cancelled FROM batches JOIN tasks ON tasks.id = batches.task_id
        WHERE task_id = ? AND number = ? AND state = ? AND owner IS NOT DISTINCT FROM ? AND lease_until IS NOT DISTINCT FROM ? ${rowLocks.wait}`,
      batch.taskId,
      batch.number,
      batch.state,
      batch.owner ?? null,
      batch.leaseUntil ?? null,
    );
    return row && { day: String(row.day), cost: Number(row.cost), isCancelled: row.cancelled === 1 };
  };

  /** Keeps the outcomes that came with the change, and cancels the items that it would send again. */
  const cancelInstead = async (batch: Batch, day: string, change: BatchChange): Promise<void> => {
    await items.update(batch, change.items.filter(isFinal));
    await ledger.release(batch, day, change.refund);
    await releaseNext(batch, day, change);
    // The vendor has accepted the refresh, whose units are spent then.
    if (change.kind === "await-refresh") await batches.update(batch, { vendorTaskIds: change.vendorTaskIds });
    await cancelling.cancelBatch(batch);
  };

  const hasRoom = async (batch: Batch, reserved: Reservation, { day, ceiling, ownBudget }: LaterDay): Promise<boolean> => {
    // On its own day, the batch takes up the room that it already reserves.
    const alreadyReserved = day === reserved.day ? reserved.cost : 0;
    const tenantUsed = await ledger.spentByTask(batch, day);
    const { used } = await ledger.of(batch.account, day);
    return (
      reserved.cost <= unitsLeft(ceiling, used - alreadyReserved) &&
      (tenantUsed === undefined || reserved.cost <= unitsLeft(ownBudget, tenantUsed - alreadyReserved))
    );
  };

  const firstWithRoom = async (batch: Batch, reserved: Reservation, days: readonly LaterDay[]): Promise<LaterDay | undefined> => {
    for (const day of days) if (await hasRoom(batch, reserved, day)) return day;
    return undefined;
  };

  /** Moves the batch and its reservation to the first later day with room. False when no day has room. */
  const defer = async (batch: Batch, reserved: Reservation, change: DeferChange): Promise<boolean> => {
    const later = await firstWithRoom(batch, reserved, change.days);
    if (!later) return false;
    await batches.update(batch, { state: "queued", ...released, attempts: 0, day: later.day, notBefore: later.notBefore });
    await items.update(batch, change.items);
    await ledger.release(batch, reserved.day, reserved.cost);
    await ledger.reserve(batch, later.day, reserved.cost);
    // A batch that waits for another hour of its own day shows that the day is not used up.
    if (change.exhausted && later.day !== reserved.day) await ledger.markExhausted(batch.account, reserved.day);
    return true;
  };

  /** Gives back the prefetch units of items that end with the refresh before it. */
  const releaseNext = async (batch: Batch, day: string, { items: changed }: BatchChange): Promise<void> => {
    const next = nextSpender(batch);
    const ended = changed.filter(isFinal).length;
    if (next && ended > 0) await ledger.release(next, day, batch.kind === "asset" ? batch.cost : ended);
  };

  const write = async (batch: Batch, day: string, change: Exclude<BatchChange, DeferChange>): Promise<void> => {
    await batches.update(batch, fieldsAfter(batch, change));
    if (change.kind === "divide") await batches.divide(batch, change.part);
    await items.update(batch, change.items);
    await ledger.release(batch, day, change.refund);
    await releaseNext(batch, day, change);
    if (change.kind === "end" && change.exhausted) await ledger.markExhausted(batch.account, day);
  };

  const apply = async (batch: Batch, reserved: Reservation, change: BatchChange): Promise<void> => {
    if (change.kind !== "defer") await write(batch, reserved.day, change);
    else if (!(await defer(batch, reserved, change))) await write(batch, reserved.day, change.otherwise);
  };

  return {
    change: async (batch, change) => {
      await hold(...accountLocks(accountsOf(batch)));
      const stored = await find(batch);
      if (!stored) return false;
      if (change.bytes) await batches.addBytes(batch, change.bytes);
      if (stored.isCancelled && sendsAgain(change)) {
        await cancelInstead(batch, stored.day, change);
        return false;
      }
      await apply(batch, stored, change);
      return true;
    },
  };
}

function isFinal({ state }: ItemChange): boolean {
  return state !== "queued";
}

function sendsAgain({ kind }: BatchChange): boolean {
  return ["requeue", "await-refresh", "advance", "divide", "reclaim", "defer"].includes(kind);
}

function fieldsAfter(batch: Batch, change: Exclude<BatchChange, DeferChange>): BatchUpdate {
  switch (change.kind) {
    case "accept": {
      const { followed, sentAt, vendorTaskIds, requestId } = change;
      return { state: followed ? "sent" : "ended", ...released, sentAt, vendorTaskIds, requestId };
    }
    case "requeue":
      return { state: "queued", ...released, attempts: change.attempts, notBefore: change.notBefore };
    case "await-refresh": {
      const { notBefore, vendorTaskIds, requestId } = change;
      return { state: "queued", ...released, attempts: 0, notBefore, vendorTaskIds, requestId };
    }
    case "advance": {
      const { nextProvider: provider, nextAccount: account } = batch;
      const prefetch = { provider, account, nextProvider: null, nextAccount: null, attempts: 0, vendorTaskIds: [] };
      return { state: "queued", ...released, ...prefetch, notBefore: change.notBefore };
    }
    case "divide":
      return { state: "queued", ...released, attempts: 0, notBefore: change.notBefore };
    case "end":
      return { state: "ended", ...released, attempts: change.attempts, requestId: change.requestId };
    case "reclaim":
      return { state: "claimed", leaseUntil: change.leaseUntil };
    case "await-reconciliation":
      return { state: "sending", owner: null, leaseUntil: change.leaseUntil };
    case "progress":
      return { leaseUntil: change.leaseUntil, attempts: change.attempts };
    case "report":
      return {};
  }
}
