/** Reads the store file without repairing it, so the next server finds the file as a dead server left it. */

import { existsSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

type Row = Record<string, unknown>;

type Query = (sql: string, ...values: SQLInputValue[]) => Row[];

/** Opening costs more than a query, and tests that wait look often. */
function look<Result>(path: string, at: (query: Query) => Result): Result {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    return at((sql, ...values) => db.prepare(sql).all(...values));
  } finally {
    db.close();
  }
}

function rows(path: string, sql: string, ...values: SQLInputValue[]): Row[] {
  return look(path, (query) => query(sql, ...values));
}

/** Batches by their state, without batches that are due after `until`. Empty when there is no store yet. */
export function batchStates(path: string, until = Number.MAX_SAFE_INTEGER): Map<string, number> {
  if (!existsSync(path)) return new Map();
  const groups = look(path, (query) =>
    query("SELECT 1 FROM sqlite_schema WHERE name = 'batches'").length === 0
      ? []
      : query("SELECT state, count(*) AS n FROM batches WHERE state <> 'queued' OR not_before <= ? GROUP BY state", until),
  );
  return new Map(groups.map((group) => [String(group.state), Number(group.n)]));
}

/** Batches that a server could claim at that moment. */
export function dueBatches(path: string, now: number): number {
  if (batchStates(path).size === 0) return 0;
  const due = "CASE state WHEN 'queued' THEN not_before ELSE lease_until END <= ?";
  return rows(path, `SELECT 1 FROM batches WHERE state IN ('queued', 'claimed', 'sending') AND ${due}`, now).length;
}

/**
 * URLs of batches that wait for a later day, which begins at midnight in UTC for `http` and in China for the vendors. A back-off
 * that ends after midnight is none of them.
 */
export function urlsOfLaterDays(path: string, now: number): Set<string> {
  const begins = "unixepoch(day || CASE batches.provider WHEN 'http' THEN 'T00:00:00Z' ELSE 'T00:00:00+08:00' END) * 1000";
  const found = rows(
    path,
    `SELECT target FROM batches JOIN items ON items.task_id = batches.task_id AND items.batch = batches.number
     WHERE batches.state = 'queued' AND items.state = 'queued' AND ${begins} > ? AND batches.not_before >= ${begins}`,
    now,
  );
  return new Set(found.map((row) => String(row.target)));
}

/** Units spent and reserved, by day. */
export function ledgerOf(path: string): Map<string, number> {
  return new Map(rows(path, "SELECT day, sum(used) AS used FROM ledger GROUP BY day").map((row) => [String(row.day), Number(row.used)]));
}

/** `ok`, or the faults that SQLite finds in the file. */
export function integrityOf(path: string): string {
  return rows(path, "PRAGMA integrity_check")
    .map((row) => String(row.integrity_check))
    .join("; ");
}

/** Task ids in the order of creation. */
export function taskIds(path: string): string[] {
  return rows(path, "SELECT id FROM tasks ORDER BY id").map((row) => String(row.id));
}

/** Takes the store's write lock and keeps it until `release`. `undefined` when another process holds it. */
export function writeLock(path: string): { release(): void } | undefined {
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE");
  } catch {
    db.close();
    return undefined;
  }
  return {
    release: () => {
      db.exec("ROLLBACK");
      db.close();
    },
  };
}
