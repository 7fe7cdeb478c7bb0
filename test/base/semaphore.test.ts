import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createGate, type Gate } from "../../src/base/semaphore.ts";

const { signal } = new AbortController();
const settled = () => new Promise((resolve) => setImmediate(resolve));

function visitor(gate: Gate, own = signal) {
  const visit = { state: "waiting" };
  gate.enter(own).then(
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
    const gate = createGate(2);
    const visits = [1, 2, 3, 4].map(() => visitor(gate));
    const states = async () => {
      await settled();
      return visits.map(({ state }) => state);
    };
    expect(await states()).toEqual(["inside", "inside", "waiting", "waiting"]);
    gate.leave();
    expect(await states()).toEqual(["inside", "inside", "inside", "waiting"]);
    gate.leave();
    expect(await states()).toEqual(["inside", "inside", "inside", "inside"]);
    gate.leave();
    gate.leave();
    const after = [visitor(gate), visitor(gate), visitor(gate)];
    await settled();
    expect(after.map(({ state }) => state)).toEqual(["inside", "inside", "waiting"]);
  });

  it("lets nobody overtake", async () => {
    const gate = createGate(1);
    await gate.enter(signal);
    const first = visitor(gate);
    gate.leave();
    // The place is the waiting one's, although it has not got to know yet.
    const second = visitor(gate);
    await settled();
    expect([first.state, second.state]).toEqual(["inside", "waiting"]);
  });

  it("forgets who gives up, and leaves no hole where it stood", async () => {
    const gate = createGate(1);
    await gate.enter(signal);
    const stop = new AbortController();
    const [first, second] = [visitor(gate, stop.signal), visitor(gate)];
    stop.abort("enough");
    await settled();
    expect([first.state, second.state]).toEqual(["enough", "waiting"]);
    gate.leave();
    await settled();
    expect([first.state, second.state]).toEqual(["enough", "inside"]);
    gate.leave();
    await gate.enter(signal);
  });

  it("keeps out who has given up before, though there is room", async () => {
    const gate = createGate(1);
    await expect(gate.enter(AbortSignal.abort(new Error("late")))).rejects.toThrow("late");
    await gate.enter(signal);
  });

  it("never holds more than it may, nor keeps anybody waiting while there is room, whoever comes, leaves and gives up", async () => {
    const step = fc.constantFrom("come", "come", "leave", "give up", "look");
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 60 }), async (most, steps) => {
        const gate = createGate(most);
        const visits: { readonly stop: AbortController; readonly visit: { state: string } }[] = [];
        const gone = new Set<unknown>();
        const inState = (wanted: string) => visits.filter(({ visit }) => visit.state === wanted && !gone.has(visit));
        for (const each of steps) {
          if (each === "come") {
            const stop = new AbortController();
            visits.push({ stop, visit: visitor(gate, stop.signal) });
          } else if (each === "leave") {
            const [first] = inState("inside");
            if (!first) continue;
            gone.add(first.visit);
            gate.leave();
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
