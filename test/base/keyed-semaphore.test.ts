import { describe, expect, it } from "vitest";
import { createKeyedSemaphore } from "../../src/base/keyed-semaphore.ts";

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function desk(atOnce: number) {
  const turns = createKeyedSemaphore(atOnce);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    begun,
    /** Begins as soon as its turn has come, and lasts until it is ended. */
    come: (name: string, signal = new AbortController().signal, key = "a") =>
      turns(key, signal, () => {
        begun.push(name);
        return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
      }),
    end: async (name: string) => {
      ends.get(name)?.();
      await tick();
    },
    turns,
  };
}

describe("turns", () => {
  it("are taken in order, no more at once than allowed, and apart for each key", async () => {
    const { begun, come, end } = desk(2);
    const all = [come("1"), come("2"), come("3"), come("4"), come("other", undefined, "b")];
    await tick();
    expect(begun).toEqual(["1", "2", "other"]);
    await end("2");
    expect(begun).toEqual(["1", "2", "other", "3"]);
    for (const name of ["1", "3", "4", "other"]) await end(name);
    expect(await Promise.all(all)).toEqual(["1", "2", "3", "4", "other"]);
  });

  it("of those who no longer wait go to the next", async () => {
    const { begun, come, end } = desk(1);
    const reason = new Error("enough");
    const stop = new AbortController();
    const first = come("1");
    const left = come("2", stop.signal).catch((error: unknown) => error);
    const third = come("3");
    await tick();
    stop.abort(reason);
    expect(await left).toBe(reason);
    await end("1");
    expect(begun).toEqual(["1", "3"]);
    await end("3");
    expect(await Promise.all([first, third])).toEqual(["1", "3"]);
    await expect(come("4", AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it("end with what fails, too", async () => {
    const { begun, come, end, turns } = desk(1);
    const { signal } = new AbortController();
    await expect(turns("a", signal, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
    const next = come("next");
    await tick();
    expect(begun).toEqual(["next"]);
    await end("next");
    expect(await next).toBe("next");
  });
});
