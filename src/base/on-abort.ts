/** Shares one abort listener among many waiters: adding and removing a listener costs more than a small request. */

interface Waiters {
  readonly callbacks: Set<() => void>;
  readonly callAll: () => void;
}

const waitersOf = new WeakMap<AbortSignal, Waiters>();

/** Calls `callback` when the signal aborts. The returned function cancels that. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const waiters = waitersOf.get(signal) ?? listen(signal);
  // A wrapper for each call: the same callback registered twice must run twice, and cancelling one must keep the other.
  const entry = (): void => callback();
  waiters.callbacks.add(entry);
  return () => {
    if (!waiters.callbacks.delete(entry) || waiters.callbacks.size > 0) return;
    // Node keeps a signal from AbortSignal.any() alive as long as it has a listener.
    signal.removeEventListener("abort", waiters.callAll);
    waitersOf.delete(signal);
  };
}

function listen(signal: AbortSignal): Waiters {
  const callbacks = new Set<() => void>();
  const callAll = (): void => {
    for (const each of callbacks) each();
  };
  signal.addEventListener("abort", callAll, { once: true });
  const waiters = { callbacks, callAll };
  waitersOf.set(signal, waiters);
  return waiters;
}
