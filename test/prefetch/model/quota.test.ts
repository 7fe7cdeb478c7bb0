import { describe, expect, it } from "vitest";
import { type Allowance, isUsedUp, lowerBound, remainingUnits, unitsLeft } from "../../../src/prefetch/model/quota.ts";

describe("remainingUnits", () => {
  const entry = (used: number, exhausted = false) => ({ used, pending: 0, exhausted });

  it.each([
    ["1,000 when nothing of 1,000 is spent", 1_000, entry(0), 1_000],
    ["1 when 999 of 1,000 are spent", 1_000, entry(999), 1],
    ["0 when all of 1,000 is spent", 1_000, entry(1_000), 0],
    ["0 when the limit was lowered below the units that are spent", 10, entry(12), 0],
    ["0 when the vendor has called the day exhausted", 1_000, entry(3, true), 0],
    ["infinity when no limit is known", undefined, entry(5_000_000), Number.POSITIVE_INFINITY],
    ["0 when no limit is known and the vendor has called the day exhausted", undefined, entry(0, true), 0],
  ])("is %s", (_, limit, spent, expected) => {
    expect(remainingUnits({ limit, ceiling: limit, source: "ledger" }, spent)).toBe(expected);
  });

  it.each([
    ["counts down from the ceiling instead of the limit", 900, entry(650), 250],
    ["counts reserved units once", 900, { used: 650, pending: 600, exhausted: false }, 250],
    ["ignores a remembered refusal", 900, entry(650, true), 250],
    ["is 0 at the ceiling", 650, entry(650, true), 0],
  ])("%s when the vendor counts the quota", (_, ceiling, spent, expected) => {
    expect(remainingUnits({ limit: 1_000, ceiling, source: "vendor" }, spent)).toBe(expected);
  });
});

describe("isUsedUp", () => {
  const ledger: Allowance = { limit: 100, ceiling: 100, source: "ledger" };
  const live = (ceiling: number): Allowance => ({ limit: 100, ceiling, source: "vendor" });
  const reserved = (used: number, exhausted: boolean) => ({ used, pending: used, exhausted });

  it.each([
    [false, "the vendor has not called the day exhausted", ledger, { used: 100, pending: 0, exhausted: false }, 2],
    [true, "the vendor has called the day exhausted and cannot be asked", ledger, reserved(2, true), 2],
    [false, "the vendor's live count has room for the reservation", live(2), reserved(2, true), 2],
    [true, "the vendor's live count is one unit short", live(1), reserved(2, true), 2],
    [false, "the live count has room for this reservation and the other ones", live(6), reserved(6, true), 3],
  ])("is %s when %s", (expected, _, allowance, spent, cost) => {
    expect(isUsedUp(allowance, spent, cost)).toBe(expected);
  });
});

describe("unitsLeft", () => {
  it.each([
    [undefined, 7, Number.POSITIVE_INFINITY],
    [10, 7, 3],
    [10, 12, 0],
  ])("with the ceiling %s and %i used is %s", (ceiling, used, expected) => {
    expect(unitsLeft(ceiling, used)).toBe(expected);
  });
});

describe("lowerBound", () => {
  it.each([
    [undefined, undefined, undefined],
    [5, undefined, 5],
    [undefined, 5, 5],
    [5, 3, 3],
  ])("of %s and %s is %s", (a, b, expected) => {
    expect(lowerBound(a, b)).toBe(expected);
  });
});
