/**
 * Access to the database of one process. Its uses run one after the other, because they share the connection. A read goes next, and
 * no lock of another process stops it. Writes take turns, first come, first served, and wait for locks, between which reads go on.
 * Every use looks at the files first.
 */

import type { DatabaseSync } from "node:sqlite";
import type { PrefetchError } from "../base/errors.ts";
import { createConnection } from "./connection.ts";
import { createLockWait, LOCK_WAIT_MS, type LockTime } from "./lock-wait.ts";
import type { OpenDatabase } from "./open-database.ts";
import type { StoreKind } from "./schema.ts";
import { StoreLostError, storageError, unusable } from "./storage-error.ts";

export type Work<Result> = (db: DatabaseSync) => Promise<Result>;

export interface Access {
  /** A single query. */
  read<Result>(work: Work<Result>): Promise<Result>;
  /** Several queries that see one state of the file. */
  snapshot<Result>(work: Work<Result>): Promise<Result>;
  /** One transaction: all of `work` is stored, or none of it. Every other use waits while the work does. */
  write<Result>(work: Work<Result>): Promise<Result>;
  /** Throws when the store cannot be written. Writes to it, unless another write has proven of late that this works. */
  probe(): Promise<void>;
  /** Waits for the writes that have begun. */
  close(): Promise<void>;
}

/**
 * How long a write proves that the store can be written. Longer: readiness misses a full disk for longer. Shorter: anonymous probes
 * write more often.
 */
const PROVEN_MS = 10_000;

export function createAccess(location: string, time: LockTime, kind: StoreKind): Access {
  const connection = createConnection(location, time, kind);
  const readLock = createLockWait(time);
  const writeLock = createLockWait(time);
  let opened: OpenDatabase | undefined;
  let lastUse: Promise<unknown> = Promise.resolve();
  let lastTurn: Promise<unknown> = Promise.resolve();
  let turns = 0;
  let provenAt = Number.NEGATIVE_INFINITY;

  /** A use that began in the middle of another one would see its uncommitted rows. */
  const alone = <Result>(use: () => Promise<Result>): Promise<Result> => {
    const result = lastUse.then(use);
    lastUse = result.catch(() => undefined); // The caller gets the error.
    return result;
  };

  const using = <Result>(use: (opened: OpenDatabase) => Promise<Result>): Promise<Result> =>
    alone(async () => {
      opened = await connection.open();
      opened.files.expectPresent();
      return use(opened);
    });

  /** Files that were cut off or overwritten often make SQLite fail before this code has looked. */
  const explained = (error: unknown): PrefetchError => {
    try {
      opened?.files.expectIntact();
    } catch (reason) {
      if (reason instanceof StoreLostError) return storageError(reason, location);
    }
    return storageError(error, location);
  };

  const read = async <Result>(work: Work<Result>): Promise<Result> => {
    try {
      return await readLock.until(() => using(({ db }) => work(db)));
    } catch (error) {
      throw explained(error);
    }
  };

  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    turns += 1;
    const result = lastTurn.then(work).finally(() => {
      turns -= 1;
    });
    lastTurn = result.catch(() => undefined); // The caller gets the error.
    return result;
  };

  const write = <Result>(work: Work<Result>, waitMs = LOCK_WAIT_MS): Promise<Result> => {
    const askedAt = time.monotonic();
    return inTurn(async () => {
      try {
        return await writeLock.until(() => using((opened) => inWriteTransaction(opened, work)), { askedAt, waitMs });
      } catch (error) {
        provenAt = Number.NEGATIVE_INFINITY;
        throw explained(error);
      }
    });
  };

  /** The lock for writing alone proves that the files are intact. */
  const tryToWrite = async (): Promise<void> => {
    const now = time.monotonic();
    try {
      if (now - provenAt < PROVEN_MS) await write(nothing, 0);
      else {
        await write(rewriteVersion, 0);
        provenAt = now;
      }
    } catch (error) {
      // A lock proves nothing about the file. One that lasts is reported below.
      if (writeLock.lockedMs() === undefined) throw error;
    }
  };

  return {
    read,
    snapshot: (work) =>
      read((db) => {
        db.exec("BEGIN");
        return inTransaction(db, () => work(db));
      }),

    write: (work) => write(work),

    probe: async () => {
      await read(nothing);
      // Writes that wait will tell by themselves.
      if (turns === 0) await tryToWrite();
      const lockedMs = writeLock.lockedMs() ?? 0;
      if (lockedMs < LOCK_WAIT_MS) return;
      throw unusable(location, `another process has locked it for ${Math.floor(lockedMs / 1_000)} seconds`, { retryable: true });
    },

    close: () => inTurn(() => alone(connection.close)),
  };
}

function inWriteTransaction<Result>({ db, files }: OpenDatabase, work: Work<Result>): Promise<Result> {
  db.exec("BEGIN IMMEDIATE");
  return inTransaction(db, () => {
    files.expectIntact();
    return work(db);
  });
}

/** `db` has begun a transaction. */
async function inTransaction<Result>(db: DatabaseSync, work: () => Promise<Result>): Promise<Result> {
  try {
    const result = await work();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    rollBack(db);
    throw error;
  }
}

function rollBack(db: DatabaseSync): void {
  // SQLite rolls back by itself when the disk is full.
  if (db.isOpen && db.isTransaction) db.exec("ROLLBACK");
}

const nothing = async (): Promise<void> => undefined;

/** Changes nothing, but goes all the way to the disk. */
async function rewriteVersion(db: DatabaseSync): Promise<void> {
  db.exec(`PRAGMA user_version = ${Number(db.prepare("PRAGMA user_version").get()?.user_version)}`);
}
