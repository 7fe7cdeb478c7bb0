/**
 * The tables of a new store. A file of an earlier version gets the same ones step by step (`migrations.ts`).
 *
 * | table           | holds                                                            |
 * | --------------- | ---------------------------------------------------------------- |
 * | `tasks`         | one row for each accepted call                                   |
 * | `batches`       | the parts of a task that go out in one vendor request each       |
 * | `items`         | the URLs and assets of a task                                    |
 * | `ledger`        | units of quota that each account has used on each vendor day     |
 * | `tenant_ledger` | the same for each tenant                                         |
 * | `pace`          | the next request slot of an account, or of one of its hosts      |
 * | `circuits`      | the circuit breaker of each account                              |
 * | `owners`        | the beat of each process that holds batches                      |
 * | `census`        | the items of all tasks by state                                  |
 * | `task_counts`, `task_states`, `listing`, `recent_items` | `derived-tables.ts`, `finding-tables.ts` |
 * | `deleted_tasks` | tasks that callers no longer see, until their rows are deleted   |
 *
 * `prefetch/model/task.ts` tells the fields of tasks, batches and items. A column stands where a migration appends it: behind
 * the earlier ones. Its default is for the servers of earlier versions that write to the same file and do not know the column.
 */

import { noCounts, taskState } from "../prefetch/model/task.ts";
import { derivedTriggers, fillTaskStates } from "./derived-tables.ts";
import { findingTriggers, PROBLEM_STATES } from "./finding-tables.ts";

const work = `
  CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL,
    providers TEXT NOT NULL,
    duplicates_removed INTEGER NOT NULL,
    skipped_recent INTEGER NOT NULL,
    cancelled INTEGER NOT NULL DEFAULT 0,
    tenant TEXT NOT NULL DEFAULT '',
    traceparent TEXT,
    -- Earlier versions join tasks with batches and mean the batch by "state".
    task_state TEXT NOT NULL DEFAULT '${taskState(noCounts())}',
    -- The user's answer that let a large call send the task. One answer counts for one task.
    answer TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX answers ON tasks (answer) WHERE answer IS NOT NULL;
  CREATE INDEX tasks_by_age ON tasks (created_at);

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
    origin INTEGER NOT NULL DEFAULT 0,
    may_wait INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    owner TEXT,
    sent_monotonic INTEGER,
    sent_boot TEXT,
    next_provider TEXT,
    next_account TEXT,
    -- 1: the old copies are dropped first, or were.
    refreshed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (task_id, number)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX due_batches ON batches (account, not_before) WHERE state IN ('queued', 'claimed', 'sending');
  CREATE INDEX held_batches ON batches (owner) WHERE owner IS NOT NULL;
  CREATE INDEX next_batches ON batches (next_account) WHERE next_account IS NOT NULL;

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
    given TEXT,
    tenant TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (task_id, idx)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX items_by_target ON items (target);
  CREATE INDEX items_by_batch ON items (task_id, batch);
  -- A server without tenants pays nothing for it.
  CREATE INDEX items_by_tenant ON items (tenant, target) WHERE tenant <> '';
  CREATE INDEX problem_items ON items (task_id, idx) WHERE state IN ${PROBLEM_STATES};

  CREATE TABLE deleted_tasks (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
`;

const accounts = `
  CREATE TABLE ledger (
    account TEXT NOT NULL,
    day TEXT NOT NULL,
    used INTEGER NOT NULL,
    exhausted INTEGER NOT NULL,
    PRIMARY KEY (account, day)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE tenant_ledger (
    tenant TEXT NOT NULL,
    account TEXT NOT NULL,
    day TEXT NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (tenant, account, day)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tenant_ledger_by_day ON tenant_ledger (day);

  CREATE TABLE pace (account TEXT PRIMARY KEY, next_slot REAL NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE circuits (
    account TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    open_until INTEGER NOT NULL,
    probing INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

const processes = `
  -- The beat grows while the process lives, whatever any clock says.
  CREATE TABLE owners (id TEXT PRIMARY KEY, beat INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

const census = `
  -- Counting millions of items for every scrape of /metrics would block all other work.
  CREATE TABLE census (state TEXT PRIMARY KEY, items INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

const derived = `
  CREATE TABLE task_counts (
    task_id TEXT NOT NULL,
    state TEXT NOT NULL,
    items INTEGER NOT NULL,
    PRIMARY KEY (task_id, state)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE task_states (present TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT, WITHOUT ROWID;
  ${fillTaskStates}

  CREATE TABLE listing (
    provider TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    had_problems INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (provider, state, created_at, task_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX listing_by_tenant ON listing (tenant, provider, state, created_at, task_id);
  CREATE INDEX problem_listing ON listing (provider, state, created_at, task_id) WHERE had_problems = 1;
  CREATE INDEX problem_listing_by_tenant ON listing (tenant, provider, state, created_at, task_id) WHERE had_problems = 1;

  CREATE TABLE recent_items (
    target TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    task_id TEXT NOT NULL,
    idx INTEGER NOT NULL,
    PRIMARY KEY (target, sent_at, task_id, idx)
  ) STRICT, WITHOUT ROWID;
`;

/** The tables that PostgreSQL's store has as well, in SQLite's types (`postgres/tables.ts` has its types and triggers). */
export const sharedTables = `${work} ${accounts} ${processes} ${derived}`;

/** The triggers come last, as the order in which SQLite fires them is the order in which a file got them. */
export const newTables = `${sharedTables} ${census} ${derivedTriggers} ${findingTriggers}`;
