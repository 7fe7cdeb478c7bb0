/** The tables of a store file, and the migrations that lead from each version to the next. */

import type { DatabaseSync } from "node:sqlite";
import { PrefetchError } from "../base/errors.ts";
import { derivedTables } from "./derived-tables.ts";
import { findingTables } from "./finding-tables.ts";

/** Step n takes a file from version n to version n + 1. A new file takes all steps. Released steps never change. */
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

  -- The time at which the next request slot of an account, or of one of its hosts, begins.
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

  -- Items in each state. Counting millions of items for every scrape of /metrics would block all other work.
  CREATE TABLE census (state TEXT PRIMARY KEY, items INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO census SELECT state, count(*) FROM items GROUP BY state;
  `,
  `
  ALTER TABLE batches ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  `,
  `
  ALTER TABLE batches ADD COLUMN owner TEXT;
  ALTER TABLE batches ADD COLUMN sent_monotonic INTEGER;
  ALTER TABLE batches ADD COLUMN sent_boot TEXT;
  CREATE INDEX held_batches ON batches (owner) WHERE owner IS NOT NULL;
  -- A counter for each process that holds batches. It grows while the process lives, whatever any clock says.
  CREATE TABLE owners (id TEXT PRIMARY KEY, beat INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  `,
  derivedTables,
  `
  -- The caller's spelling of a URL that is sent in another one. Most items have none.
  ALTER TABLE items ADD COLUMN given TEXT;
  `,
  findingTables,
  `
  -- The provider and the account that prefetch a batch once its own provider has dropped the old copies.
  ALTER TABLE batches ADD COLUMN next_provider TEXT;
  ALTER TABLE batches ADD COLUMN next_account TEXT;
  -- 1: the old copies are dropped first, or were.
  ALTER TABLE batches ADD COLUMN refreshed INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX next_batches ON batches (next_account) WHERE next_account IS NOT NULL;
  `,
];
/** The file keeps its version in SQLite's `user_version`. */
export const SCHEMA_VERSION = steps.length;

/** "sandbox": its tasks are those of emulated vendors, whose ids and outcomes mean nothing to real ones. */
export type StoreKind = "real" | "sandbox";

/** SQLite's `application_id` of each kind: "CDNp" and "CDNs" in ASCII. Versions before 9 marked no file. */
const applicationIds: Readonly<Record<StoreKind, number>> = { real: 0x43_44_4e_70, sandbox: 0x43_44_4e_73 };
const UNMARKED = 0;

/** Brings the file to this server's version and marks its kind, in one transaction. `location` is for error messages. */
export function migrate(db: DatabaseSync, location: string, kind: StoreKind): void {
  if (versionOf(db) === SCHEMA_VERSION && applicationIdOf(db) === applicationIds[kind]) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    refuseForeign(db, location, kind);
    for (const step of steps.slice(versionOf(db))) db.exec(step);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}; PRAGMA application_id = ${applicationIds[kind]}`);
    db.exec("COMMIT");
  } catch (error) {
    // SQLite rolls back by itself when the disk is full.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** Refuses the file of a newer version, of the other kind, and of another program. */
export function refuseForeign(db: DatabaseSync, location: string, kind: StoreKind): void {
  refuseNewer(db, location);
  const mark = applicationIdOf(db);
  if (mark === applicationIds[kind]) return;
  // A file without tables belongs to no kind. One that an earlier version wrote may hold real tasks.
  if (mark === UNMARKED && (kind === "real" || versionOf(db) === 0)) return;
  const isOurs = mark === UNMARKED || Object.values(applicationIds).includes(mark);
  throw new PrefetchError("store_unavailable", `The store ${location} ${isOurs ? otherKind[kind] : "belongs to another program"}.`, {
    hint:
      kind === "real"
        ? "Name another file in PREFETCH_STORE."
        : "Name another file in PREFETCH_STORE, or leave it out: the sandbox then keeps nothing.",
  });
}

/** The reason to refuse a file, by the kind of the server that refuses it. */
const otherKind: Readonly<Record<StoreKind, string>> = {
  real: "was written by the sandbox, whose tasks real vendors do not know",
  sandbox: "was not written by this version's sandbox and may hold real tasks and their quota",
};

function refuseNewer(db: DatabaseSync, location: string): void {
  if (versionOf(db) <= SCHEMA_VERSION) return;
  throw new PrefetchError("store_unavailable", `The store ${location} was written by a newer version of this server.`, {
    hint: "Update cdn-prefetch-mcp, or name another file in PREFETCH_STORE.",
  });
}

function applicationIdOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA application_id").get()?.application_id);
}

export function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version);
}
