/** How a change of a batch is applied: to the batch, its items and the ledger, in one transaction. */

import type { BatchChange, DeferChange, ItemChange, LaterDay } from "../prefetch/model/batch-change.ts";
import { unitsLeft } from "../prefetch/model/quota.ts";
import type { Storage } from "../prefetch/model/storage.ts";
import type { Batch } from "../prefetch/model/task.ts";
import { type BatchColumns, type Batches, OPEN_COST } from "./batches.ts";
import type { Ledger } from "./ledger.ts";
import type { Row, Sql } from "./sql.ts";

export function createChanging({ get, atomically }: Sql, batches: Batches, ledger: Ledger): Pick<Storage, "change"> {
  /** The batch, if the caller still knows its state and lease. */
  const find = (batch: Batch): { day: string; cost: number; isCancelled: boolean } | undefined => {
    const row: Row | undefined = get(
      `SELECT batches.day AS day, ${OPEN_COST} AS cost, tasks.cancelled AS cancelled FROM batches JOIN tasks ON tasks.id = batches.task_id
        WHERE task_id = ? AND number = ? AND state = ? AND lease_until IS ?`,
      batch.taskId,
      batch.number,
      batch.state,
      batch.leaseUntil ?? null,
    );
    return row && { day: String(row.day), cost: Number(row.cost), isCancelled: row.cancelled === 1 };
  };

  /** What would be sent again is cancelled instead; outcomes that came with the change stay. */
  const cancel = (batch: Batch, day: string, { items, refund }: BatchChange): void => {
    batches.updateItems(batch, items.filter(isFinal));
    ledger.spend(batch, day, -refund, false);
    batches.cancel(batch.taskId, batch.number);
  };

  const firstDayWithRoom = (batch: Batch, { day, cost }: { day: string; cost: number }, days: readonly LaterDay[]): LaterDay | undefined =>
    days.find(({ day: later, ceiling, ownBudget }) => {
      const reserved = later === day ? cost : 0;
      const tenantUsed = ledger.spentByTask(batch, later);
      return (
        cost <= unitsLeft(ceiling, ledger.of(batch.account, later).used - reserved) &&
        (tenantUsed === undefined || cost <= unitsLeft(ownBudget, tenantUsed - reserved))
      );
    });

  /** Moves the batch and its reservation to the first later day with room. False when no day has room. */
  const defer = (batch: Batch, reserved: { day: string; cost: number }, change: DeferChange): boolean => {
    const later = firstDayWithRoom(batch, reserved, change.days);
    if (!later) return false;
    batches.defer(batch, later);
    batches.updateItems(batch, change.items);
    ledger.spend(batch, reserved.day, -reserved.cost, later.day !== reserved.day && change.exhausted);
    ledger.spend(batch, later.day, reserved.cost, false);
    return true;
  };

  const apply = (batch: Batch, day: string, change: Exclude<BatchChange, DeferChange>): void => {
    batches.update(batch, columnsOf(change));
    if (change.kind === "divide") batches.divide(batch, change.part);
    batches.updateItems(batch, change.items);
    ledger.spend(batch, day, -change.refund, change.kind === "end" && (change.exhausted ?? false));
  };

  return {
    change: (batch, change) =>
      atomically(() => {
        const known = find(batch);
        if (!known) return false;
        if (change.bytes) batches.addBytes(batch, change.bytes);
        if (known.isCancelled && sendsAgain(change)) {
          cancel(batch, known.day, change);
          return false;
        }
        if (change.kind !== "defer") apply(batch, known.day, change);
        else if (!defer(batch, known, change)) apply(batch, known.day, change.otherwise);
        return true;
      }),
  };
}

function isFinal({ state }: ItemChange): boolean {
  return state !== "queued";
}

function sendsAgain({ kind }: BatchChange): boolean {
  return kind === "requeue" || kind === "divide" || kind === "reclaim" || kind === "defer";
}

/** The batch's columns after a change; a column that is missing keeps its value. */
function columnsOf(change: Exclude<BatchChange, DeferChange>): BatchColumns {
  switch (change.kind) {
    case "accept": {
      const { followed, sentAt, vendorTaskIds, requestId } = change;
      return { state: followed ? "sent" : "ended", leaseUntil: undefined, sentAt, vendorTaskIds, requestId };
    }
    case "requeue":
      return { state: "queued", leaseUntil: undefined, attempts: change.attempts, notBefore: change.notBefore };
    case "divide":
      return { state: "queued", leaseUntil: undefined, attempts: 0, notBefore: change.notBefore };
    case "end":
      return { state: "ended", leaseUntil: undefined, attempts: change.attempts, requestId: change.requestId };
    case "reclaim":
      return { state: "claimed", leaseUntil: change.leaseUntil };
    case "await-reconciliation":
      return { state: "sending", leaseUntil: change.leaseUntil };
    case "progress":
      return { leaseUntil: change.leaseUntil, attempts: change.attempts };
    case "report":
      return {};
  }
}
