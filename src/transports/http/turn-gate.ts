/** Spreads work over turns of the event loop, so that a burst of it does not delay everything else until its end. */

/** Resolves in the order of calls, at most the fixed number of times per turn of the event loop. */
export type EnterTurn = () => Promise<void>;

export function createTurnGate(mostPerTurn: number, nextTurn: (run: () => void) => void = setImmediate): EnterTurn {
  let entered = 0;
  const waiting: (() => void)[] = [];

  const startTurn = (): void => {
    const admitted = waiting.splice(0, mostPerTurn);
    entered = admitted.length;
    // Without arrivals no further turn is scheduled, and the gate starts afresh.
    if (entered > 0) nextTurn(startTurn);
    for (const enter of admitted) enter();
  };

  return () => {
    if (entered === 0 && waiting.length === 0) nextTurn(startTurn);
    if (entered < mostPerTurn) {
      entered += 1;
      return Promise.resolve();
    }
    return new Promise((resolve) => waiting.push(resolve));
  };
}
