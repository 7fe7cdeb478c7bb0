import { describe, expect, it } from "vitest";
import { type ConcurrencyOptions, forEachConcurrently } from "../../src/base/for-each-concurrently.ts";

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Starts the loop and lets the test end each item's work. */
function startLoop(items: Iterable<string>, options: ConcurrencyOptions) {
  const begun: string[] = [];
  const inFlight = new Map<string, PromiseWithResolvers<void>>();
  const end = async (item: string, how: (work: PromiseWithResolvers<void>) => void): Promise<void> => {
    const work = inFlight.get(item);
    if (!work) throw new Error(`${item} is not in flight`);
    inFlight.delete(item);
    how(work);
    await tick();
  };
  let state = "running";
  const result = forEachConcurrently(items, options, (item) => {
    begun.push(item);
    const work = Promise.withResolvers<void>();
    inFlight.set(item, work);
    return work.promise;
  });
  result.then(
    (completed) => {
      state = completed ? "completed" : "stopped";
    },
    (error: Error) => {
      state = error.message;
    },
  );
  return {
    begun,
    finish: (item: string) => end(item, (work) => work.resolve()),
    fail: (item: string, message: string) => end(item, (work) => work.reject(new Error(message))),
    state: () => state,
  };
}

describe("forEachConcurrently", () => {
  it("begins the next item when a lane is free", async () => {
    const loop = startLoop(["a", "b", "c", "d"], { concurrency: 2 });
    expect(loop.begun).toEqual(["a", "b"]);
    await loop.finish("b");
    expect(loop.begun).toEqual(["a", "b", "c"]);
    await loop.finish("c");
    await loop.finish("a");
    expect(loop.begun).toEqual(["a", "b", "c", "d"]);
    expect(loop.state()).toBe("running");
    await loop.finish("d");
    expect(loop.state()).toBe("completed");
  });

  it("completes when there are fewer items than lanes, or none", async () => {
    const loop = startLoop(["a"], { concurrency: 3 });
    await loop.finish("a");
    expect(loop.state()).toBe("completed");
    expect(await forEachConcurrently([], { concurrency: 3, shouldStop: () => true }, () => tick())).toBe(true);
  });

  it("leaves the remaining items out and finishes those in flight when shouldStop returns true", async () => {
    let enough = false;
    const loop = startLoop(["a", "b", "c", "d"], { concurrency: 2, shouldStop: () => enough });
    enough = true;
    await loop.finish("a");
    expect(loop.begun).toEqual(["a", "b"]);
    expect(loop.state()).toBe("running");
    await loop.finish("b");
    expect(loop.state()).toBe("stopped");
  });

  it("stays stopped when shouldStop changes its mind", async () => {
    const answers = [false, false, true];
    const loop = startLoop(["a", "b", "c", "d"], { concurrency: 2, shouldStop: () => answers.shift() ?? false });
    await loop.finish("a");
    await loop.finish("b");
    expect(loop.begun).toEqual(["a", "b"]);
    expect(loop.state()).toBe("stopped");
  });

  it("does not ask shouldStop after the last item", async () => {
    let finished = 0;
    const loop = startLoop(["a", "b"], { concurrency: 1, shouldStop: () => finished === 2 });
    for (const item of ["a", "b"]) {
      finished += 1;
      await loop.finish(item);
    }
    expect(loop.state()).toBe("completed");
  });

  it("begins nothing after a failure and rejects with the first error once nothing is in flight", async () => {
    const loop = startLoop(["a", "b", "c", "d", "e"], { concurrency: 3 });
    await loop.fail("c", "first");
    await loop.fail("b", "second");
    expect(loop.state()).toBe("running");
    await loop.finish("a");
    expect(loop.begun).toEqual(["a", "b", "c"]);
    expect(loop.state()).toBe("first");
  });

  it("rejects with the signal's reason when work rejects with it", async () => {
    const stop = new AbortController();
    const begun: string[] = [];
    const loop = forEachConcurrently(["a", "b", "c"], { concurrency: 2 }, async (item) => {
      begun.push(item);
      await tick();
      stop.signal.throwIfAborted();
    });
    const reason = new Error("cancelled");
    stop.abort(reason);
    await expect(loop).rejects.toBe(reason);
    expect(begun).toEqual(["a", "b"]);
  });

  it("rejects when the list of items throws", async () => {
    function* broken(): Generator<string> {
      yield "a";
      throw new Error("unreadable");
    }
    const loop = startLoop(broken(), { concurrency: 2 });
    await tick();
    expect(loop.state()).toBe("running");
    await loop.finish("a");
    expect(loop.state()).toBe("unreadable");
  });

  it("closes the list of items when it stops early", async () => {
    let closed = false;
    function* endless(): Generator<string> {
      try {
        for (;;) yield "item";
      } finally {
        closed = true;
      }
    }
    let begun = 0;
    await forEachConcurrently(endless(), { concurrency: 2, shouldStop: () => begun === 5 }, async () => {
      begun += 1;
      await tick();
    });
    expect({ begun, closed }).toEqual({ begun: 5, closed: true });
  });
});
