import { describe, expect, it } from "vitest";
import { createDatabaseClock } from "../../../src/storage/postgres/database-clock.ts";
import { fakeClock, NOON } from "../../fakes/clock.ts";

describe("the database's clock", () => {
  const started = () => {
    const machine = fakeClock();
    const clock = createDatabaseClock(machine);
    /** The answer takes `tookMs`, and the database reads its clock in the middle. */
    const learn = (at: number, tookMs: number): void => {
      const askedAt = machine.monotonic();
      machine.stall(tookMs);
      clock.learn({ at, askedAt, answeredAt: machine.monotonic() });
    };
    return { machine, clock, learn };
  };

  it("is the machine's until the database has told its time", () => {
    const { machine, clock } = started();
    expect([clock.now(), clock.aheadMs()]).toEqual([NOON, undefined]);
    machine.step(5_000);
    expect(clock.now()).toBe(NOON + 5_000);
  });

  it("goes on from the database's time, whatever the machine's clock is set to, and knows how far that one is off", () => {
    const { machine, clock, learn } = started();
    learn(NOON + 60_000, 20);
    expect(clock.now()).toBe(NOON + 60_010);
    machine.stall(1_000);
    expect(clock.now()).toBe(NOON + 61_010);
    machine.step(-3_600_000);
    expect(clock.now()).toBe(NOON + 61_010);
    expect(clock.aheadMs()).toBe(-3_600_000 - 59_990);
  });

  it("keeps a precise answer instead of a vaguer one that agrees with it, until the precise one is old", () => {
    const { machine, clock, learn } = started();
    learn(NOON, 2);
    const precise = clock.now() - machine.now();
    learn(machine.now() + 400, 1_000);
    expect(clock.now() - machine.now()).toBe(precise);
    machine.stall(3_600_000);
    learn(machine.now() + 400, 1_000);
    expect(clock.now() - machine.now()).not.toBe(precise);
  });

  it("follows a database whose clock was set, or that another one has replaced", () => {
    const { clock, learn } = started();
    learn(NOON, 2);
    learn(NOON - 10_000, 40);
    expect(clock.now()).toBe(NOON - 9_980);
  });
});
