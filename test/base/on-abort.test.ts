import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { onAbort } from "../../src/base/on-abort.ts";

describe("onAbort", () => {
  it("calls every callback except a cancelled one, through one listener", () => {
    const { signal, abort } = combinedSignal();
    const called: string[] = [];
    const cancels = ["a", "b", "c"].map((name) => onAbort(signal, () => called.push(name)));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    cancels[1]?.();
    abort();
    expect(called).toEqual(["a", "c"]);
  });

  it("calls a callback once for each registration", () => {
    const { signal, abort } = combinedSignal();
    let calls = 0;
    const count = (): void => {
      calls += 1;
    };
    const [cancel] = [onAbort(signal, count), onAbort(signal, count), onAbort(signal, count)];
    cancel();
    abort();
    expect(calls).toBe(2);
  });

  it("removes its listener with the last callback, because a listener keeps a combined signal in memory", () => {
    const { signal } = combinedSignal();
    const [first, second] = [onAbort(signal, () => undefined), onAbort(signal, () => undefined)];
    first();
    first();
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    second();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("calls a callback registered after all earlier ones were cancelled, even when one is cancelled again", () => {
    const { signal, abort } = combinedSignal();
    const cancel = onAbort(signal, () => undefined);
    cancel();
    let calls = 0;
    onAbort(signal, () => {
      calls += 1;
    });
    cancel();
    abort();
    expect(calls).toBe(1);
  });
});

/** A signal from AbortSignal.any(), as each batch has one. */
function combinedSignal() {
  const controller = new AbortController();
  return { signal: AbortSignal.any([controller.signal, new AbortController().signal]), abort: () => controller.abort() };
}
