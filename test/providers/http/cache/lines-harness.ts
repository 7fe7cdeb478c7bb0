import { expect, it } from "vitest";
import { readCache } from "../../../../src/providers/http/cache/cache-status.ts";
import { type HeaderLines, headerLines } from "../../../../src/providers/http/cache/headers.ts";
import type { VendorId } from "../../../../src/providers/http/cache/vendor.ts";

export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Headers from an object; a list stands for several lines of the same name. */
export function lines(headers: Headers): HeaderLines {
  return headerLines(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value] as const] : value.map((one) => [name, one] as const),
    ),
  );
}

/** A response with the status 200: what it shows, whose it is, its headers, and what must be read from them. */
export type Reading = readonly [what: string, vendor: VendorId, headers: Headers, expected: Readonly<Record<string, unknown>>];

export function expectReadings(readings: readonly Reading[]): void {
  it.each(readings)("%s (%s)", (_what, vendor, headers, expected) => {
    expect(readCache({ status: 200, headers: lines(headers) })).toMatchObject({ vendor, ...expected });
  });
}
