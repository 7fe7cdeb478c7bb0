import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readMoment, zoneNamed } from "../../src/base/zoned-time.ts";

const iso = (text: string, zone: string) => {
  const moment = readMoment(text, zone);
  return moment && [new Date(moment.begins).toISOString(), new Date(moment.ends).toISOString()];
};

describe("readMoment", () => {
  it.each([
    ["2026-11-28", "UTC", "2026-11-28T00:00:00.000Z", "2026-11-29T00:00:00.000Z"],
    ["2026-11-28", "Asia/Shanghai", "2026-11-27T16:00:00.000Z", "2026-11-28T16:00:00.000Z"],
    // A day of 25 hours.
    ["2026-11-01", "America/New_York", "2026-11-01T04:00:00.000Z", "2026-11-02T05:00:00.000Z"],
    // The clocks skip 02:30.
    ["2026-03-29 02:30", "Europe/Berlin", "2026-03-29T01:30:00.000Z", "2026-03-29T01:30:00.000Z"],
    ["2026-11-28T10:30", "Asia/Kolkata", "2026-11-28T05:00:00.000Z", "2026-11-28T05:00:00.000Z"],
    ["2026-11-28T10:30:00.123Z", "Asia/Kolkata", "2026-11-28T10:30:00.000Z", "2026-11-28T10:30:00.000Z"],
    ["2026-11-28T10:30:00-0330", "UTC", "2026-11-28T14:00:00.000Z", "2026-11-28T14:00:00.000Z"],
  ])("reads %s in %s", (text, zone, begins, ends) => {
    expect(iso(text, zone)).toEqual([begins, ends]);
  });

  it.each(["", "yesterday", "2026-13-01", "2026-02-30", "2026-11-28T25:00", "28.11.2026", "2026-11-28T10", "2026-11-28+08:00"])(
    "reads nothing from %j",
    (text) => {
      expect(readMoment(text, "UTC")).toBeUndefined();
    },
  );

  it("reads back each time that the clocks of a zone show", () => {
    const zone = fc.constantFrom("UTC", "Asia/Shanghai", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia");
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), zone, (second, timeZone) => {
        const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" });
        const moment = readMoment(format.format(second * 1_000), timeZone);
        // Two moments show the same time when the clocks are set back.
        expect(moment && format.format(moment.begins)).toBe(format.format(second * 1_000));
      }),
    );
  });
});

it("zoneNamed knows the zones of IANA only", () => {
  expect([zoneNamed("asia/shanghai"), zoneNamed("UTC"), zoneNamed("Mars/Olympus")]).toEqual(["Asia/Shanghai", "UTC", undefined]);
});
