/** Tells many of one abort by a single listener: adding and removing listeners costs more than a small request. */

const stops = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `stop` when the signal aborts, unless what is returned has been called before. */
export function onAbort(signal: AbortSignal, stop: () => void): () => void {
  let all = stops.get(signal);
  if (!all) {
    const own = new Set<() => void>();
    const stopAll = (): void => {
      for (const each of own) each();
    };
    signal.addEventListener("abort", stopAll, { once: true });
    stops.set(signal, own);
    all = own;
  }
  const waiting = all;
  // One of its own for each caller, or who waits twice with the same function would be forgotten with the first.
  const once = (): void => stop();
  waiting.add(once);
  return () => waiting.delete(once);
}
