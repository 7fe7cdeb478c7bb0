import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextDays, nextReset, vendorDay } from "../../../src/prefetch/model/vendor-day.ts";

const at = (text: string): number => Date.parse(text);
const iso = (moment: number): string => new Date(moment).toISOString();

/** Zones in which each day begins once. */
const zones = ["Asia/Shanghai", "UTC", "America/New_York", "America/Sao_Paulo", "Asia/Beirut", "Asia/Kathmandu", "Pacific/Kiritimati"];
/** Zones that once set clocks back over midnight, or left out a whole day. */
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
  ])("of %s in %s is %s", (now, zone, day) => {
    expect(vendorDay(at(now), zone)).toBe(day);
  });

  it("agrees with a fixed offset when a zone never changes its offset", () => {
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
    ["the day before a day that the zone left out", "2011-12-30T08:00:00Z", "Pacific/Apia", "2011-12-30T10:00:00.000Z"],
  ])("finds the end of %s (%s, %s)", (_, now, zone, reset) => {
    expect(iso(nextReset(at(now), zone))).toBe(reset);
  });

  it("is the first millisecond of another day, at most 49 hours ahead", () => {
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

  it("is the same for every moment of a day", () => {
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

describe("nextDays", () => {
  it("names the days after today, each with its first millisecond", () => {
    expect(nextDays(at("2026-11-21T12:00:00+08:00"), "Asia/Shanghai", 3)).toEqual([
      { day: "2026-11-22", begins: at("2026-11-22T00:00:00+08:00") },
      { day: "2026-11-23", begins: at("2026-11-23T00:00:00+08:00") },
      { day: "2026-11-24", begins: at("2026-11-24T00:00:00+08:00") },
    ]);
  });

  it.each([
    ["23", "2026-03-07T12:00:00Z", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"],
    ["25", "2026-10-31T12:00:00Z", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"],
  ])("counts a day of %s hours as one day", (_, now, first, second) => {
    expect(nextDays(at(now), "America/New_York", 2).map(({ begins }) => begins)).toEqual([at(first), at(second)]);
  });

  it("names no day when none is asked for", () => {
    expect(nextDays(at("2026-11-21T12:00:00Z"), "UTC", 0)).toEqual([]);
  });

  it("gives consecutive days that begin when the day before them ends", () => {
    fc.assert(
      fc.property(moment, fc.constantFrom(...zones), fc.integer({ min: 1, max: 14 }), (now, zone, count) => {
        const days = nextDays(now, zone, count);
        expect(days).toHaveLength(count);
        let before = now;
        for (const { day, begins } of days) {
          expect(begins).toBe(nextReset(before, zone));
          expect(day).toBe(vendorDay(begins, zone));
          expect(day > vendorDay(before, zone)).toBe(true);
          before = begins;
        }
      }),
      { numRuns: 100 },
    );
  });
});
