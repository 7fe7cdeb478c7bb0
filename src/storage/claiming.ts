/** Gives due batches to the process that asks. */

import type { Claim, Claimant, ClaimOptions, DueAccount, Storage, WorkItem } from "../prefetch/model/storage.ts";
import type { Batch } from "../prefetch/model/task.ts";
import type { Batches } from "./batches.ts";
import type { CircuitBreakers } from "./circuit-breakers.ts";
import type { Row } from "./columns.ts";
import { DUE, UNANSWERED, VIEWER, viewerOf } from "./conditions.ts";
import { inOrder } from "./in-order.ts";
import type { Items } from "./items.ts";
import type { Owners } from "./owners.ts";
import { batchFrom } from "./rows.ts";
import type { Sql } from "./sql.ts";

/**
 * How long a batch that cannot be read stays out of the way of readable ones. With a smaller value, its error is
 * reported again and again; with a larger one, a repaired file waits longer for the batch.
 */
const DAMAGED_RETRY_MS = 300_000;

interface Parts {
  readonly batches: Batches;
  readonly items: Items;
  readonly circuitBreakers: CircuitBreakers;
  readonly owners: Owners;
}

export interface Claiming extends Pick<Storage, "nextDue" | "dueAccounts"> {
  /** As `Storage.claim`. `damage`: the error of a batch that cannot be read, which it has put off. */
  claim(
    account: string,
    now: number,
    leaseUntil: number,
    options: ClaimOptions,
  ): Promise<{ readonly claim?: Claim; readonly damage?: unknown }>;
}

export function createClaiming({ get, all, rowLocks }: Sql, { batches, items, circuitBreakers, owners }: Parts): Claiming {
  const nextDueRow = (account: string, now: number, { claimant, except = [] }: ClaimOptions): Promise<Row | undefined> =>
    get(
      `SELECT batches.* FROM batches, ${VIEWER}
        WHERE account = ? AND ${UNANSWERED} AND ${DUE} AND task_id NOT IN (SELECT value FROM json_each(?))
        ORDER BY not_before, task_id, number LIMIT 1 ${rowLocks.pass}`,
      ...viewerOf(now, claimant),
      account,
      JSON.stringify(except),
    );

  /** The next due batch that can be read, and the error of the last one that cannot. */
  const nextReadable = async (
    account: string,
    now: number,
    options: ClaimOptions,
  ): Promise<{ readonly work?: WorkItem; readonly damage?: unknown }> => {
    let damage: unknown;
    for (;;) {
      const row = await nextDueRow(account, now, options);
      if (!row) return { damage };
      try {
        const batch = batchFrom(row);
        return { work: { batch, items: await items.ofBatch(batch) }, damage };
      } catch (error) {
        damage = error;
        await batches.postpone(row, now + DAMAGED_RETRY_MS);
      }
    }
  };

  const taskTotals = async ({ taskId, origin }: Batch): Promise<Pick<Claim, "divisions" | "task">> => {
    const row = await get(
      `SELECT created_at, traceparent, count(*) AS batches, sum(attempts) AS retries, sum(bytes) AS bytes,
              count(*) FILTER (WHERE origin = ?) AS parts
         FROM batches JOIN tasks ON tasks.id = task_id WHERE task_id = ? GROUP BY tasks.id`,
      origin,
      taskId,
    );
    return {
      divisions: Number(row?.parts) - 1,
      task: {
        createdAt: Number(row?.created_at),
        batches: Number(row?.batches),
        retries: Number(row?.retries),
        bytes: Number(row?.bytes),
        traceparent: typeof row?.traceparent === "string" ? row.traceparent : undefined,
      },
    };
  };

  const give = async (work: WorkItem, leaseUntil: number, claimant: Claimant | undefined): Promise<Claim> => {
    const state = work.batch.state === "sending" ? "sending" : "claimed";
    await batches.update(work.batch, { state, leaseUntil, owner: claimant?.owner ?? null });
    if (claimant) await owners.beat(claimant.owner);
    return { batch: { ...work.batch, state, leaseUntil, owner: claimant?.owner }, items: work.items, ...(await taskTotals(work.batch)) };
  };

  return {
    claim: async (account, now, leaseUntil, options) => {
      const { work, damage } = await nextReadable(account, now, options);
      if (!work || !(await circuitBreakers.tryPass(account, now))) return { damage };
      return { claim: await give(work, leaseUntil, options.claimant), damage };
    },

    nextDue: async (account, now, claimant) => {
      const row = await get(
        `SELECT min(CASE WHEN ${DUE} THEN 0 WHEN state = 'queued' THEN not_before WHEN owner IS NULL THEN lease_until END) AS due
           FROM batches, ${VIEWER}
          WHERE account = ? AND ${UNANSWERED}`,
        ...viewerOf(now, claimant),
        account,
      );
      if (typeof row?.due !== "number") return undefined;
      const reopensAt = await circuitBreakers.reopensAt(account, now);
      return reopensAt > now ? Math.max(row.due, reopensAt) : row.due;
    },

    dueAccounts: async (now, claimant) => {
      const rows = await all(
        `SELECT DISTINCT account, coalesce(next_provider, provider) AS provider, coalesce(next_account, account) AS next_account
           FROM batches, ${VIEWER}
          WHERE ${UNANSWERED} AND ${DUE} ORDER BY account, provider, next_account`,
        ...viewerOf(now, claimant),
      );
      const due = await inOrder(rows, async (row): Promise<DueAccount | undefined> => {
        const account = String(row.account);
        if ((await circuitBreakers.reopensAt(account, now)) > now) return undefined;
        return { account, next: { provider: String(row.provider), account: String(row.next_account) } };
      });
      return due.filter((each) => each !== undefined);
    },
  };
}
