import { describe, expect, it } from "vitest";
import { createLogLimit } from "../../src/telemetry/log-limit.ts";
import { fakeClock } from "../fakes/clock.ts";

describe("createLogLimit", () => {
  it("admits three lines of a kind per minute, says with the last that more are left out, and with the next one how many", () => {
    const clock = fakeClock();
    const admit = createLogLimit(clock);
    const last = { further: "lines of this kind are left out for up to 60 s" };
    expect(Array.from({ length: 12 }, () => admit("refused"))).toEqual([{}, {}, last, ...Array(9).fill(undefined)]);
    expect(admit("another kind")).toEqual({});
    clock.stall(60_000);
    expect(admit("refused")).toEqual({ leftOut: 9 });
    expect(admit("refused")).toEqual({});
  });

  it("goes on when the time of day is set back", () => {
    const clock = fakeClock();
    const admit = createLogLimit(clock);
    for (let line = 0; line < 5; line += 1) admit("refused");
    clock.step(-86_400_000);
    clock.stall(60_000);
    expect(admit("refused")).toEqual({ leftOut: 2 });
  });

  it("forgets the oldest kind when a caller names kinds without end", () => {
    const admit = createLogLimit(fakeClock());
    for (let line = 0; line < 4; line += 1) admit("first");
    for (let kind = 0; kind < 1_000; kind += 1) admit(`kind ${kind}`);
    expect(admit("first")).toEqual({});
  });
});
