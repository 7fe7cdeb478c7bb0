/** Store files that are deleted when the test ends. */

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

/** Opens the file at once, which the storage itself leaves to its first use. */
export async function openFile(path: string): Promise<Storage> {
  const storage = openSqlite(path, fakeClock());
  onTestFinished(() => storage.close());
  await storage.census();
  return storage;
}

/** The `PrefetchError` that the first use ends with. */
export async function refusalOf(path: string): Promise<PrefetchError> {
  const storage = openSqlite(path, fakeClock());
  const error: unknown = await storage.census().catch((reason: unknown) => reason);
  await storage.close();
  if (error instanceof PrefetchError) return error;
  throw new Error(`not a PrefetchError: ${String(error)}`);
}

/** Runs SQL that the server never runs. */
export function tamper(path: string, sql: string): void {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
}
