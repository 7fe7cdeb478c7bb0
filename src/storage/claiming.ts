/** How batches get from the queue to the wire: whose turn it is, who holds them, and what a dead holder leaves. */

import { MOST_LATER_DAYS, remainingUnits, unitsLeft } from "../prefetch/model/quota.ts";
import type { Claim, Storage, WorkItem } from "../prefetch/model/storage.ts";
import type { Batch } from "../prefetch/model/task.ts";
import { type Batches, OPEN_COST } from "./batches.ts";
import type { CircuitBreakers } from "./circuit-breakers.ts";
import type { Ledger } from "./ledger.ts";
import { batchFrom } from "./rows.ts";
import { storageError } from "./schema.ts";
import type { Sql } from "./sql.ts";

/** Times further ahead than anything here plans were written by a clock that was wrong; they are not waited for. */
const LONGEST_DELAY_MS = 26 * 3_600_000;
const LONGEST_DEFERRAL_MS = (MOST_LATER_DAYS + 1) * 86_400_000;
const LONGEST_LEASE_MS = 600_000;
/** How long a batch that cannot be read is left alone, so that others get their turn. */
const DAMAGED_MS = 300_000;

/** What is due at `clock.now`: a queued batch whose time has come, or a held one whose holder is gone. */
const DUE = `CASE state
  WHEN 'queued' THEN not_before <= clock.now
    OR not_before > clock.now + CASE may_wait WHEN 1 THEN ${LONGEST_DEFERRAL_MS} ELSE ${LONGEST_DELAY_MS} END
  ELSE lease_until <= clock.now OR lease_until > clock.now + ${LONGEST_LEASE_MS}
END`;

interface ClaimingParts {
  readonly ledger: Ledger;
  readonly batches: Pick<Batches, "itemsOf" | "setAside">;
  readonly circuits: CircuitBreakers;
  /** For error messages. */
  readonly location: string;
}

export function createClaiming(
  { run, get, atomically, read }: Sql,
  { ledger, batches, circuits, location }: ClaimingParts,
): Pick<Storage, "claim" | "startSending" | "nextDue"> {
  return {
    claim: async (account, now, leaseUntil, except = []) => {
      let damage: unknown;
      const claimed = await atomically((): Claim | undefined => {
        let found: WorkItem | undefined;
        while (!found) {
          const row = get(
            `SELECT batches.* FROM batches, (SELECT ? AS now) AS clock
              WHERE account = ? AND state IN ('queued', 'claimed', 'sending') AND ${DUE}
                AND task_id NOT IN (SELECT value FROM json_each(?))
              ORDER BY not_before, task_id, number LIMIT 1`,
            now,
            account,
            JSON.stringify(except),
          );
          if (!row) return undefined;
          try {
            const batch = batchFrom(row);
            found = { batch, items: batches.itemsOf(batch) };
          } catch (error) {
            damage = error;
            batches.setAside(row, now + DAMAGED_MS);
          }
        }
        if (!circuits.pass(account, now)) return undefined;
        const batch: Batch = { ...found.batch, state: found.batch.state === "sending" ? "sending" : "claimed", leaseUntil };
        run(
          "UPDATE batches SET state = ?, lease_until = ? WHERE task_id = ? AND number = ?",
          batch.state,
          leaseUntil,
          batch.taskId,
          batch.number,
        );
        const all = get(
          `SELECT created_at, traceparent, count(*) AS batches, sum(attempts) AS retries, sum(bytes) AS bytes, count(*) FILTER (WHERE origin = ?) AS family
             FROM batches JOIN tasks ON tasks.id = task_id WHERE task_id = ?`,
          batch.origin,
          batch.taskId,
        );
        return {
          batch,
          items: found.items,
          divisions: Number(all?.family) - 1,
          task: {
            createdAt: Number(all?.created_at),
            batches: Number(all?.batches),
            retries: Number(all?.retries),
            bytes: Number(all?.bytes),
            traceparent: typeof all?.traceparent === "string" ? all.traceparent : undefined,
          },
        };
      });
      if (!claimed && damage !== undefined) throw storageError(damage, location);
      return claimed;
    },

    startSending: (batch, { now, leaseUntil, day, allowance, ownBudget }) =>
      atomically(() => {
        const held = get(
          `SELECT day, ${OPEN_COST} AS cost FROM batches WHERE task_id = ? AND number = ? AND state = 'claimed' AND lease_until = ? AND lease_until > ?`,
          batch.taskId,
          batch.number,
          batch.leaseUntil ?? 0,
          now,
        );
        if (!held) return "lost";
        const reservedOn = String(held.day);
        const cost = Number(held.cost);
        if (reservedOn !== day) {
          if (!allowance || remainingUnits(allowance, ledger.of(batch.account, day)) < cost) return "over_quota";
          if (cost > unitsLeft(ownBudget, ledger.spentByTask(batch, day) ?? 0)) return "over_quota";
          ledger.spend(batch, reservedOn, -cost, false);
          ledger.spend(batch, day, cost, false);
        }
        run(
          "UPDATE batches SET state = 'sending', sent_at = ?, lease_until = ?, day = ? WHERE task_id = ? AND number = ?",
          now,
          leaseUntil,
          day,
          batch.taskId,
          batch.number,
        );
        return "started";
      }),

    nextDue: (account, now) =>
      read(() => {
        const row = get(
          `SELECT min(CASE WHEN ${DUE} THEN 0 WHEN state = 'queued' THEN not_before ELSE lease_until END) AS due
             FROM batches, (SELECT ? AS now) AS clock
            WHERE account = ? AND state IN ('queued', 'claimed', 'sending')`,
          now,
          account,
        );
        if (typeof row?.due !== "number") return undefined;
        const open = circuits.reopensAt(account, now);
        return open > now ? Math.max(row.due, open) : row.due;
      }),
  };
}
