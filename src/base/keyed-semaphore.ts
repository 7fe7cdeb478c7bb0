/** Keeps the number of things that are done at once for each key within bounds. */

import { createSemaphore, type Semaphore, withPermit } from "./semaphore.ts";

/** The others wait in the order in which they came; an aborted signal ends their waiting with its reason. */
export type KeyedSemaphore = <Result>(key: string, signal: AbortSignal, work: () => Promise<Result>) => Promise<Result>;

export function createKeyedSemaphore(atOnce: number): KeyedSemaphore {
  const gates = new Map<string, { readonly semaphore: Semaphore; users: number }>();
  return async (key, signal, work) => {
    const known = gates.get(key) ?? { semaphore: createSemaphore(atOnce), users: 0 };
    gates.set(key, known);
    known.users += 1;
    try {
      return await withPermit(known.semaphore, signal, work);
    } finally {
      known.users -= 1;
      if (known.users === 0) gates.delete(key);
    }
  };
}
