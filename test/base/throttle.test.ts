import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createThrottle } from "../../src/base/throttle.ts";
import { fakeClock } from "../fakes/clock.ts";
import { neverAborted as never } from "../fakes/signal.ts";

describe("createThrottle", () => {
  it("never exceeds its rate by more than 100 ms' worth, over any series of amounts and pauses", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 10, max: 5_000 }),
        fc.array(fc.tuple(fc.nat(100), fc.nat(200)), { maxLength: 50 }),
        async (rate, steps) => {
          const clock = fakeClock();
          const throttle = createThrottle(rate, clock);
          const start = clock.now();
          let passed = 0;
          for (const [amount, pause] of steps) {
            await clock.advance(pause);
            const wait = throttle(amount, never);
            if (wait) await clock.drive(wait);
            passed += amount;
            const allowed = ((clock.now() - start + 100 + 6) / 1_000) * rate + 1;
            expect(passed).toBeLessThanOrEqual(allowed);
          }
        },
      ),
    );
  });

  it("never delays without a rate", () => {
    expect(createThrottle(undefined, fakeClock())(1e9, never)).toBeUndefined();
  });

  it("does not lengthen waits when the clock is set back", () => {
    const slept: number[] = [];
    let now = 1_000_000_000;
    const throttle = createThrottle(10, {
      now: () => now,
      monotonic: () => now,
      boot: "test",
      sleep: async (ms) => {
        slept.push(ms);
      },
    });
    for (let nth = 0; nth < 3; nth += 1) void throttle(1, never);
    now -= 3_600_000;
    void throttle(1, never);
    expect(slept).toEqual([100, 200, 300]);
  });

  it("rejects a wait when the signal aborts", async () => {
    const clock = fakeClock();
    const stop = new AbortController();
    const waiting = createThrottle(1, clock)(100, stop.signal);
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    expect(clock.alarms()).toEqual([]);
  });
});
