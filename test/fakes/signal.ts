/** Signals that tests control. */

import { onTestFinished, vi } from "vitest";

/** Never aborted. */
export const { signal: neverAborted } = new AbortController();

/** Rejects with the signal's reason when it aborts, and stays pending until then. */
export function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

export interface FakeTimeouts {
  /** The milliseconds of each `AbortSignal.timeout` so far. */
  readonly requested: readonly number[];
  /** Lets the first timeout of `ms` milliseconds expire. */
  expire(ms: number): void;
}

/** Replaces `AbortSignal.timeout` until the test ends; its signals abort only by `expire`. */
export function fakeTimeouts(): FakeTimeouts {
  const timeouts: { readonly ms: number; readonly controller: AbortController }[] = [];
  const spy = vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
    const controller = new AbortController();
    timeouts.push({ ms, controller });
    return controller.signal;
  });
  onTestFinished(() => spy.mockRestore());
  return {
    get requested() {
      return timeouts.map(({ ms }) => ms);
    },
    expire: (ms) => {
      const timeout = timeouts.find((each) => each.ms === ms);
      if (!timeout) throw new Error(`There is no timeout of ${ms} ms.`);
      timeout.controller.abort(new DOMException("Too late", "TimeoutError"));
    },
  };
}
