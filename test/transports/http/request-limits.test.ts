import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRequestLimits } from "../../../src/transports/http/request-limits.ts";

const MIB = 1_048_576;

describe("permits", () => {
  it("are limited to 1,000 in total and to a quarter of that for one tenant", () => {
    const limits = createRequestLimits({ requestsPerMinute: 60, memory: 64 * MIB });
    const greedy = Array.from({ length: 300 }, () => limits.acquire("greedy"));
    expect(greedy.filter((permit) => permit)).toHaveLength(250);
    const later = Array.from({ length: 800 }, (_, nth) => limits.acquire(`tenant-${nth % 10}`));
    expect(later.filter((permit) => permit)).toHaveLength(750);
    expect(limits.inFlight()).toBe(1_000);
    greedy[0]?.release();
    greedy[0]?.release();
    expect(limits.inFlight()).toBe(999);
    expect(limits.acquire("greedy")).toBeDefined();
    expect(limits.acquire("late")).toBeUndefined();
  });

  it("are limited only in total on a server without tenants", () => {
    const limits = createRequestLimits({ requestsPerMinute: 60, memory: 64 * MIB });
    expect(Array.from({ length: 1_100 }, () => limits.acquire(undefined)).filter((permit) => permit)).toHaveLength(1_000);
  });

  it("reserve memory up to a limit per tenant and in total", () => {
    const limits = createRequestLimits({ requestsPerMinute: 60, memory: 64 * MIB });
    const permit = limits.acquire("one");
    expect(permit?.reserve(48 * MIB)).toBe(true);
    expect(permit?.reserve(1)).toBe(false);
    expect(limits.acquire("one")?.reserve(1)).toBe(false);
    expect(limits.acquire("two")?.reserve(16 * MIB)).toBe(true);
    expect(limits.acquire("three")?.reserve(1)).toBe(false);
    permit?.release();
    expect(permit?.reserve(1)).toBe(false);
    expect(limits.acquire("three")?.reserve(48 * MIB)).toBe(true);
  });

  it("return all their capacity in any order of release", () => {
    const step = fc.record({
      tenant: fc.constantFrom("a", "b", undefined),
      bytes: fc.array(fc.nat(MIB), { maxLength: 3 }),
      releases: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const limits = createRequestLimits({ requestsPerMinute: 60, memory: 64 * MIB });
        const open = [];
        for (const { tenant, bytes, releases } of steps) {
          const permit = limits.acquire(tenant);
          if (permit) open.push(permit);
          for (const size of bytes) permit?.reserve(size);
          for (const each of open.splice(0, releases)) each.release();
          expect(limits.inFlight()).toBe(open.length);
        }
        for (const each of open) each.release();
        expect(limits.inFlight()).toBe(0);
        expect(limits.acquire("a")?.reserve(48 * MIB)).toBe(true);
      }),
    );
  });
});

describe("countRequest", () => {
  it("makes a tenant over its rate wait, and no other tenant", async () => {
    const limits = createRequestLimits({ requestsPerMinute: 3, memory: 64 * MIB });
    expect(await Promise.all([1, 2, 3].map(() => limits.countRequest("one")))).toEqual([0, 0, 0]);
    expect(await limits.countRequest("one")).toBeGreaterThan(0);
    expect(await limits.countRequest("two")).toBe(0);
  });
});
