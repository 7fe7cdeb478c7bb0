import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { startThread, type Thread, type ThreadEnd, threadEntry } from "../../src/base/thread.ts";

const threads: Thread[] = [];
afterEach(() => {
  for (const thread of threads.splice(0)) thread.stop();
});

/** A thread with everything that it sends and the reason of its end. */
function start({ memoryMb = 64, turnMs = 300 } = {}) {
  const received: unknown[] = [];
  const end = Promise.withResolvers<{ reason: ThreadEnd; error: unknown }>();
  const thread = startThread({ entry: threadEntry("thread-module-harness", import.meta.url), memoryMb, turnMs });
  threads.push(thread);
  const listener = {
    onMessage: (message: unknown) => void received.push(message),
    onEnd: (reason: ThreadEnd, error: unknown) => end.resolve({ reason, error }),
  };
  thread.listen(listener);
  return { thread, received, end: end.promise, listener };
}

describe("startThread", () => {
  it("answers in order, also while the main thread is held", async () => {
    const { thread, received } = start();
    for (const each of [1, { two: 2 }, "later", "4"]) thread.post(each);
    await expect.poll(() => received).toEqual([1, { two: 2 }, "4", "later"]);
  });

  it("ends a turn that hangs, and the main thread goes on meanwhile", async () => {
    const { thread, received, end } = start();
    thread.post("first");
    await expect.poll(() => received).toEqual(["first"]);
    thread.post("spin");
    thread.post("never");
    let turns = 0;
    let isOver = false;
    void end.finally(() => {
      isOver = true;
    });
    for (; !isOver; turns += 1) await sleep(1);
    expect(await end).toEqual({ reason: "hung", error: undefined });
    expect(turns).toBeGreaterThan(10);
    expect(received).toEqual(["first"]);
  });

  it("does not take a main thread that was held for a hang of the thread", async () => {
    const { thread, received } = start({ turnMs: 100 });
    thread.post("first");
    await expect.poll(() => received).toEqual(["first"]);
    thread.post("second");
    const until = performance.now() + 300;
    while (performance.now() < until);
    await expect.poll(() => received).toEqual(["first", "second"]);
  });

  it("ends a thread whose memory is full", async () => {
    const { thread, end } = start({ memoryMb: 8, turnMs: 60_000 });
    thread.post("fill");
    expect((await end).reason).toBe("memory");
  });

  it("ends with the error that the thread does not handle", async () => {
    const { thread, end } = start();
    thread.post("throw");
    expect(await end).toMatchObject({ reason: "failed", error: expect.objectContaining({ message: "thrown in the thread" }) });
  });

  it("is silent after it was stopped", async () => {
    const { thread, received } = start();
    thread.post(1);
    thread.stop();
    thread.post(2);
    await sleep(50);
    expect(received).toEqual([]);
  });
});
