import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSemaphore, type Semaphore, withPermit } from "../../src/base/semaphore.ts";

const { signal } = new AbortController();
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Asks for a permit; `state` becomes "holding", or the reason of the rejection. */
function startHolder(semaphore: Semaphore, own = signal) {
  const holder = { state: "waiting" };
  semaphore.acquire(own).then(
    () => {
      holder.state = "holding";
    },
    (reason: unknown) => {
      holder.state = String(reason);
    },
  );
  return holder;
}

describe("createSemaphore", () => {
  it("grants its permits, then serves waiters in their order as permits are released", async () => {
    const semaphore = createSemaphore(2);
    const holders = [1, 2, 3, 4].map(() => startHolder(semaphore));
    const states = async () => {
      await settled();
      return holders.map(({ state }) => state);
    };
    expect(await states()).toEqual(["holding", "holding", "waiting", "waiting"]);
    semaphore.release();
    expect(await states()).toEqual(["holding", "holding", "holding", "waiting"]);
    semaphore.release();
    expect(await states()).toEqual(["holding", "holding", "holding", "holding"]);
    semaphore.release();
    semaphore.release();
    const later = [startHolder(semaphore), startHolder(semaphore), startHolder(semaphore)];
    await settled();
    expect(later.map(({ state }) => state)).toEqual(["holding", "holding", "waiting"]);
  });

  it("passes a released permit to the waiter, not to a newcomer that asks in the same turn", async () => {
    const semaphore = createSemaphore(1);
    await semaphore.acquire(signal);
    const waiter = startHolder(semaphore);
    semaphore.release();
    const newcomer = startHolder(semaphore);
    await settled();
    expect([waiter.state, newcomer.state]).toEqual(["holding", "waiting"]);
  });

  it("rejects an aborted waiter and loses no permit by it", async () => {
    const semaphore = createSemaphore(1);
    await semaphore.acquire(signal);
    const stop = new AbortController();
    const [aborted, waiter] = [startHolder(semaphore, stop.signal), startHolder(semaphore)];
    stop.abort("enough");
    await settled();
    expect([aborted.state, waiter.state]).toEqual(["enough", "waiting"]);
    semaphore.release();
    await settled();
    expect([aborted.state, waiter.state]).toEqual(["enough", "holding"]);
    semaphore.release();
    await semaphore.acquire(signal);
  });

  it("rejects an aborted signal even when a permit is free", async () => {
    const semaphore = createSemaphore(1);
    await expect(semaphore.acquire(AbortSignal.abort(new Error("late")))).rejects.toThrow("late");
    await semaphore.acquire(signal);
  });

  it("never grants more than its permits nor leaves one free while a caller waits, in any order of acquire, release and abort", async () => {
    const step = fc.constantFrom("acquire", "acquire", "release", "abort", "check");
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), async (permits, steps) => {
        const semaphore = createSemaphore(permits);
        const started: { readonly stop: AbortController; readonly holder: { state: string } }[] = [];
        const released = new Set<unknown>();
        const inState = (state: string) => started.filter(({ holder }) => holder.state === state && !released.has(holder));
        for (const each of steps) {
          if (each === "acquire") {
            const stop = new AbortController();
            started.push({ stop, holder: startHolder(semaphore, stop.signal) });
          } else if (each === "release") {
            const [first] = inState("holding");
            if (!first) continue;
            released.add(first.holder);
            semaphore.release();
          } else if (each === "abort") inState("waiting").at(-1)?.stop.abort("enough");
          else {
            await settled();
            const [holding, waiting] = [inState("holding"), inState("waiting")];
            expect(holding.length).toBeLessThanOrEqual(permits);
            if (waiting.length > 0) expect(holding).toHaveLength(permits);
          }
        }
      }),
    );
  });
});

describe("withPermit", () => {
  it("releases the permit when the work fails", async () => {
    const semaphore = createSemaphore(1);
    await expect(withPermit(semaphore, signal, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
    expect(await withPermit(semaphore, signal, async () => "done")).toBe("done");
  });
});
