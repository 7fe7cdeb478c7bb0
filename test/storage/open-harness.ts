/** Storage that is open already. */

import type { Clock } from "../../src/base/clock.ts";
import type { Storage } from "../../src/prefetch/model/storage.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";

/** A fake clock settles before the first use of a storage has loaded SQLite, so tests that it drives need an open storage. */
export async function openStorage(location: string, clock: Clock): Promise<Storage> {
  const storage = openSqlite(location, clock);
  await storage.census();
  return storage;
}
