/** One semaphore per key, such as an account. A key takes no memory while no work uses it. */

import { createSemaphore, type Semaphore, withPermit } from "./semaphore.ts";

/** Runs `work` once its key has a free permit, first come, first served. An abort while waiting rejects with the signal's reason. */
export type KeyedSemaphore = <Result>(key: string, signal: AbortSignal, work: () => Promise<Result>) => Promise<Result>;

export function createKeyedSemaphore(permitsPerKey: number): KeyedSemaphore {
  const inUse = new Map<string, { readonly semaphore: Semaphore; users: number }>();
  return async (key, signal, work) => {
    const entry = inUse.get(key) ?? { semaphore: createSemaphore(permitsPerKey), users: 0 };
    inUse.set(key, entry);
    entry.users += 1;
    try {
      return await withPermit(entry.semaphore, signal, work);
    } finally {
      entry.users -= 1;
      if (entry.users === 0) inUse.delete(key);
    }
  };
}
