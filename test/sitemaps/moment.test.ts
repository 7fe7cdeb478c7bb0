import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSince, momentOf } from "../../src/sitemaps/moment.ts";

const day = Date.parse("2026-11-28T00:00:00Z");

describe("momentOf", () => {
  it.each([
    ["2026-11-28", "2026-11-28T00:00:00Z", "2026-11-29T00:00:00Z"],
    ["2026-11", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"],
    ["2026", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"],
    ["2026-12", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"],
  ])("reads %s as all of it", (text, begins, ends) => {
    expect(momentOf(text)).toEqual({ begins: Date.parse(begins), ends: Date.parse(ends) });
  });

  it.each([
    ["2026-11-28T10:30:00+08:00", "2026-11-28T02:30:00Z"],
    ["2026-11-28T10:30Z", "2026-11-28T10:30:00Z"],
    ["2026-11-28T10:30:00.123456Z", "2026-11-28T10:30:00Z"],
    [" 2026-11-28 10:30:00 ", "2026-11-28T10:30:00Z"],
    ["Sat, 28 Nov 2026 10:30:00 GMT", "2026-11-28T10:30:00Z"],
    ["Sat, 28 Nov 2026 10:30:00 +0800", "2026-11-28T02:30:00Z"],
    ["28 Nov 26 10:30 EST", "2026-11-28T15:30:00Z"],
    ["Sat, 28 Nov 2026 10:30:00", "2026-11-28T10:30:00Z"],
  ])("reads %s as a moment, in UTC without a zone", (text, wanted) => {
    expect(momentOf(text)).toEqual({ begins: Date.parse(wanted), ends: Date.parse(wanted) });
  });

  it.each([
    undefined,
    "",
    "yesterday",
    "2026-13",
    "2026-02-30",
    "28.11.2026",
    "1764288000",
    "Sat, 99 Nov 2026 10:30:00 GMT",
    "x".repeat(100),
  ])("reads %s as no date", (text) => {
    expect(momentOf(text)).toBeUndefined();
  });

  it("reads every moment that it writes, and any text without an error", () => {
    fc.assert(
      fc.property(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }), fc.string(), (date, text) => {
        const seconds = Math.floor(date.getTime() / 1_000) * 1_000;
        expect(momentOf(date.toISOString())?.begins).toBe(seconds);
        expect(momentOf(date.toUTCString())?.begins).toBe(seconds);
        momentOf(text);
      }),
    );
  });
});

describe("isSince", () => {
  it("counts a date as changed until its day ends, and a time from itself on", () => {
    const today = { begins: day, ends: day + 86_400_000 };
    expect([day - 1, day, day + 86_399_999, day + 86_400_000].map((since) => isSince(today, since))).toEqual([true, true, true, false]);
    const moment = { begins: day, ends: day };
    expect([day - 1, day, day + 1].map((since) => isSince(moment, since))).toEqual([true, true, false]);
  });
});
