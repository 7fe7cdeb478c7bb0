/** Builds header lines, and checks a vendor's readings of them. */

import { describe, expect, it } from "vitest";
import { type CacheReading, readCache } from "../../../../src/providers/http/cache/cache-status.ts";
import type { HeaderLines } from "../../../../src/providers/http/cache/headers.ts";
import { type VendorId, vendorOf } from "../../../../src/providers/http/cache/vendors.ts";

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A list stands for several lines of one header. */
export function lines(headers: Headers): HeaderLines {
  const entries = Object.entries(headers).map(([name, value = []]) => [name.toLowerCase(), [value].flat()] as const);
  return new Map(entries);
}

/** A name for the headers, the headers of a response with status 200, and members of the expected reading. */
export type Reading = readonly [input: string, headers: Headers, expected: Partial<CacheReading>];

/** Checks that the headers show the vendor by themselves, and the cache state that they stand for. */
export function describeReadings(vendor: VendorId, readings: readonly Reading[]): void {
  const titled = readings.map(([input, headers, expected]) => {
    const { state, layer } = expected;
    return [input, layer === undefined ? state : `${state} (${layer})`, headers, expected] as const;
  });
  describe(vendorOf(vendor)?.name ?? vendor, () => {
    it.each(titled)("reads %s as %s", (_input, _state, headers, expected) => {
      expect(readCache({ status: 200, headers: lines(headers) })).toMatchObject({ vendor, ...expected });
    });
  });
}
