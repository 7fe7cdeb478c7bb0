/**
 * Divides long work into slices, so that the event loop turns between them. Work that may take long calls the function again and
 * again, and waits when it gets a promise:
 *
 *     const pause = breathe();
 *     if (pause) await pause;
 */

/** `undefined` while the current slice lasts. */
export type Breathe = () => Promise<void> | undefined;

/** Work of one turn. A longer slice holds up probes and other calls; a shorter one spends more time on turns than on work. */
const SLICE_MS = 10;

/** All work of a process shares one, first come, first served: a turn has one slice, however many calls are at work. */
export function createBreathe(now: () => number, nextTurn: (run: () => void) => void = setImmediate): Breathe {
  let sliceEnds = Number.NEGATIVE_INFINITY;
  const waiting: (() => void)[] = [];

  const startSlice = (): void => {
    const next = waiting.shift();
    sliceEnds = now() + SLICE_MS;
    next?.();
    if (waiting.length > 0) nextTurn(startSlice);
  };

  return () => {
    if (now() < sliceEnds) return undefined;
    return new Promise((resolve) => {
      if (waiting.push(resolve) === 1) nextTurn(startSlice);
    });
  };
}
