import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLimits } from "../../../src/transports/http/limits.ts";

const MIB = 1_048_576;

describe("places", () => {
  it("are a thousand, of which a tenant gets a quarter", () => {
    const limits = createLimits(60);
    const greedy = Array.from({ length: 300 }, () => limits.enter("greedy"));
    expect(greedy.filter((place) => place)).toHaveLength(250);
    const others = Array.from({ length: 800 }, (_, nth) => limits.enter(`tenant-${nth % 10}`));
    expect(others.filter((place) => place)).toHaveLength(750);
    expect(limits.working()).toBe(1_000);
    greedy[0]?.leave();
    greedy[0]?.leave();
    expect(limits.working()).toBe(999);
    expect(limits.enter("greedy")).toBeDefined();
    expect(limits.enter("late")).toBeUndefined();
  });

  it("are all for everybody where there are no tenants", () => {
    const limits = createLimits(60);
    expect(Array.from({ length: 1_100 }, () => limits.enter(undefined)).filter((place) => place)).toHaveLength(1_000);
  });

  it("hold what has arrived, up to a bound for each tenant and for all", () => {
    const limits = createLimits(60);
    const place = limits.enter("one");
    expect(place?.hold(64 * MIB)).toBe(true);
    expect(place?.hold(1)).toBe(false);
    expect(limits.enter("one")?.hold(1)).toBe(false);
    const others = [2, 3, 4].map((nth) => limits.enter(`tenant-${nth}`));
    for (const other of others) expect(other?.hold(64 * MIB)).toBe(true);
    expect(limits.enter("five")?.hold(1)).toBe(false);
    place?.leave();
    expect(place?.hold(1)).toBe(false);
    expect(limits.enter("five")?.hold(64 * MIB)).toBe(true);
  });

  it("come back whole, in whichever order they are left", () => {
    const step = fc.record({
      tenant: fc.constantFrom("a", "b", undefined),
      bytes: fc.array(fc.nat(MIB), { maxLength: 3 }),
      leaves: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const limits = createLimits(60);
        const open = [];
        for (const { tenant, bytes, leaves } of steps) {
          const place = limits.enter(tenant);
          if (place) open.push(place);
          for (const size of bytes) place?.hold(size);
          for (const each of open.splice(0, leaves)) each.leave();
          expect(limits.working()).toBe(open.length);
        }
        for (const each of open) each.leave();
        expect(limits.working()).toBe(0);
        expect(limits.enter("a")?.hold(64 * MIB)).toBe(true);
      }),
    );
  });
});

describe("a tenant's requests", () => {
  it("are counted for themselves, and have to wait for the rest of the minute when they are too many", async () => {
    const limits = createLimits(3);
    expect(await Promise.all([1, 2, 3].map(() => limits.waitOf("one")))).toEqual([0, 0, 0]);
    expect(await limits.waitOf("one")).toBeGreaterThan(50);
    expect(await limits.waitOf("two")).toBe(0);
  });
});
