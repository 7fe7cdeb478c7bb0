import { describe, expect, it } from "vitest";
import { createKeyedSemaphore } from "../../src/base/keyed-semaphore.ts";

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function startWork(permitsPerKey: number) {
  const withKey = createKeyedSemaphore(permitsPerKey);
  const begun: string[] = [];
  const finishers = new Map<string, () => void>();
  return {
    begun,
    /** Begins once it has a permit, and lasts until `finish`. */
    start: (name: string, signal = new AbortController().signal, key = "a") =>
      withKey(key, signal, () => {
        begun.push(name);
        return new Promise<string>((resolve) => finishers.set(name, () => resolve(name)));
      }),
    finish: async (name: string) => {
      finishers.get(name)?.();
      await tick();
    },
    withKey,
  };
}

describe("createKeyedSemaphore", () => {
  it("runs work in its order, within the permits of its key, and keeps keys apart", async () => {
    const { begun, start, finish } = startWork(2);
    const all = [start("1"), start("2"), start("3"), start("4"), start("other", undefined, "b")];
    await tick();
    expect(begun).toEqual(["1", "2", "other"]);
    await finish("2");
    expect(begun).toEqual(["1", "2", "other", "3"]);
    for (const name of ["1", "3", "4", "other"]) await finish(name);
    expect(await Promise.all(all)).toEqual(["1", "2", "3", "4", "other"]);
  });

  it("skips a waiter that was aborted", async () => {
    const { begun, start, finish } = startWork(1);
    const reason = new Error("enough");
    const stop = new AbortController();
    const first = start("1");
    const aborted = start("2", stop.signal).catch((error: unknown) => error);
    const third = start("3");
    await tick();
    stop.abort(reason);
    expect(await aborted).toBe(reason);
    await finish("1");
    expect(begun).toEqual(["1", "3"]);
    await finish("3");
    expect(await Promise.all([first, third])).toEqual(["1", "3"]);
    await expect(start("4", AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it("gives the permit to the next work when work fails", async () => {
    const { begun, start, finish, withKey } = startWork(1);
    const { signal } = new AbortController();
    await expect(withKey("a", signal, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
    const next = start("next");
    await tick();
    expect(begun).toEqual(["next"]);
    await finish("next");
    expect(await next).toBe("next");
  });
});
