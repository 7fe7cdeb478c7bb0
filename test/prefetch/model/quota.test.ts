import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { remainingUnits } from "../../../src/prefetch/model/quota.ts";
import { nextReset, vendorDay } from "../../../src/prefetch/model/vendor-day.ts";

const at = (text: string): number => Date.parse(text);
const iso = (moment: number): string => new Date(moment).toISOString();

/** Zones in which no day begins twice. */
const zones = ["Asia/Shanghai", "UTC", "America/New_York", "America/Sao_Paulo", "Asia/Beirut", "Asia/Kathmandu", "Pacific/Kiritimati"];
/** In these, clocks were once set back over midnight, or a whole day was left out. */
const odderZones = ["America/St_Johns", "Pacific/Apia", "Africa/Casablanca", "Australia/Lord_Howe", "Antarctica/Troll"];

const moment = fc.integer({ min: at("1990-01-01T00:00:00Z"), max: at("2037-12-31T00:00:00Z") });

describe("vendorDay", () => {
  it.each([
    ["2026-11-21T15:59:59.999Z", "Asia/Shanghai", "2026-11-21"],
    ["2026-11-21T16:00:00.000Z", "Asia/Shanghai", "2026-11-22"],
    ["2026-11-21T23:59:59.999Z", "UTC", "2026-11-21"],
    ["2026-11-22T04:59:59.999Z", "America/New_York", "2026-11-21"],
    ["2026-01-01T05:00:00.000Z", "America/New_York", "2026-01-01"],
    ["2026-07-01T03:59:59.999Z", "America/New_York", "2026-06-30"],
  ])("%s in %s is %s", (now, zone, day) => {
    expect(vendorDay(at(now), zone)).toBe(day);
  });

  it("agrees with arithmetic where the offset never changes", () => {
    fc.assert(
      fc.property(fc.integer({ min: at("2000-01-01T00:00:00Z"), max: at("2090-01-01T00:00:00Z") }), (now) => {
        expect(vendorDay(now, "UTC")).toBe(iso(now).slice(0, 10));
        expect(vendorDay(now, "Asia/Shanghai")).toBe(iso(now + 8 * 3_600_000).slice(0, 10));
      }),
    );
  });
});

describe("nextReset", () => {
  it.each([
    ["an ordinary day", "2026-11-21T04:00:00Z", "Asia/Shanghai", "2026-11-21T16:00:00.000Z"],
    ["the last millisecond of a day", "2026-11-21T15:59:59.999Z", "Asia/Shanghai", "2026-11-21T16:00:00.000Z"],
    ["midnight itself", "2026-11-21T16:00:00Z", "Asia/Shanghai", "2026-11-22T16:00:00.000Z"],
    ["the end of a year", "2026-12-31T23:30:00Z", "UTC", "2027-01-01T00:00:00.000Z"],
    ["a day of 23 hours", "2026-03-08T05:00:00Z", "America/New_York", "2026-03-09T04:00:00.000Z"],
    ["a day of 25 hours", "2026-11-01T04:00:00Z", "America/New_York", "2026-11-02T05:00:00.000Z"],
    ["a day that begins at one o'clock", "2018-11-03T15:00:00Z", "America/Sao_Paulo", "2018-11-04T03:00:00.000Z"],
    ["a day whose last hour comes twice", "2018-02-17T15:00:00Z", "America/Sao_Paulo", "2018-02-18T03:00:00.000Z"],
    ["a day that begins at one o'clock", "2022-03-26T12:00:00Z", "Asia/Beirut", "2022-03-26T22:00:00.000Z"],
    ["a day whose last hour comes twice", "2022-10-29T12:00:00Z", "Asia/Beirut", "2022-10-29T22:00:00.000Z"],
    ["a day that is followed by the day after tomorrow", "2011-12-30T08:00:00Z", "Pacific/Apia", "2011-12-30T10:00:00.000Z"],
  ])("finds the end of %s (%s, %s)", (_, now, zone, reset) => {
    expect(iso(nextReset(at(now), zone))).toBe(reset);
  });

  it("lies ahead, is the first moment of another day, and comes within two days", () => {
    fc.assert(
      fc.property(moment, fc.constantFrom(...zones, ...odderZones), (now, zone) => {
        const reset = nextReset(now, zone);
        expect(reset).toBeGreaterThan(now);
        expect(reset - now).toBeLessThanOrEqual(49 * 3_600_000);
        expect(vendorDay(reset - 1, zone)).toBe(vendorDay(now, zone));
        expect(vendorDay(reset, zone)).not.toBe(vendorDay(now, zone));
      }),
      { numRuns: 300 },
    );
  });

  it("is the same from every moment of a day", () => {
    fc.assert(
      fc.property(moment, fc.constantFrom(...zones), fc.double({ min: 0, max: 1, noNaN: true }), (now, zone, share) => {
        const reset = nextReset(now, zone);
        const later = Math.floor(now + (reset - 1 - now) * share);
        expect(vendorDay(later, zone)).toBe(vendorDay(now, zone));
        expect(nextReset(later, zone)).toBe(reset);
      }),
      { numRuns: 200 },
    );
  });
});

describe("remainingUnits", () => {
  const entry = (used: number, exhausted = false) => ({ used, pending: 0, exhausted });

  it.each([
    [1_000, entry(0), 1_000],
    [1_000, entry(999), 1],
    [1_000, entry(1_000), 0],
    // A limit can be lowered after more than that was spent.
    [10, entry(12), 0],
    [1_000, entry(3, true), 0],
    [undefined, entry(5_000_000), Number.POSITIVE_INFINITY],
    [undefined, entry(0, true), 0],
  ])("of %s with %o spent leaves %s", (limit, spent, left) => {
    expect(remainingUnits({ limit, ceiling: limit, source: "ledger" }, spent)).toBe(left);
  });

  it.each([
    ["counts down from the ceiling, not from the limit", 900, entry(650), 250],
    ["does not count what is reserved twice", 900, { used: 650, pending: 600, exhausted: false }, 250],
    ["believes a live answer over a refusal that is remembered", 900, entry(650, true), 250],
    ["knows that a live answer may be that nothing is left", 650, entry(650, true), 0],
  ])("with the vendor's own count %s", (_, ceiling, spent, left) => {
    expect(remainingUnits({ limit: 1_000, ceiling, source: "vendor" }, spent)).toBe(left);
  });
});
