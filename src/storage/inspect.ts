/** Looks at a store file without changing, migrating or creating it, also beside servers that use it. */

import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { refusePlace } from "./place.ts";
import { refuseForeign, SCHEMA_VERSION, type StoreKind, versionOf } from "./schema.ts";
import { isReadOnly, storageError } from "./storage-error.ts";

export interface StoreReport {
  /** Schema version of the file; `undefined` until a server finishes the work of a killed one. */
  readonly version: number | undefined;
  /** Schema version that this program writes. */
  readonly newest: number;
  /** Tasks that are not settled; `undefined` for a file of another version. */
  readonly openTasks: number | undefined;
}

/** `undefined` when there is no file yet. Throws `store_unavailable` for a file that a server would refuse. */
export function inspectStore(location: string, kind: StoreKind): StoreReport | undefined {
  try {
    refusePlace(location);
    return existsSync(location) ? readReport(location, kind) : undefined;
  } catch (error) {
    // A killed process can leave a rollback journal, which SQLite rolls back only when it may write.
    if (isReadOnly(error)) return { version: undefined, newest: SCHEMA_VERSION, openTasks: undefined };
    throw storageError(error, location);
  }
}

/** Place in the header of the version that a writer needs, and its value in WAL mode: https://www.sqlite.org/fileformat2.html */
const WRITE_VERSION = 18;
const WAL = 2;

/**
 * A reader of a WAL store makes SQLite create two files that the reader cannot delete. `immutable` prevents that. It is safe while
 * those files are missing, because no process has the store open then.
 */
function addressOf(location: string): string | URL {
  if (existsSync(`${location}-wal`) || writeVersionOf(location) !== WAL) return location;
  const url = pathToFileURL(location);
  url.searchParams.set("immutable", "1");
  return url;
}

function writeVersionOf(location: string): number | undefined {
  const header = Buffer.alloc(WRITE_VERSION + 1);
  const file = openSync(location, "r");
  try {
    return readSync(file, header, 0, header.length, 0) === header.length ? header[WRITE_VERSION] : undefined;
  } finally {
    closeSync(file);
  }
}

function readReport(location: string, kind: StoreKind): StoreReport {
  const db = new DatabaseSync(addressOf(location), { readOnly: true });
  try {
    refuseForeign(db, location, kind);
    const version = versionOf(db);
    return { version, newest: SCHEMA_VERSION, openTasks: version === SCHEMA_VERSION ? openTasksIn(db) : undefined };
  } finally {
    db.close();
  }
}

/** Reads the primary key of `listing` alone, whatever the size of the store. */
function openTasksIn(db: DatabaseSync): number {
  const row = db.prepare("SELECT count(*) AS tasks FROM listing WHERE provider = '' AND state IN ('queued', 'running')").get();
  return Number(row?.tasks);
}
