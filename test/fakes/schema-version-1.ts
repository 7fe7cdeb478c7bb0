/** The tables of schema version 1, word for word. A file that such a version wrote never changes, so neither does this text. */

export const tablesOfVersion1 = `
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
`;
