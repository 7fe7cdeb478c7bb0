/** Opens the SQLite file: creates it where there is none, closes it to other users and migrates it. */

import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import { migrate, refuseNewer } from "./schema.ts";
import { isBusy, isReadOnly, storageError } from "./storage-error.ts";

/**
 * How long a statement waits for another process's write. The process is blocked meanwhile, so a larger value freezes
 * the server; a smaller one fails calls while another process deletes a large task.
 */
const BUSY_MS = 5_000;
/**
 * 250 waits of 20 ms last as long as `BUSY_MS`. Fewer or shorter waits fail processes that create one file together;
 * more or longer waits delay the error of a file that stays locked.
 */
const OPEN_ATTEMPTS = 250;
const OPEN_RETRY_MS = 20;

/** `location` is a file path or `:memory:`. */
export async function openDatabase(location: string, clock: Clock): Promise<DatabaseSync> {
  const startedAt = clock.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      return open(location);
    } catch (error) {
      // Only the switch to WAL mode ignores the busy timeout. Any other statement that is still busy has waited BUSY_MS.
      const hasWaited = clock.now() - startedAt >= BUSY_MS;
      if (!isBusy(error) || hasWaited || attempt >= OPEN_ATTEMPTS) throw storageError(error, location);
      await clock.sleep(OPEN_RETRY_MS);
    }
  }
}

function open(location: string): DatabaseSync {
  const isFile = location !== ":memory:";
  // URLs can carry access tokens, so only the owner may read the folder and the file.
  if (isFile) {
    mkdirSync(dirname(location), { recursive: true, mode: 0o700 });
    if (existsSync(location)) refuseNewerFile(location);
  }
  const db = new DatabaseSync(location);
  try {
    if (isFile) chmodSync(location, statSync(location).mode & 0o700);
    db.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;`);
    migrate(db, location);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Checks the version read-only: opening a file for writing can already fold its write-ahead log into it. */
function refuseNewerFile(location: string): void {
  const db = new DatabaseSync(location, { readOnly: true });
  try {
    refuseNewer(db, location);
  } catch (error) {
    // A killed process can leave a rollback journal, which SQLite rolls back only when it may write.
    if (!isReadOnly(error)) throw error;
  } finally {
    db.close();
  }
}
