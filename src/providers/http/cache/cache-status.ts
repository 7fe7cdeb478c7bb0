/**
 * What a response says about the CDN's cache, and of which layer. A hit is the edge's only where the vendor's headers tell
 * so: filled at a parent is not warm at the edge.
 */

import { detectByHeaders } from "./detect.ts";
import { type Evidence, evidenceOf, firstOf, type HeaderLines, secondsOf } from "./headers.ts";
import { firstReader, word } from "./readers.ts";
import { secondsSince } from "./readers-western.ts";
import { readCacheStatus } from "./rfc9211.ts";
import { readServerTiming } from "./server-timing.ts";
import type { Vendor, VendorId } from "./vendor.ts";
import { vendorOf } from "./vendors.ts";
import { type Finding, isServed, underStatus, type Verdict, withoutEdge } from "./verdict.ts";

export type CacheReading = Verdict & {
  readonly vendor?: VendorId;
  /** How long the object has been in the cache that answered; with what was served from a store only. */
  readonly ageS?: number;
  /** How long it stays fresh there; negative when it no longer is. */
  readonly ttlS?: number;
  /** The vendor's own name of the place that answered. */
  readonly pop?: string;
  readonly evidence: readonly Evidence[];
};

export interface CacheAnswer {
  readonly status: number;
  readonly headers: HeaderLines;
  /** The vendor where it is known otherwise, by CNAME for example. Without it, the headers have to tell. */
  readonly vendor?: VendorId | undefined;
}

/**
 * Reads the cache's state from a response. In this order: the vendor's own header, RFC 9211 `Cache-Status`, `Server-Timing`,
 * `X-Cache…` of a vendor that is known, `Age` above zero. An error status is never a hit.
 */
export function readCache({ status, headers, vendor: told }: CacheAnswer): CacheReading {
  const detected = told === undefined ? detectByHeaders(headers) : undefined;
  const vendor = vendorOf(told ?? detected?.vendor);
  const age = ageOf(headers, vendor);
  const found = vendor?.read?.(headers) ?? standard(headers, vendor) ?? byAge(age);
  const verdict = underStatus(detected?.confidence === "guess" ? withoutEdge(found.verdict) : found.verdict, status);
  const pop = popOf(headers, vendor);
  return {
    ...verdict,
    ...(vendor && { vendor: vendor.id }),
    ...(isServed(verdict) && age && { ageS: age.seconds }),
    ...(isServed(verdict) && found.ttlS !== undefined && { ttlS: found.ttlS }),
    ...(pop && { pop: pop.value }),
    evidence: evidenceOf(headers, [...found.from, ...(age ? [age.from] : []), ...(pop ? [pop.from] : [])]),
  };
}

/** Several vendors name them alike and mean different things by them: they say nothing before the vendor is known. */
const common = ["x-cache-status", "x-cache", "x-proxy-cache", "x-cache-lookup"].map((name) => word(name, "unknown"));

function standard(headers: HeaderLines, vendor: Vendor | undefined): Finding | undefined {
  const listed = readCacheStatus(headers, vendor?.cacheStatus);
  // A vendor that does not write the header leaves its origin's in: the last member is then not the edge.
  if (listed) return vendor && !vendor.cacheStatus ? { ...listed, verdict: withoutEdge(listed.verdict) } : listed;
  const timed = readServerTiming(headers);
  if (timed) return vendor && vendor.id !== "cloudfront" ? { ...timed, verdict: withoutEdge(timed.verdict) } : timed;
  return vendor?.xCache ? firstReader(...common)(headers) : undefined;
}

interface Age {
  readonly seconds: number;
  readonly from: string;
}

/** RFC 9111, section 5.1: only a cache sends `Age`. Zero proves nothing: some send it with what they have just fetched. */
function byAge(age: Age | undefined): Finding {
  if (age === undefined || age.seconds === 0) return { verdict: { state: "unknown" }, from: [] };
  return { verdict: { state: "hit", layer: "unknown" }, from: [age.from] };
}

function ageOf(headers: HeaderLines, vendor: Vendor | undefined): Age | undefined {
  for (const from of ["age", ...(vendor?.age ?? [])]) {
    const seconds = secondsOf(firstOf(headers, from));
    if (seconds !== undefined) return { seconds, from };
  }
  if (vendor?.storedAt === undefined) return undefined;
  const seconds = secondsSince(headers, vendor.storedAt);
  return seconds === undefined ? undefined : { seconds, from: vendor.storedAt };
}

const LONGEST_POP = 40;

function popOf(headers: HeaderLines, vendor: Vendor | undefined): { value: string; from: string } | undefined {
  if (!vendor?.pop) return undefined;
  const { header, value } = vendor.pop;
  const line = firstOf(headers, header);
  const pop = line === undefined ? undefined : value.exec(line)?.[1];
  return pop === undefined ? undefined : { value: pop.slice(0, LONGEST_POP), from: header };
}
