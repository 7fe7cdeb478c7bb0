/** Opens the SQLite file: creates it where there is none, closes it to other users and migrates it. */

import { chmodSync, existsSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { createLockWait, type LockTime } from "./lock-wait.ts";
import { preparePlace } from "./place.ts";
import { migrate, refuseForeign, type StoreKind } from "./schema.ts";
import { isReadOnly, storageError } from "./storage-error.ts";
import { noFiles, type StoreFiles, watchStoreFiles } from "./store-files.ts";

export interface OpenDatabase {
  readonly db: DatabaseSync;
  readonly files: StoreFiles;
  close(): void;
}

/** `location` is a file path or `:memory:`. */
export async function openDatabase(location: string, time: LockTime, kind: StoreKind): Promise<OpenDatabase> {
  try {
    // A process that creates the file, switches it to WAL mode or migrates it locks it for a moment.
    return await createLockWait(time).until(async () => open(location, kind));
  } catch (error) {
    throw storageError(error, location);
  }
}

function open(location: string, kind: StoreKind): OpenDatabase {
  const isFile = location !== ":memory:";
  if (isFile) {
    preparePlace(location);
    if (existsSync(location)) refuseForeignFile(location, kind);
  }
  const db = new DatabaseSync(location);
  try {
    // URLs can carry access tokens, so only the owner may read the file.
    if (isFile) chmodSync(location, statSync(location).mode & 0o700);
    // Waiting inside SQLite would block the thread; lock-wait.ts waits instead.
    db.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    migrate(db, location, kind);
    const files = isFile ? watchStoreFiles(location) : noFiles;
    return { db, files, close: () => closeBoth(db, files) };
  } catch (error) {
    db.close();
    throw error;
  }
}

function closeBoth(db: DatabaseSync, files: StoreFiles): void {
  try {
    if (db.isOpen) db.close();
  } finally {
    files.close();
  }
}

/** Checks version and kind read-only: opening a file for writing can already fold its write-ahead log into it. */
function refuseForeignFile(location: string, kind: StoreKind): void {
  const db = new DatabaseSync(location, { readOnly: true });
  try {
    refuseForeign(db, location, kind);
  } catch (error) {
    // A killed process can leave a rollback journal, which SQLite rolls back only when it may write.
    if (!isReadOnly(error)) throw error;
  } finally {
    db.close();
  }
}
