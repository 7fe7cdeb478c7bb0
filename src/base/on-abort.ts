/** Tells many of one abort by a single listener: adding and removing listeners costs more than a small request. */

interface Waiting {
  readonly all: Set<() => void>;
  readonly stopAll: () => void;
}

const stops = new WeakMap<AbortSignal, Waiting>();

/** Calls `stop` when the signal aborts, unless what is returned has been called before. */
export function onAbort(signal: AbortSignal, stop: () => void): () => void {
  const waiting = stops.get(signal) ?? listen(signal);
  // One of its own for each caller, or who waits twice with the same function would be forgotten with the first.
  const once = (): void => stop();
  waiting.all.add(once);
  return () => {
    if (!waiting.all.delete(once) || waiting.all.size > 0) return;
    // Node keeps a signal that was put together from others for as long as anybody listens to it.
    signal.removeEventListener("abort", waiting.stopAll);
    stops.delete(signal);
  };
}

function listen(signal: AbortSignal): Waiting {
  const all = new Set<() => void>();
  const stopAll = (): void => {
    for (const each of all) each();
  };
  signal.addEventListener("abort", stopAll, { once: true });
  const waiting = { all, stopAll };
  stops.set(signal, waiting);
  return waiting;
}
