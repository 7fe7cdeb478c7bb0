import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSemaphore, type Semaphore } from "../../src/base/semaphore.ts";

const { signal } = new AbortController();
const settled = () => new Promise((resolve) => setImmediate(resolve));

function visitor(semaphore: Semaphore, own = signal) {
  const visit = { state: "waiting" };
  semaphore.acquire(own).then(
    () => {
      visit.state = "inside";
    },
    (reason: unknown) => {
      visit.state = String(reason);
    },
  );
  return visit;
}

describe("a gate", () => {
  it("lets so many in, and the others in their order as they leave", async () => {
    const semaphore = createSemaphore(2);
    const visits = [1, 2, 3, 4].map(() => visitor(semaphore));
    const states = async () => {
      await settled();
      return visits.map(({ state }) => state);
    };
    expect(await states()).toEqual(["inside", "inside", "waiting", "waiting"]);
    semaphore.release();
    expect(await states()).toEqual(["inside", "inside", "inside", "waiting"]);
    semaphore.release();
    expect(await states()).toEqual(["inside", "inside", "inside", "inside"]);
    semaphore.release();
    semaphore.release();
    const after = [visitor(semaphore), visitor(semaphore), visitor(semaphore)];
    await settled();
    expect(after.map(({ state }) => state)).toEqual(["inside", "inside", "waiting"]);
  });

  it("lets nobody overtake", async () => {
    const semaphore = createSemaphore(1);
    await semaphore.acquire(signal);
    const first = visitor(semaphore);
    semaphore.release();
    // The place is the waiting one's, although it has not got to know yet.
    const second = visitor(semaphore);
    await settled();
    expect([first.state, second.state]).toEqual(["inside", "waiting"]);
  });

  it("forgets who gives up, and leaves no hole where it stood", async () => {
    const semaphore = createSemaphore(1);
    await semaphore.acquire(signal);
    const stop = new AbortController();
    const [first, second] = [visitor(semaphore, stop.signal), visitor(semaphore)];
    stop.abort("enough");
    await settled();
    expect([first.state, second.state]).toEqual(["enough", "waiting"]);
    semaphore.release();
    await settled();
    expect([first.state, second.state]).toEqual(["enough", "inside"]);
    semaphore.release();
    await semaphore.acquire(signal);
  });

  it("keeps out who has given up before, though there is room", async () => {
    const semaphore = createSemaphore(1);
    await expect(semaphore.acquire(AbortSignal.abort(new Error("late")))).rejects.toThrow("late");
    await semaphore.acquire(signal);
  });

  it("never holds more than it may, nor keeps anybody waiting while there is room, whoever comes, leaves and gives up", async () => {
    const step = fc.constantFrom("come", "come", "leave", "give up", "look");
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), async (most, steps) => {
        const semaphore = createSemaphore(most);
        const visits: { readonly stop: AbortController; readonly visit: { state: string } }[] = [];
        const gone = new Set<unknown>();
        const inState = (wanted: string) => visits.filter(({ visit }) => visit.state === wanted && !gone.has(visit));
        for (const each of steps) {
          if (each === "come") {
            const stop = new AbortController();
            visits.push({ stop, visit: visitor(semaphore, stop.signal) });
          } else if (each === "leave") {
            const [first] = inState("inside");
            if (!first) continue;
            gone.add(first.visit);
            semaphore.release();
          } else if (each === "give up") inState("waiting").at(-1)?.stop.abort("enough");
          else {
            await settled();
            const [inside, waiting] = [inState("inside"), inState("waiting")];
            expect(inside.length).toBeLessThanOrEqual(most);
            if (waiting.length > 0) expect(inside).toHaveLength(most);
          }
        }
      }),
    );
  });
});
