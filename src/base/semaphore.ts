/** Lets so many through at a time, in the order in which they came. */

import { onAbort } from "./on-abort.ts";

export interface Gate {
  /** Resolves when there is room; what was let in calls `leave` once. Rejects with the signal's reason. */
  enter(signal: AbortSignal): Promise<void>;
  leave(): void;
}

export function createGate(most: number): Gate {
  let inside = 0;
  const waiting = new Set<() => void>();
  return {
    enter: (signal) => {
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
    leave: () => {
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
export async function inTurn<Result>(gate: Gate, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  await gate.enter(signal);
  try {
    return await work();
  } finally {
    gate.leave();
  }
}
