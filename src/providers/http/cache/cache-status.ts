/**
 * What a response says about the CDN's cache, and of which layer. A hit is the edge's only where the vendor's headers tell
 * so: filled at a parent is not warm at the edge.
 */

import { detectByHeaders } from "./detect.ts";
import { type Evidence, evidenceOf, firstOf, type HeaderLines, itemsOf, secondsOf } from "./headers.ts";
import { firstReader, verdictOfText, word } from "./readers.ts";
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
 * `X-Cache…` of a vendor that is known to send it or where no vendor is known, `Age` above zero. An error status is never a hit.
 */
export function readCache({ status, headers, vendor: told }: CacheAnswer): CacheReading {
  const detected = told === undefined ? detectByHeaders(headers) : undefined;
  const vendor = vendorOf(told ?? detected?.vendor);
  const age = ageOf(headers, vendor);
  const isGuess = detected?.confidence === "guess";
  const found = vendor?.read?.(headers) ?? standard(headers, vendor) ?? (isGuess ? nobodys(headers) : undefined) ?? byAge(age);
  const verdict = underStatus(isGuess ? withoutEdge(found.verdict) : found.verdict, status);
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

const ownNames = ["x-cache-status", "x-cache", "x-proxy-cache"];
const commonNames = [...ownNames, "x-cache-lookup"];
/** Several vendors name them alike and mean different tiers by them, so the layer stays open. */
const common = firstReader(...commonNames.map((name) => word(name, "unknown")));

/**
 * The same headers of a cache that is nobody's, such as one's own nginx or Varnish. Where their words differ, the edge's may
 * be the miss and the hit that of a cache at the origin, as no order is known: then nothing tells, not even an age.
 */
function nobodys(headers: HeaderLines): Finding | undefined {
  const from = ownNames.filter((name) => headers.has(name));
  const verdicts = from.flatMap((name) => itemsOf(headers, name).map((item) => verdictOfText(item, "unknown")));
  const hits = verdicts.filter((verdict) => verdict !== undefined && isServed(verdict));
  return hits.length > 0 && hits.length < verdicts.length ? { verdict: { state: "unknown" }, from } : common(headers);
}

function standard(headers: HeaderLines, vendor: Vendor | undefined): Finding | undefined {
  const listed = readCacheStatus(headers, vendor?.cacheStatus);
  // A vendor that does not write the header leaves its origin's in: the last member is then not the edge.
  if (listed) return vendor && !vendor.cacheStatus ? { ...listed, verdict: withoutEdge(listed.verdict) } : listed;
  const timed = readServerTiming(headers);
  if (timed) return vendor && vendor.id !== "cloudfront" ? { ...timed, verdict: withoutEdge(timed.verdict) } : timed;
  if (!vendor) return nobodys(headers);
  return vendor.xCache ? common(headers) : undefined;
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
