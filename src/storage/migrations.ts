/**
 * The steps that lead a file of an earlier version to the tables in `tables.ts`. A new step changes those tables as well:
 * `test/storage/tables.test.ts` fails when a migrated file differs from a new one.
 */

import { derivedTables } from "./derived-tables.ts";
import { findingTables } from "./finding-tables.ts";

/** The first one takes a file from version 1 to version 2. Released steps never change. */
export const migrations: readonly string[] = [
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
  `
  -- The user's answer that let a large call send the task. One answer counts for one task.
  ALTER TABLE tasks ADD COLUMN answer TEXT;
  CREATE UNIQUE INDEX answers ON tasks (answer) WHERE answer IS NOT NULL;
  `,
];
