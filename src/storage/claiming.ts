/** Gives due batches to the process that asks. */

import type { Claim, Claimant, ClaimOptions, DueAccount, Storage, WorkItem } from "../prefetch/model/storage.ts";
import type { Batch } from "../prefetch/model/task.ts";
import type { Batches } from "./batches.ts";
import type { CircuitBreakers } from "./circuit-breakers.ts";
import type { Row } from "./columns.ts";
import { DUE, UNANSWERED, VIEWER, viewerOf } from "./conditions.ts";
import type { Items } from "./items.ts";
import type { Owners } from "./owners.ts";
import { batchFrom } from "./rows.ts";
import type { Sql } from "./sql.ts";
import { storageError } from "./storage-error.ts";

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
  /** For error messages. */
  readonly location: string;
}

export function createClaiming(
  { get, all, atomically, read }: Sql,
  { batches, items, circuitBreakers, owners, location }: Parts,
): Pick<Storage, "claim" | "nextDue" | "dueAccounts"> {
  const nextDueRow = (account: string, now: number, { claimant, except = [] }: ClaimOptions): Row | undefined =>
    get(
      `SELECT batches.* FROM batches, ${VIEWER}
        WHERE account = ? AND ${UNANSWERED} AND ${DUE} AND task_id NOT IN (SELECT value FROM json_each(?))
        ORDER BY not_before, task_id, number LIMIT 1`,
      ...viewerOf(now, claimant),
      account,
      JSON.stringify(except),
    );

  /** The next due batch that can be read, and the error of the last one that cannot. */
  const nextReadable = (account: string, now: number, options: ClaimOptions): { work?: WorkItem; damage?: unknown } => {
    let damage: unknown;
    for (;;) {
      const row = nextDueRow(account, now, options);
      if (!row) return { damage };
      try {
        const batch = batchFrom(row);
        return { work: { batch, items: items.ofBatch(batch) }, damage };
      } catch (error) {
        damage = error;
        batches.postpone(row, now + DAMAGED_RETRY_MS);
      }
    }
  };

  const taskTotals = ({ taskId, origin }: Batch): Pick<Claim, "divisions" | "task"> => {
    const row = get(
      `SELECT created_at, traceparent, count(*) AS batches, sum(attempts) AS retries, sum(bytes) AS bytes,
              count(*) FILTER (WHERE origin = ?) AS parts
         FROM batches JOIN tasks ON tasks.id = task_id WHERE task_id = ?`,
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

  const give = (work: WorkItem, leaseUntil: number, claimant: Claimant | undefined): Claim => {
    const state = work.batch.state === "sending" ? "sending" : "claimed";
    batches.update(work.batch, { state, leaseUntil, owner: claimant?.owner ?? null });
    if (claimant) owners.beat(claimant.owner);
    return { batch: { ...work.batch, state, leaseUntil, owner: claimant?.owner }, items: work.items, ...taskTotals(work.batch) };
  };

  return {
    claim: async (account, now, leaseUntil, options = {}) => {
      const { claim, damage } = await atomically(() => {
        const found = nextReadable(account, now, options);
        const passes = found.work !== undefined && circuitBreakers.tryPass(account, now);
        return { claim: found.work && passes ? give(found.work, leaseUntil, options.claimant) : undefined, damage: found.damage };
      });
      // Thrown inside, the error would roll the postponement back, and the next claim would meet the same batch.
      if (!claim && damage !== undefined) throw storageError(damage, location);
      return claim;
    },

    nextDue: (account, now, claimant) =>
      read(() => {
        const row = get(
          `SELECT min(CASE WHEN ${DUE} THEN 0 WHEN state = 'queued' THEN not_before WHEN owner IS NULL THEN lease_until END) AS due
             FROM batches, ${VIEWER}
            WHERE account = ? AND ${UNANSWERED}`,
          ...viewerOf(now, claimant),
          account,
        );
        if (typeof row?.due !== "number") return undefined;
        const reopensAt = circuitBreakers.reopensAt(account, now);
        return reopensAt > now ? Math.max(row.due, reopensAt) : row.due;
      }),

    dueAccounts: (now, claimant) =>
      read(() => {
        const rows = all(
          `SELECT DISTINCT account, coalesce(next_provider, provider) AS provider, coalesce(next_account, account) AS next_account
             FROM batches, ${VIEWER}
            WHERE ${UNANSWERED} AND ${DUE} ORDER BY account, provider, next_account`,
          ...viewerOf(now, claimant),
        );
        return rows
          .map((row): DueAccount => {
            return { account: String(row.account), next: { provider: String(row.provider), account: String(row.next_account) } };
          })
          .filter(({ account }) => circuitBreakers.reopensAt(account, now) <= now);
      }),
  };
}
