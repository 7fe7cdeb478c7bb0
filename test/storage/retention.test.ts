import { expect, it } from "vitest";
import { keepClean } from "../../src/storage/retention.ts";
import { fakeClock, NOON } from "../fakes/clock.ts";

const DAY_MS = 86_400_000;

it("keepClean deletes tasks older than 30 days one at a time, then pauses for six hours", async () => {
  const clock = fakeClock();
  const asked: (readonly [at: number, before: number, most: number])[] = [];
  let left = 3;
  const stopped = new AbortController();
  const clean = async (before: number, most: number): Promise<number> => {
    asked.push([clock.now() - NOON, clock.now() - before, most]);
    if (left === 0) return 0;
    left -= 1;
    return 1;
  };
  const cleaning = keepClean({ storage: { clean }, clock, stopped: stopped.signal, report: () => undefined });
  await clock.advance(59_999);
  // A short-lived process does not clean.
  expect(asked).toEqual([]);
  await clock.advance(3_600_000);
  expect(asked).toEqual([60_000, 61_000, 62_000, 63_000].map((at) => [at, 30 * DAY_MS, 1]));
  await clock.advance(DAY_MS / 4);
  expect(asked).toHaveLength(5);
  stopped.abort();
  await cleaning;
});

it("keepClean reports a failure, tries again six hours later, and stops without a report", async () => {
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
