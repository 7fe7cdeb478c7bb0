/** The store as it lies on the disk. Reading it repairs nothing, so that the next server finds what a dead one left. */

import { existsSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";

type Row = Record<string, unknown>;

function rows(path: string, sql: string, ...values: SQLInputValue[]): Row[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    db.exec("PRAGMA busy_timeout = 5000");
    return db.prepare(sql).all(...values);
  } finally {
    db.close();
  }
}

/** Batches by their state, but for those that wait for a time after `until`; empty where there is no store yet. */
export function batchStates(path: string, until = Number.MAX_SAFE_INTEGER): Map<string, number> {
  if (!existsSync(path) || rows(path, "SELECT 1 FROM sqlite_schema WHERE name = 'batches'").length === 0) return new Map();
  const groups = rows(path, "SELECT state, count(*) AS n FROM batches WHERE state <> 'queued' OR not_before <= ? GROUP BY state", until);
  return new Map(groups.map((group) => [String(group.state), Number(group.n)]));
}

/** Batches that somebody could take up at that moment. */
export function dueBatches(path: string, now: number): number {
  if (batchStates(path).size === 0) return 0;
  const due = "CASE state WHEN 'queued' THEN not_before ELSE lease_until END <= ?";
  return rows(path, `SELECT 1 FROM batches WHERE state IN ('queued', 'claimed', 'sending') AND ${due}`, now).length;
}

/** Units spent and reserved, by day. */
export function ledgerOf(path: string): Map<string, number> {
  return new Map(rows(path, "SELECT day, sum(used) AS used FROM ledger GROUP BY day").map((row) => [String(row.day), Number(row.used)]));
}

/** `ok`, or what SQLite finds wrong with the file. */
export function integrityOf(path: string): string {
  return rows(path, "PRAGMA integrity_check")
    .map((row) => String(row.integrity_check))
    .join("; ");
}

/** In the order of their making. */
export function taskIds(path: string): string[] {
  return rows(path, "SELECT id FROM tasks ORDER BY id").map((row) => String(row.id));
}

/** Writes to the store for as long as it is not told to let go; `undefined` when somebody else is writing. */
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
