import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { abortable } from "../../src/base/abortable.ts";

describe("abortable", () => {
  it("rejects with the signal's reason when the signal aborts before the work settles", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const waiting = abortable(new Promise(() => undefined), stop.signal);
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(abortable(Promise.resolve("done"), stop.signal)).rejects.toBe(reason);
  });

  it("settles as the work does and leaves no listener", async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve("done"), signal)).toBe("done");
    await expect(abortable(Promise.reject(new Error("failed")), signal)).rejects.toThrow("failed");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
