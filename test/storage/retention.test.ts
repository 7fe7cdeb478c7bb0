import { describe, expect, it } from "vitest";
import { keepClean } from "../../src/storage/retention.ts";
import { fakeClock, NOON } from "../fakes/clock.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** A store that needs `msPerRow` for each row, and holds `rows` old ones. */
function startCleaning(rows: number, msPerRow: number) {
  const clock = fakeClock();
  const steps: { readonly at: number; readonly age: number; readonly most: number; readonly took: number }[] = [];
  const stopped = new AbortController();
  let left = rows;
  const clean = async (before: number, most: number) => {
    const at = clock.now() - NOON;
    const deleted = Math.min(most, left);
    left -= deleted;
    // A commit takes a millisecond, whatever it holds.
    const took = 1 + deleted * msPerRow;
    steps.push({ at, age: NOON + at - before, most, took });
    clock.stall(took);
    return { tasks: 1, isDone: left === 0 };
  };
  const cleaning = keepClean({ storage: { clean }, clock, stopped: stopped.signal, report: () => undefined });
  const stop = async (): Promise<void> => {
    stopped.abort();
    await cleaning;
  };
  return { clock, steps, stop, left: () => left };
}

describe("keepClean", () => {
  it("deletes tasks older than 30 days, a minute after the start and every six hours", async () => {
    const { clock, steps, stop } = startCleaning(0, 0);
    await clock.advance(59_999);
    // A short-lived process does not clean.
    expect(steps).toEqual([]);
    await clock.advance(13 * HOUR_MS);
    expect(steps.map(({ at }) => Math.round(at / HOUR_MS))).toEqual([0, 6, 12]);
    for (const { age } of steps) expect(age).toBe(30 * DAY_MS);
    await stop();
  });

  it.each([
    ["fast", 0.005],
    ["slow", 0.05],
    ["very slow", 0.5],
  ])(
    "blocks a %s disk for at most 26 ms at a time, rests longer than it works, and deletes a day's million in an hour or two",
    async (_, msPerRow) => {
      const { clock, steps, stop, left } = startCleaning(1_000_000, msPerRow);
      await clock.advance(3 * HOUR_MS);
      expect(left()).toBe(0);
      expect(Math.max(...steps.map(({ took }) => took))).toBeLessThanOrEqual(26);
      const working = steps.filter(({ took }) => took > 1);
      for (const [index, { at, took }] of working.slice(0, -1).entries()) {
        expect((working[index + 1]?.at ?? 0) - at - took).toBeGreaterThanOrEqual(Math.max(20, 4 * took));
      }
      await stop();
    },
  );

  it("makes smaller steps at once when the store becomes slow, and larger ones when it is fast again", async () => {
    const clock = fakeClock();
    const stopped = new AbortController();
    const asked: number[] = [];
    const speeds = [1, 1, 1, 60, 60, 60, 1, 1];
    const clean = async (_: number, most: number) => {
      asked.push(most);
      clock.stall(speeds[asked.length - 1] ?? 1);
      return { tasks: 0, isDone: asked.length === speeds.length };
    };
    const cleaning = keepClean({ storage: { clean }, clock, stopped: stopped.signal, report: () => undefined });
    await clock.advance(HOUR_MS);
    expect(asked).toEqual([50, 100, 200, 400, 200, 100, 50, 100]);
    stopped.abort();
    await cleaning;
  });

  it("reports a failure, tries again six hours later, and stops without a report", async () => {
    const clock = fakeClock();
    const reports: string[] = [];
    const stopped = new AbortController();
    const clean = () => Promise.reject(new Error("disk"));
    const cleaning = keepClean({ storage: { clean }, clock, stopped: stopped.signal, report: (_, about) => reports.push(about) });
    await clock.advance(60_000);
    await clock.advance(DAY_MS / 4);
    expect(reports).toEqual(["deleting old tasks", "deleting old tasks"]);
    stopped.abort();
    await cleaning;
    expect(reports).toHaveLength(2);
  });
});
