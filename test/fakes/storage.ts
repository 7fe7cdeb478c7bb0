/** A store in memory that closes when its test ends. */

import { onTestFinished } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import type { Storage } from "../../src/prefetch/model/storage.ts";
import { openStorage } from "../storage/open-harness.ts";

export async function openMemoryStore(clock: Clock): Promise<Storage> {
  const storage = await openStorage(":memory:", clock);
  onTestFinished(() => storage.close());
  return storage;
}
