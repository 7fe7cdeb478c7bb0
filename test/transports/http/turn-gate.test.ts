import { expect, it } from "vitest";
import { createTurnGate } from "../../../src/transports/http/turn-gate.ts";

/** A gate whose turns the test starts, and the names that passed it. */
function gateOf(mostPerTurn: number) {
  const turns: (() => void)[] = [];
  const passed: string[] = [];
  const enter = createTurnGate(mostPerTurn, (run) => turns.push(run));
  return {
    passed,
    scheduled: () => turns.length,
    enter: (...names: string[]) => {
      for (const name of names) void enter().then(() => passed.push(name));
    },
    turn: async () => {
      turns.shift()?.();
      await Promise.resolve();
      await Promise.resolve();
    },
  };
}

it("createTurnGate lets a fixed number enter per turn, in the order of arrival", async () => {
  const gate = gateOf(2);
  gate.enter("a", "b", "c", "d", "e");
  await Promise.resolve();
  expect(gate.passed).toEqual(["a", "b"]);
  await gate.turn();
  expect(gate.passed).toEqual(["a", "b", "c", "d"]);
  gate.enter("f", "g");
  await gate.turn();
  expect(gate.passed).toEqual(["a", "b", "c", "d", "e", "f"]);
  await gate.turn();
  expect(gate.passed).toEqual(["a", "b", "c", "d", "e", "f", "g"]);
});

it("createTurnGate schedules no turn while nothing arrives, and lets the next arrival enter at once", async () => {
  const gate = gateOf(1);
  gate.enter("a");
  await gate.turn();
  expect(gate.scheduled()).toBe(0);
  gate.enter("b");
  await Promise.resolve();
  expect(gate.passed).toEqual(["a", "b"]);
  expect(gate.scheduled()).toBe(1);
});
