/** A counting semaphore: grants a fixed number of permits, first come, first served. */

import { onAbort } from "./on-abort.ts";

export interface Semaphore {
  /** Resolves with a permit, which the caller gives back by `release`. An abort while waiting rejects with the signal's reason. */
  acquire(signal: AbortSignal): Promise<void>;
  /** Call it once for each permit. */
  release(): void;
}

export function createSemaphore(permits: number): Semaphore {
  let taken = 0;
  /** In the order of arrival. */
  const waiting = new Set<() => void>();
  return {
    acquire: (signal) => {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (taken < permits) {
        taken += 1;
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        const cancelAbort = onAbort(signal, () => {
          waiting.delete(grant);
          reject(signal.reason);
        });
        const grant = (): void => {
          cancelAbort();
          resolve();
        };
        waiting.add(grant);
      });
    },
    release: () => {
      const [next] = waiting;
      if (next === undefined) {
        taken -= 1;
        return;
      }
      // The permit passes to the next waiter without becoming free, so no newcomer can overtake.
      waiting.delete(next);
      next();
    },
  };
}

/** Runs `work` with a permit, and gives the permit back when `work` settles. */
export async function withPermit<Result>(semaphore: Semaphore, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  await semaphore.acquire(signal);
  try {
    return await work();
  } finally {
    semaphore.release();
  }
}
