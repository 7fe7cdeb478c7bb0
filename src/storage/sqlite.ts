/** Storage in one SQLite file through Node's own driver; `:memory:` is the same thing without a file. */

import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite";
import { PrefetchError } from "../errors.ts";
import type { Clock } from "../prefetch/clock.ts";
import { type LedgerEntry, remainingUnits } from "../prefetch/quota.ts";
import type { AccountFacts, AccountQuery, ItemQuery, NewTask, Storage, TaskSnapshot, WorkItem } from "../prefetch/storage.ts";
import { type Batch, type BatchChange, type Item, noCounts } from "../prefetch/task.ts";
import { batchFrom, itemFrom, stateFrom, taskFrom } from "./rows.ts";
import { openDatabase, storageError } from "./schema.ts";

type Row = Record<string, SQLOutputValue>;

/** Times further ahead than anything here plans were written by a clock that was wrong; they are not waited for. */
const LONGEST_DELAY_MS = 26 * 3_600_000;
const LONGEST_LEASE_MS = 600_000;
const LONGEST_BACKLOG_MS = 600_000;
const LONGEST_BACKLOG_SLOTS = 100;

/** What is due at `clock.now`: a queued batch whose time has come, or a held one whose holder is gone. */
const DUE = `CASE state
  WHEN 'queued' THEN not_before <= clock.now OR not_before > clock.now + ${LONGEST_DELAY_MS}
  ELSE lease_until <= clock.now OR lease_until > clock.now + ${LONGEST_LEASE_MS}
END`;

/** States in which an item counts as sent, for the question whether it was sent lately. */
const SENT = "('processing', 'succeeded', 'untracked', 'unknown')";

export async function openSqlite(location: string, clock: Clock): Promise<Storage> {
  const db = await openDatabase(location, clock);
  const statements = new Map<string, StatementSync>();

  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) {
      statement = db.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const run = (sql: string, ...values: SQLInputValue[]) => prepare(sql).run(...values);
  const get = (sql: string, ...values: SQLInputValue[]): Row | undefined => prepare(sql).get(...values);
  const all = (sql: string, ...values: SQLInputValue[]): Row[] => prepare(sql).all(...values);

  /** Every storage method is one of these: atomic, and its failures are told apart from bugs. */
  const atomically = async <Result>(work: () => Result, begin: "BEGIN" | "BEGIN IMMEDIATE" = "BEGIN IMMEDIATE"): Promise<Result> => {
    try {
      db.exec(begin);
      try {
        const result = work();
        db.exec("COMMIT");
        return result;
      } catch (error) {
        rollback(db);
        throw error;
      }
    } catch (error) {
      throw error instanceof PrefetchError ? error : storageError(error, location);
    }
  };
  const read = async <Result>(work: () => Result): Promise<Result> => {
    try {
      return work();
    } catch (error) {
      throw storageError(error, location);
    }
  };

  const ledgerOf = (account: string, day: string): LedgerEntry => {
    const row = get("SELECT used, exhausted FROM ledger WHERE account = ? AND day = ?", account, day);
    return { used: Number(row?.used ?? 0), exhausted: row?.exhausted === 1 };
  };

  const factsOf = (query: AccountQuery): AccountFacts => {
    const rows = all(
      `SELECT i.target AS target, max(i.task_id) AS task_id
         FROM json_each(?) AS wanted
         JOIN items AS i ON i.target = wanted.value
         JOIN batches AS b ON b.task_id = i.task_id AND b.number = i.batch
        WHERE b.account = ? AND (i.state = 'queued' OR (b.sent_at > ? AND i.state IN ${SENT}))
        GROUP BY i.target`,
      JSON.stringify(query.targets),
      query.account,
      query.recentSince,
    );
    return {
      ledger: ledgerOf(query.account, query.day),
      recent: new Map(rows.map((row) => [String(row.target), String(row.task_id)])),
    };
  };

  const spend = (account: string, day: string, units: number, exhausted: boolean): void => {
    if (units === 0 && !exhausted) return;
    run(
      `INSERT INTO ledger (account, day, used, exhausted) VALUES (?, ?, max(0, ?), ?)
       ON CONFLICT (account, day) DO UPDATE SET
         used = max(0, used + ?), exhausted = max(exhausted, excluded.exhausted)`,
      account,
      day,
      units,
      exhausted ? 1 : 0,
      units,
    );
  };

  const insertTask = ({ task, batches, items }: NewTask): void => {
    run(
      "INSERT INTO tasks (id, created_at, providers, duplicates_removed, skipped_recent) VALUES (?, ?, ?, ?, ?)",
      task.id,
      task.createdAt,
      JSON.stringify(task.providers),
      task.duplicatesRemoved,
      task.skippedRecent,
    );
    for (const batch of batches) {
      run(
        `INSERT INTO batches (task_id, number, provider, account, kind, state, day, cost, attempts, not_before, vendor_task_ids)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        batch.taskId,
        batch.number,
        batch.provider,
        batch.account,
        batch.kind,
        batch.state,
        batch.day,
        batch.cost,
        batch.attempts,
        batch.notBefore,
        JSON.stringify(batch.vendorTaskIds),
      );
      spend(batch.account, batch.day, batch.cost, false);
    }
    for (const item of items) {
      run(
        "INSERT INTO items (task_id, idx, batch, kind, target, state, code, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        task.id,
        item.index,
        item.batch ?? null,
        item.kind,
        item.target,
        item.state,
        item.code ?? null,
        item.reason ?? null,
      );
    }
  };

  const itemsOfBatch = (batch: Batch): Item[] =>
    all("SELECT * FROM items WHERE task_id = ? AND batch = ? ORDER BY idx", batch.taskId, batch.number).map(itemFrom);

  return {
    admit: (query, decide) =>
      atomically(() => {
        const decision = decide(factsOf(query));
        if (decision) insertTask(decision);
        return decision;
      }),

    facts: (query) => read(() => factsOf(query)),

    task: (taskId) =>
      atomically((): TaskSnapshot | undefined => {
        const row = get("SELECT * FROM tasks WHERE id = ?", taskId);
        if (!row) return undefined;
        const counts = noCounts();
        for (const group of all("SELECT state, count(*) AS n FROM items WHERE task_id = ? GROUP BY state", taskId)) {
          counts[stateFrom(group.state)] = Number(group.n);
        }
        const batches = get(
          "SELECT count(*) AS n, count(*) FILTER (WHERE state <> 'ended') AS open FROM batches WHERE task_id = ?",
          taskId,
        );
        const sending = get(
          `SELECT count(*) AS n FROM batches AS b JOIN items AS i ON i.task_id = b.task_id AND i.batch = b.number
            WHERE b.task_id = ? AND b.state = 'sending'`,
          taskId,
        );
        const rejections = all("SELECT code, count(*) AS n FROM items WHERE task_id = ? AND state = 'rejected' GROUP BY code", taskId);
        return {
          task: taskFrom(row),
          counts,
          batches: Number(batches?.n),
          openBatches: Number(batches?.open),
          sending: Number(sending?.n),
          rejections: new Map(rejections.map((group) => [String(group.code), Number(group.n)])),
        };
      }, "BEGIN"),

    items: (taskId, query: ItemQuery) =>
      read(() =>
        all(
          `SELECT * FROM items
            WHERE task_id = ? AND idx > ? AND (? IS NULL OR state IN (SELECT value FROM json_each(?)))
            ORDER BY idx LIMIT ?`,
          taskId,
          query.after ?? -1,
          query.states ? 1 : null,
          JSON.stringify(query.states ?? []),
          query.limit,
        ).map(itemFrom),
      ),

    following: (taskId) =>
      read(() =>
        all("SELECT * FROM batches WHERE task_id = ? AND state = 'sent' ORDER BY sent_at, number", taskId)
          .map(batchFrom)
          .map((batch): WorkItem => ({ batch, items: itemsOfBatch(batch) })),
      ),

    claim: (account, now, leaseUntil, which) =>
      atomically((): WorkItem | undefined => {
        const row = get(
          `SELECT batches.* FROM batches, (SELECT ? AS now) AS clock
            WHERE account = ? AND state IN ('queued', 'claimed', 'sending') AND ${DUE} AND (? = 'due' OR state = 'sending')
            ORDER BY not_before, task_id, number LIMIT 1`,
          now,
          account,
          which,
        );
        if (!row) return undefined;
        const found = batchFrom(row);
        const batch: Batch = { ...found, state: found.state === "sending" ? "sending" : "claimed", leaseUntil };
        run(
          "UPDATE batches SET state = ?, lease_until = ? WHERE task_id = ? AND number = ?",
          batch.state,
          leaseUntil,
          batch.taskId,
          batch.number,
        );
        return { batch, items: itemsOfBatch(batch) };
      }),

    startSending: (batch, { now, leaseUntil, day, limit }) =>
      atomically(() => {
        const held = get(
          "SELECT day, cost FROM batches WHERE task_id = ? AND number = ? AND state = 'claimed' AND lease_until = ? AND lease_until > ?",
          batch.taskId,
          batch.number,
          batch.leaseUntil ?? 0,
          now,
        );
        if (!held) return "lost";
        const reservedOn = String(held.day);
        const cost = Number(held.cost);
        if (reservedOn !== day) {
          if (remainingUnits(limit, ledgerOf(batch.account, day)) < cost) return "over_quota";
          spend(batch.account, reservedOn, -cost, false);
          spend(batch.account, day, cost, false);
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
        return typeof row?.due === "number" ? row.due : undefined;
      }),

    change: (batch, change: BatchChange) =>
      atomically(() => {
        const known = get(
          "SELECT day FROM batches WHERE task_id = ? AND number = ? AND state = ? AND lease_until IS ?",
          batch.taskId,
          batch.number,
          batch.state,
          batch.leaseUntil ?? null,
        );
        if (!known) return false;
        applyToBatch(run, batch, change.batch);
        for (const item of change.items) {
          run(
            "UPDATE items SET state = ?, code = ?, reason = ?, parts = coalesce(?, parts) WHERE task_id = ? AND idx = ?",
            item.state,
            item.code ?? null,
            item.reason ?? null,
            item.parts ? JSON.stringify(item.parts) : null,
            batch.taskId,
            item.index,
          );
        }
        spend(batch.account, String(known.day), -change.refund, change.exhausted ?? false);
        return true;
      }),

    ledger: (account, day) => read(() => ledgerOf(account, day)),

    reserveSlot: (account, intervalMs, burst, now) =>
      atomically(() => {
        // Unused slots pile up to `burst`; the floor in the past is what lets that many go at once.
        const floor = now - (burst - 1) * intervalMs;
        const row = get("SELECT next_slot FROM pace WHERE account = ?", account);
        const next = Number(row?.next_slot ?? floor);
        const jumped = next > now + Math.max(LONGEST_BACKLOG_MS, LONGEST_BACKLOG_SLOTS * intervalMs);
        const slot = jumped ? now : Math.max(next, floor);
        run(
          "INSERT INTO pace (account, next_slot) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET next_slot = excluded.next_slot",
          account,
          slot + intervalMs,
        );
        return Math.max(0, slot - now);
      }),

    holdSlots: (account, until) =>
      atomically(() => {
        run(
          "INSERT INTO pace (account, next_slot) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET next_slot = max(next_slot, excluded.next_slot)",
          account,
          until,
        );
      }),

    close: async () => {
      statements.clear();
      if (db.isOpen) db.close();
    },
  };
}

function applyToBatch(
  run: (sql: string, ...values: SQLInputValue[]) => unknown,
  key: Pick<Batch, "taskId" | "number">,
  change: BatchChange["batch"],
): void {
  const columns: [string, SQLInputValue][] = [];
  if (change.state !== undefined) columns.push(["state", change.state]);
  if (change.attempts !== undefined) columns.push(["attempts", change.attempts]);
  if (change.notBefore !== undefined) columns.push(["not_before", change.notBefore]);
  if ("leaseUntil" in change) columns.push(["lease_until", change.leaseUntil ?? null]);
  if (change.sentAt !== undefined) columns.push(["sent_at", change.sentAt]);
  if (change.vendorTaskIds !== undefined) columns.push(["vendor_task_ids", JSON.stringify(change.vendorTaskIds)]);
  if (change.requestId !== undefined) columns.push(["request_id", change.requestId]);
  if (columns.length === 0) return;
  const assignments = columns.map(([name]) => `${name} = ?`).join(", ");
  run(`UPDATE batches SET ${assignments} WHERE task_id = ? AND number = ?`, ...columns.map(([, value]) => value), key.taskId, key.number);
}

function rollback(db: DatabaseSync): void {
  if (db.isOpen && db.isTransaction) db.exec("ROLLBACK");
}
