/** Store files of tests, gone with the test that made them. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import type { Storage } from "../../src/prefetch/model/storage.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import { fakeClock } from "../fakes/clock.ts";

export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cdn-prefetch-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function openFile(path: string): Promise<Storage> {
  const storage = await openSqlite(path, fakeClock());
  onTestFinished(() => storage.close());
  return storage;
}

/** The `PrefetchError` that opening ends with. */
export async function refusalOf(path: string): Promise<PrefetchError> {
  const error: unknown = await openSqlite(path, fakeClock()).then(
    (storage) => storage.close(),
    (reason: unknown) => reason,
  );
  if (error instanceof PrefetchError) return error;
  throw new Error(`not a PrefetchError: ${String(error)}`);
}

/** Does something to the file that this server never does. */
export function tamper(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}
