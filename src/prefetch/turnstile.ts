/** So much at a time and no more, over all calls, in the order of asking. */

export type Turnstile = <Result>(work: () => Promise<Result>, signal: AbortSignal) => Promise<Result>;

/** Whoever waits longer than until its signal is aborted rejects with the signal's reason. */
export function createTurnstile(most: number): Turnstile {
  const waiting = new Set<() => void>();
  let inside = 0;

  const turn = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(enter);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      waiting.add(enter);
    });

  return async (work, signal) => {
    signal.throwIfAborted();
    if (inside < most) inside += 1;
    else await turn(signal);
    try {
      return await work();
    } finally {
      // Whoever comes next takes the place over.
      const [next] = waiting;
      if (next) {
        waiting.delete(next);
        next();
      } else inside -= 1;
    }
  };
}
