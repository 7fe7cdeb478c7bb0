/** Keeps the number of things that are done at once for each key within bounds. */

import { createGate, type Gate, inTurn } from "./semaphore.ts";

/** The others wait in the order in which they came; an aborted signal ends their waiting with its reason. */
export type Turns = <Result>(key: string, signal: AbortSignal, work: () => Promise<Result>) => Promise<Result>;

export function createTurns(atOnce: number): Turns {
  const gates = new Map<string, { readonly gate: Gate; users: number }>();
  return async (key, signal, work) => {
    const known = gates.get(key) ?? { gate: createGate(atOnce), users: 0 };
    gates.set(key, known);
    known.users += 1;
    try {
      return await inTurn(known.gate, signal, work);
    } finally {
      known.users -= 1;
      if (known.users === 0) gates.delete(key);
    }
  };
}
