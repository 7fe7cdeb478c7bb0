/**
 * Questions that some CDNs answer in more detail when a request asks for it. They go to third parties, so they are asked
 * only of a vendor that has been recognised, and only where its usual headers have not told enough.
 */

import { type HeaderLines, itemsOf } from "./headers.ts";
import type { VendorId } from "./vendor.ts";

const debugHeaders = new Map<VendorId, Readonly<Record<string, string>>>([
  // Akamai techdocs "Pragma headers". Many properties leave the answer out.
  ["akamai", { pragma: "akamai-x-cache-on, akamai-x-cache-remote-on, akamai-x-check-cacheable, akamai-x-get-cache-key" }],
  // Fastly "Fastly-Debug-TTL".
  ["fastly", { "fastly-debug": "1" }],
]);

/** Request headers for a deep check with this vendor; none for most vendors, which answer without being asked. */
export function debugHeadersFor(vendor: VendorId | undefined): Readonly<Record<string, string>> {
  return (vendor && debugHeaders.get(vendor)) ?? {};
}

/** What Fastly answers to `Fastly-Debug: 1`. Source: Fastly "Fastly-Debug-TTL". */
export interface FastlyDebugTtl {
  readonly hit: boolean;
  readonly server: string;
  /** `-` in the header, where the server that answers does not hold the object. */
  readonly ttlS?: number;
  readonly staleIfErrorS?: number;
  readonly ageS?: number;
}

/** One entry for each server on the way, in the header's order: shield first, delivering node last. */
export function parseFastlyDebugTtl(headers: HeaderLines): FastlyDebugTtl[] {
  return itemsOf(headers, "fastly-debug-ttl").flatMap((item) => {
    const [, sign, server, ttl, stale, age] =
      /^\(?([HM])\s+([\w.-]{1,80})\s+(-?[\d.]{1,20}|-)\s+(-?[\d.]{1,20}|-)\s+(-?[\d.]{1,20}|-)\)?$/.exec(item) ?? [];
    if (sign === undefined || server === undefined) return [];
    const [ttlS, staleIfErrorS, ageS] = [ttl, stale, age].map((text) => {
      const seconds = Math.trunc(Number(text));
      return Number.isFinite(seconds) ? seconds : undefined;
    });
    return [
      {
        hit: sign === "H",
        server,
        ...(ttlS !== undefined && { ttlS }),
        ...(staleIfErrorS !== undefined && { staleIfErrorS }),
        ...(ageS !== undefined && { ageS }),
      },
    ];
  });
}
