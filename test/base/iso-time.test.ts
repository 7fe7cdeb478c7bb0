import { expect, it } from "vitest";
import { momentFrom, span } from "../../src/base/iso-time.ts";

it.each([
  [1, "1 min"],
  [60_000, "1 min"],
  [60_001, "2 min"],
  [3_600_000, "1 h"],
  [70_500_000, "19 h 35 min"],
  [86_399_999, "1 d"],
  [86_400_000 * 13 + 3_600_000, "13 d 1 h"],
])("span writes %d ms as %s", (ms, text) => {
  expect(span(ms)).toBe(text);
});

it("momentFrom gives the distance to a moment that is to come", () => {
  const now = Date.parse("2026-11-27T20:25:00Z");
  expect(momentFrom(now, now + 70_500_000)).toBe("2026-11-28T16:00:00.000Z (in 19 h 35 min)");
  expect(momentFrom(now, now)).toBe("2026-11-27T20:25:00.000Z");
});
