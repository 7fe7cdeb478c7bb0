import { describe, expect, it } from "vitest";
import { createBreathe } from "../../src/base/breathe.ts";

/** An event loop and a clock that the test turns. */
function loop() {
  let now = 0;
  const due: (() => void)[] = [];
  const breathe = createBreathe(
    () => now,
    (run) => void due.push(run),
  );
  return {
    breathe,
    pass: (ms: number) => {
      now += ms;
    },
    turn: async (): Promise<void> => {
      for (const run of due.splice(0)) run();
      for (let tick = 0; tick < 10; tick += 1) await Promise.resolve();
    },
  };
}

describe("createBreathe", () => {
  it("gives one piece of work a slice per turn, in the order of arrival, when several are at work", async () => {
    const { breathe, pass, turn } = loop();
    const events: string[] = [];
    const work = async (name: string): Promise<void> => {
      for (let step = 0; step < 6; step += 1) {
        const pause = breathe();
        if (pause) await pause;
        events.push(name);
        pass(5);
      }
    };
    void work("a");
    void work("b");
    for (let turns = 0; turns < 6; turns += 1) {
      events.push("|");
      await turn();
    }
    expect(events.join("")).toBe("|aa|bb|aa|bb|aa|bb");
  });

  it("starts a new slice when the last one is over, and schedules no turn without work", async () => {
    const { breathe, pass, turn } = loop();
    const first = breathe();
    expect(first).toBeInstanceOf(Promise);
    await turn();
    await first;
    expect(breathe()).toBeUndefined();
    pass(10);
    expect(breathe()).toBeInstanceOf(Promise);
  });
});
