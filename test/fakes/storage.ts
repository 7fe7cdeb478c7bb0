/** A store in memory that closes when its test ends, and a claim by the only process that lives. */

import { onTestFinished } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import type { Claim, Storage } from "../../src/prefetch/model/storage.ts";
import { openStorage } from "../storage/open-harness.ts";

export async function openMemoryStore(clock: Clock): Promise<Storage> {
  const storage = await openStorage(":memory:", clock);
  onTestFinished(() => storage.close());
  return storage;
}

/** A claim by a process to which every other process is dead. */
export async function claimAsSurvivor(storage: Storage, account: string, now: number): Promise<Claim | undefined> {
  const owner = "survivor";
  const claimant = { owner, inHand: [], dead: await storage.holders(owner) };
  return storage.claim(account, now, now + 300_000, { claimant });
}
