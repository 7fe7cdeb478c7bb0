import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { onAbort } from "../../src/base/on-abort.ts";

describe("an abort", () => {
  it("is told to all who wait for it, by one listener, and not to who has gone", () => {
    const { signal, abort } = aborting();
    const told: string[] = [];
    const leave = ["a", "b", "c"].map((name) => onAbort(signal, () => told.push(name)));
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    leave[1]?.();
    abort();
    expect(told).toEqual(["a", "c"]);
  });

  it("is told twice to who waits twice", () => {
    const { signal, abort } = aborting();
    let told = 0;
    const tell = (): void => {
      told += 1;
    };
    const [leave] = [onAbort(signal, tell), onAbort(signal, tell), onAbort(signal, tell)];
    leave();
    abort();
    expect(told).toBe(2);
  });

  it("leaves no listener once nobody waits, as Node would keep the signal for it", () => {
    const { signal } = aborting();
    const [first, second] = [onAbort(signal, () => undefined), onAbort(signal, () => undefined)];
    first();
    first();
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    second();
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("is told to who came after all others had gone, whatever those do", () => {
    const { signal, abort } = aborting();
    const gone = onAbort(signal, () => undefined);
    gone();
    let told = 0;
    onAbort(signal, () => {
      told += 1;
    });
    gone();
    abort();
    expect(told).toBe(1);
  });
});

/** A signal as each batch has one: put together from others. */
function aborting() {
  const controller = new AbortController();
  return { signal: AbortSignal.any([controller.signal, new AbortController().signal]), abort: () => controller.abort() };
}
