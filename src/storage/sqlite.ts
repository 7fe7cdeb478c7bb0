/** Storage in one SQLite file through Node's own driver. `:memory:` stores nothing on disk. */

import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../base/clock.ts";
import type { Storage } from "../prefetch/model/storage.ts";
import { createAccess } from "./access.ts";
import { type LockTime, realTime } from "./lock-wait.ts";
import type { StoreKind } from "./schema.ts";
import { createSqliteSql } from "./sqlite-sql.ts";
import { createSteps } from "./steps.ts";
import { createStorage, type Work } from "./storage.ts";
import { storageError } from "./storage-error.ts";

/**
 * Opens nothing yet: the first use opens the file, and a use after a failed one tries again. It blocks its thread while it reads
 * and writes, but not while it waits for a lock. It refuses a file of another kind.
 */
export function openSqlite(location: string, clock: Pick<Clock, "now">, lockTime: LockTime = realTime, kind: StoreKind = "real"): Storage {
  const access = createAccess(location, lockTime, kind);
  const sql = createSqliteSql();
  const steps = createSteps(sql, clock);
  const on =
    <Result>(work: Work<Result>) =>
    (db: DatabaseSync): Promise<Result> => {
      sql.use(db);
      return work(steps);
    };

  return createStorage({
    read: (work) => access.read(on(work)),
    snapshot: (work) => access.snapshot(on(work)),
    write: (work) => access.write(on(work)),
    explain: (error) => storageError(error, location),
    check: access.probe,
    close: () => {
      sql.forget();
      return access.close();
    },
  });
}
