/** The SQLite file: how it is opened, and what is in it. */

import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { PrefetchError } from "../base/errors.ts";

/** How long a statement waits for another process's write. */
const BUSY_MS = 5_000;
const OPEN_ATTEMPTS = 50;
const OPEN_RETRY_MS = 20;

/** What leads from each version to the next; a new file takes all of them. */
const steps: readonly string[] = [
  `
  CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    providers TEXT NOT NULL,
    duplicates_removed INTEGER NOT NULL,
    skipped_recent INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE batches (
    task_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    day TEXT NOT NULL,
    cost INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    lease_until INTEGER,
    sent_at INTEGER,
    vendor_task_ids TEXT NOT NULL,
    request_id TEXT,
    PRIMARY KEY (task_id, number)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX due_batches ON batches (account, not_before) WHERE state IN ('queued', 'claimed', 'sending');

  CREATE TABLE items (
    task_id TEXT NOT NULL,
    idx INTEGER NOT NULL,
    batch INTEGER,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    state TEXT NOT NULL,
    code TEXT,
    reason TEXT,
    parts TEXT,
    PRIMARY KEY (task_id, idx)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX items_by_target ON items (target);
  CREATE INDEX items_by_batch ON items (task_id, batch);

  CREATE TABLE ledger (
    account TEXT NOT NULL,
    day TEXT NOT NULL,
    used INTEGER NOT NULL,
    exhausted INTEGER NOT NULL,
    PRIMARY KEY (account, day)
  ) STRICT, WITHOUT ROWID;

  -- The moment at which the account's next request slot begins.
  CREATE TABLE pace (account TEXT PRIMARY KEY, next_slot REAL NOT NULL) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE batches ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
  UPDATE batches SET origin = number;
  `,
  `
  ALTER TABLE tasks ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;
  `,
  `
  ALTER TABLE batches ADD COLUMN may_wait INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE circuits (
    account TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    open_until INTEGER NOT NULL,
    probing INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE tasks ADD COLUMN tenant TEXT NOT NULL DEFAULT '';
  ALTER TABLE tasks ADD COLUMN traceparent TEXT;
  CREATE INDEX tasks_by_tenant ON tasks (tenant, created_at, id);
  CREATE TABLE tenant_ledger (
    tenant TEXT NOT NULL,
    account TEXT NOT NULL,
    day TEXT NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (tenant, account, day)
  ) STRICT, WITHOUT ROWID;

  -- How many items there are in each state: counting millions of them at each look would stop everything else.
  CREATE TABLE census (state TEXT PRIMARY KEY, items INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO census SELECT state, count(*) FROM items GROUP BY state;
  `,
  `
  ALTER TABLE batches ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  `,
];
/** Kept in the file as SQLite's user_version. */
const SCHEMA_VERSION = steps.length;

/** Opens the store, creating it where there is none. `location` is a file path or `:memory:`. */
export async function openDatabase(location: string, clock: Clock): Promise<DatabaseSync> {
  const begun = clock.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return open(location);
    } catch (error) {
      // Turning on WAL does not wait for other processes that open the file at the same moment; everything else has waited.
      const waited = clock.now() - begun >= BUSY_MS;
      if (!isBusy(error) || waited || attempt >= OPEN_ATTEMPTS) throw storageError(error, location);
      await clock.sleep(OPEN_RETRY_MS);
    }
  }
}

function open(location: string): DatabaseSync {
  const onDisk = location !== ":memory:";
  // URLs can carry access tokens, so nobody else may read the folder or the file.
  if (onDisk) {
    mkdirSync(dirname(location), { recursive: true, mode: 0o700 });
    if (existsSync(location)) refuseNewer(location);
  }
  const db = new DatabaseSync(location);
  try {
    if (onDisk) chmodSync(location, statSync(location).mode & 0o700);
    db.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;`);
    migrate(db, location);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function migrate(db: DatabaseSync, location: string): void {
  if (schemaVersion(db) === SCHEMA_VERSION) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    const version = schemaVersion(db);
    if (version > SCHEMA_VERSION) throw newerFile(location);
    for (const step of steps.slice(version)) db.exec(step);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    db.exec("COMMIT");
  } catch (error) {
    // A full disk has rolled it back by itself.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** Looks without touching anything: opening a file for writing can fold its log into it. */
function refuseNewer(location: string): void {
  const db = new DatabaseSync(location, { readOnly: true });
  try {
    if (schemaVersion(db) > SCHEMA_VERSION) throw newerFile(location);
  } catch (error) {
    // The journal of a killed process has to be rolled back first, which only opening for writing does.
    if (sqliteCode(error) !== SQLITE_READONLY) throw error;
  } finally {
    db.close();
  }
}

function newerFile(location: string): PrefetchError {
  return new PrefetchError("internal", `The store ${location} was written by a newer version of this server.`, {
    hint: "Update cdn-prefetch-mcp, or name another file in PREFETCH_STORE.",
  });
}

function schemaVersion(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version);
}

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
const SQLITE_FULL = 13;
/** What somebody else's work, or room on the disk, can cure without a restart. */
const passing: readonly number[] = [SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL];

function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === SQLITE_BUSY || code === SQLITE_LOCKED;
}

function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  // Extended codes carry the primary one in their low byte.
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

/** Says what is wrong with the file, without its content. */
export function storageError(error: unknown, location: string): PrefetchError {
  if (error instanceof PrefetchError) return error;
  return new PrefetchError("internal", `The store ${location} cannot be used: ${detailOf(error)}.`, {
    hint: "Check the file, its folder's permissions and the free disk space, or name another place in PREFETCH_STORE.",
    retryable: passing.includes(sqliteCode(error) ?? 0),
    // What cannot be parsed is quoted by its parser, and would be quoted in the log.
    cause: sqliteCode(error) === undefined ? undefined : error,
  });
}

/** SQLite's and the system's own words name no content; those of parsers quote what they could not read. */
function detailOf(error: unknown): string {
  return error instanceof Error && "code" in error ? error.message : "its content is damaged";
}
