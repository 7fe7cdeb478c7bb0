/** What is in a store file, read beside the server that uses it. */

import { DatabaseSync } from "node:sqlite";
import { vi } from "vitest";
import type { Clock } from "../../../src/base/clock.ts";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import { openStorage } from "../../storage/open-harness.ts";

export interface Content {
  readonly version: unknown;
  readonly schema: readonly unknown[];
  readonly rows: Readonly<Record<string, readonly unknown[]>>;
}

/** Reads the file as a database, which changes nothing in it. */
export function look<Result>(path: string, work: (db: DatabaseSync) => Result): Result {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return work(db);
  } finally {
    db.close();
  }
}

/** Everything that is in the file. */
export function contentOf(path: string): Content {
  return look(path, (db) => {
    const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all();
    return {
      version: db.prepare("PRAGMA user_version").get()?.user_version,
      schema: db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name").all(),
      rows: Object.fromEntries(names.map(({ name }) => [String(name), db.prepare(`SELECT * FROM ${String(name)}`).all()])),
    };
  });
}

/** How many rows each table of tasks has, and what is spent or reserved of all days together. */
export function heldBy(path: string): Record<string, unknown> {
  return look(path, (db) => ({
    ...db
      .prepare(
        `SELECT (SELECT count(*) FROM tasks) AS tasks, (SELECT count(*) FROM batches) AS batches,
                (SELECT count(*) FROM items) AS items, (SELECT coalesce(sum(used), 0) FROM ledger) AS used`,
      )
      .get(),
  }));
}

export const nothingHeld = { tasks: 0, batches: 0, items: 0, used: 0 };

export function isSound(path: string): boolean {
  return look(path, (db) => db.prepare("PRAGMA integrity_check").get()?.integrity_check === "ok");
}

/** A store together with the connection that it keeps to itself, so that the connection can be given limits. */
export async function openWithConnection(path: string, clock: Clock): Promise<{ readonly storage: Storage; readonly db: DatabaseSync }> {
  const exec = vi.spyOn(DatabaseSync.prototype, "exec");
  try {
    const storage = await openStorage(path, clock);
    const db: unknown = exec.mock.contexts[0];
    if (db instanceof DatabaseSync) return { storage, db };
    throw new Error("The store was opened without a statement.");
  } finally {
    exec.mockRestore();
  }
}

/** Takes the connection's room away: from now on the file may grow by so many pages. */
export function leaveRoom(db: DatabaseSync, pages: number): void {
  const used = Number(db.prepare("PRAGMA page_count").get()?.page_count);
  db.exec(`PRAGMA max_page_count = ${used + pages}`);
}

export function giveRoom(db: DatabaseSync): void {
  db.exec("PRAGMA max_page_count = 1000000");
}
