/** Looks at a store file without changing, migrating or creating it, also beside servers that use it. */

import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
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

function readReport(location: string, kind: StoreKind): StoreReport {
  const db = new DatabaseSync(location, { readOnly: true });
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
