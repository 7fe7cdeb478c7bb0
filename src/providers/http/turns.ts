/** Keeps the number of things that are done at once for each key within bounds. */

/** The others wait in the order in which they came; an aborted signal ends their waiting with its reason. */
export type Turns = <Result>(key: string, signal: AbortSignal, work: () => Promise<Result>) => Promise<Result>;

interface Lane {
  underWay: number;
  readonly waiting: Set<() => void>;
}

export function createTurns(atOnce: number): Turns {
  const lanes = new Map<string, Lane>();

  const enter = (lane: Lane, signal: AbortSignal): Promise<void> | undefined => {
    if (lane.underWay < atOnce) {
      lane.underWay += 1;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        lane.waiting.delete(go);
        reject(signal.reason);
      };
      const go = (): void => {
        signal.removeEventListener("abort", stop);
        resolve();
      };
      lane.waiting.add(go);
      signal.addEventListener("abort", stop, { once: true });
    });
  };

  const leave = (key: string, lane: Lane): void => {
    const [next] = lane.waiting;
    if (next) {
      // The place goes from hand to hand, so that nobody who comes just now can take it.
      lane.waiting.delete(next);
      next();
    } else if (lane.underWay > 1) lane.underWay -= 1;
    else lanes.delete(key);
  };

  return async (key, signal, work) => {
    signal.throwIfAborted();
    const lane = lanes.get(key) ?? { underWay: 0, waiting: new Set() };
    lanes.set(key, lane);
    await enter(lane, signal);
    try {
      return await work();
    } finally {
      leave(key, lane);
    }
  };
}
