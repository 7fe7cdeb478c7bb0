/** Lets so many through at a time, in the order in which they came. */

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
        const admit = (): void => {
          signal.removeEventListener("abort", giveUp);
          resolve();
        };
        const giveUp = (): void => {
          waiting.delete(admit);
          reject(signal.reason);
        };
        waiting.add(admit);
        signal.addEventListener("abort", giveUp, { once: true });
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
