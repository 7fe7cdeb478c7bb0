/** Lets so many through at a time, in the order in which they came. */

import { onAbort } from "./on-abort.ts";

export interface Semaphore {
  /** Resolves when there is room; what was let in calls `release` once. Rejects with the signal's reason. */
  acquire(signal: AbortSignal): Promise<void>;
  release(): void;
}

export function createSemaphore(most: number): Semaphore {
  let inside = 0;
  const waiting = new Set<() => void>();
  return {
    acquire: (signal) => {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (inside < most) {
        inside += 1;
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        const stay = onAbort(signal, () => {
          waiting.delete(admit);
          reject(signal.reason);
        });
        const admit = (): void => {
          stay();
          resolve();
        };
        waiting.add(admit);
      });
    },
    release: () => {
      // Whoever is next takes the place over.
      const [next] = waiting;
      if (next === undefined) {
        inside -= 1;
        return;
      }
      waiting.delete(next);
      next();
    },
  };
}

/** Does the work when there is room for it. */
export async function withPermit<Result>(semaphore: Semaphore, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  await semaphore.acquire(signal);
  try {
    return await work();
  } finally {
    semaphore.release();
  }
}
