/** Store files as the earlier versions of this server wrote them: their own SQL, word for word, with something of everything in them. */

import { DatabaseSync } from "node:sqlite";
import { derivedTables } from "../../../src/storage/derived-tables.ts";
import { NOON, TODAY } from "../../fakes/clock.ts";
import { tablesOfVersion1 } from "../../fakes/schema-version-1.ts";

const second = `
  ALTER TABLE batches ADD COLUMN origin INTEGER NOT NULL DEFAULT 0;
  UPDATE batches SET origin = number;
`;

const third = `
  ALTER TABLE tasks ADD COLUMN cancelled INTEGER NOT NULL DEFAULT 0;
`;

const fourth = `
  ALTER TABLE batches ADD COLUMN may_wait INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE circuits (
    account TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    open_until INTEGER NOT NULL,
    probing INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

const fifth = `
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
`;

const sixth = `
  ALTER TABLE batches ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
`;

const seventh = `
  ALTER TABLE batches ADD COLUMN owner TEXT;
  ALTER TABLE batches ADD COLUMN sent_monotonic INTEGER;
  ALTER TABLE batches ADD COLUMN sent_boot TEXT;
  CREATE INDEX held_batches ON batches (owner) WHERE owner IS NOT NULL;
  -- A counter for each process that holds batches. It grows while the process lives, whatever any clock says.
  CREATE TABLE owners (id TEXT PRIMARY KEY, beat INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

const steps = [tablesOfVersion1, second, third, fourth, fifth, sixth, seventh, derivedTables];

export type OldVersion = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
export const oldVersions: readonly OldVersion[] = [1, 2, 3, 4, 5, 6, 7, 8];

export const ACCOUNT = "fake-cdn:1";
export const OLD_LEASE = NOON + 45_000;

/** One task of six URLs and one of an asset, with their batches in every state in which a server can leave them. */
const rows = `
  INSERT INTO tasks (id, created_at, providers, duplicates_removed, skipped_recent) VALUES
    ('pf_1', ${NOON}, '["fake-cdn"]', 1, 2),
    ('pf_2', ${NOON + 1}, '["fake-cdn"]', 0, 0);
  INSERT INTO batches (task_id, number, provider, account, kind, state, day, cost, attempts, not_before, lease_until, sent_at, vendor_task_ids, request_id) VALUES
    ('pf_1', 0, 'fake-cdn', '${ACCOUNT}', 'urls', 'sent', '${TODAY}', 2, 1, ${NOON}, NULL, ${NOON + 5}, '["v-1"]', 'r-1'),
    ('pf_1', 1, 'fake-cdn', '${ACCOUNT}', 'urls', 'sending', '${TODAY}', 2, 0, ${NOON}, ${OLD_LEASE}, ${NOON + 6}, '[]', NULL),
    ('pf_1', 2, 'fake-cdn', '${ACCOUNT}', 'urls', 'queued', '${TODAY}', 1, 0, ${NOON}, NULL, NULL, '[]', NULL),
    ('pf_2', 0, 'fake-cdn', '${ACCOUNT}', 'asset', 'ended', '${TODAY}', 3, 0, ${NOON}, NULL, ${NOON + 7}, '["v-2"]', 'r-2');
  INSERT INTO items (task_id, idx, batch, kind, target, state, code, reason, parts) VALUES
    ('pf_1', 0, 0, 'url', 'https://media.example.com/0.mp4', 'processing', NULL, NULL, NULL),
    ('pf_1', 1, 0, 'url', 'https://media.example.com/1.mp4', 'failed', 'vendor_failed', '403', NULL),
    ('pf_1', 2, 1, 'url', 'https://media.example.com/2.mp4', 'queued', NULL, NULL, NULL),
    ('pf_1', 3, 1, 'url', 'https://media.example.com/3.mp4', 'queued', NULL, NULL, NULL),
    ('pf_1', 4, 2, 'url', 'https://media.example.com/4.mp4', 'queued', NULL, NULL, NULL),
    ('pf_1', 5, NULL, 'url', 'not a url', 'rejected', 'invalid_argument', 'No.', NULL),
    ('pf_2', 0, 0, 'asset', 'asset-1', 'succeeded', NULL, NULL, '[{"url":"https://media.example.com/a.mp4","state":"succeeded"}]');
  INSERT INTO ledger VALUES ('${ACCOUNT}', '${TODAY}', 8, 1);
  INSERT INTO pace VALUES ('${ACCOUNT}', ${NOON + 3_000});
`;

/** Features of later versions: divided batches and cancelled tasks. */
const divided = "UPDATE batches SET origin = min(number, 1);";
const cancelled = `${divided} UPDATE tasks SET cancelled = 1 WHERE id = 'pf_1';`;
const counted = `${cancelled} INSERT INTO census SELECT state, count(*) FROM items GROUP BY state;`;
const laterRows: Record<OldVersion, string> = {
  1: "",
  2: divided,
  3: cancelled,
  4: cancelled,
  5: counted,
  6: counted,
  7: counted,
  8: counted,
};

/** Writes the file as the last process of that version left it: closed, and without a log beside it. */
export function writeOldFile(path: string, version: OldVersion, more: (db: DatabaseSync) => void = () => undefined): void {
  const db = new DatabaseSync(path);
  db.exec("PRAGMA journal_mode = WAL");
  for (const step of steps.slice(0, version)) db.exec(step);
  db.exec(`PRAGMA user_version = ${version}`);
  db.exec(rows + laterRows[version]);
  more(db);
  db.close();
}

/** Fills the file so that a migration has thousands of rows to rewrite and not one page to spare for that. */
export function packFull(db: DatabaseSync): void {
  db.exec("BEGIN");
  const insert = db.prepare(
    `INSERT INTO batches (task_id, number, provider, account, kind, state, day, cost, attempts, not_before, vendor_task_ids)
     VALUES (?, 1000000, 'fake-cdn', 'fake-cdn:2', 'urls', 'ended', '${TODAY}', 1, 0, ${NOON}, '[]')`,
  );
  for (let number = 0; number < 20_000; number += 1) insert.run(`pf_${String(number).padStart(36, "0")}`);
  db.exec("COMMIT; VACUUM");
}
