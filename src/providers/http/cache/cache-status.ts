/**
 * Reads from a response whether a CDN's cache served it, and which tier. Only a header that the edge writes proves a hit at the
 * edge: a hit at a parent leaves the edge cold.
 */

import { readChain } from "./chain.ts";
import { detectByHeaders } from "./detect.ts";
import { secondsSince } from "./freshness.ts";
import { type Evidence, evidenceOf, firstOf, type HeaderLines, itemsOf, secondsOf } from "./headers.ts";
import { readLiteSpeed } from "./litespeed.ts";
import { firstReader, type Reader, statusHeader, verdictOfText } from "./readers.ts";
import { readCacheStatus } from "./rfc9211.ts";
import { readServerTiming } from "./server-timing.ts";
import type { Vendor } from "./vendor.ts";
import { readHuaweiVia } from "./vendors/huawei.ts";
import { type VendorId, vendorOf } from "./vendors.ts";
import { type Finding, isServed, type Verdict, withoutEdge, withStatus } from "./verdict.ts";

export type CacheReading = Verdict & {
  readonly vendor?: VendorId;
  /** Time since the answering cache stored the object; absent if no cache served it. */
  readonly ageS?: number;
  /** Remaining freshness in that cache; negative if the object is stale. */
  readonly ttlS?: number;
  /** The vendor's name for the place that answered. */
  readonly pop?: string;
  readonly evidence: readonly Evidence[];
  /** Headers whose absence proves the state. */
  readonly missing?: readonly string[];
};

interface CacheAnswer {
  readonly status: number;
  readonly headers: HeaderLines;
  /** The vendor if it is known from elsewhere, e.g. from a CNAME. Without it, the headers decide. */
  readonly vendor?: VendorId | undefined;
}

/**
 * The first of these sources decides: the outermost vendor's own header, RFC 9211 `Cache-Status`, `Server-Timing`, `X-Cache…` if
 * the vendor sends it or is unknown, `Age` above zero. An error status is never a hit.
 */
export function readCache({ status, headers, vendor: knownVendor }: CacheAnswer): CacheReading {
  const detected = knownVendor === undefined ? detectByHeaders(headers) : undefined;
  const vendor = vendorOf(knownVendor ?? detected?.vendor);
  const age = ageOf(headers, vendor);
  const found =
    (vendor && readChain(headers, vendor, detected, age && age.seconds > 0 ? age : undefined)) ??
    readStandard(headers, vendor) ??
    readAge(age);
  const verdict = withStatus(found.verdict, status);
  const pop = popOf(headers, vendor);
  return {
    ...verdict,
    ...(vendor && { vendor: vendor.id }),
    ...(isServed(verdict) && timesOf(age, found)),
    ...(pop && { pop: pop.value }),
    ...(found.missing && { missing: found.missing }),
    evidence: evidenceOf(headers, [...found.from, ...(age ? [age.from] : []), ...(pop ? [pop.from] : [])]),
  };
}

function timesOf(age: Age | undefined, { ttlS }: Finding): Pick<CacheReading, "ageS" | "ttlS"> {
  return { ...(age && { ageS: age.seconds }), ...(ttlS !== undefined && { ttlS }) };
}

/** The usual names in configurations of nginx, FastCGI caches, OpenResty and Varnish. */
const statusNames = [
  ...["x-cache-status", "x-cache", "x-proxy-cache", "x-proxy-cache-status", "x-nginx-cache", "x-nginx-cache-status"],
  ...["x-fastcgi-cache", "x-fastcgi-cache-status", "fastcgi-cache", "x-srcache-fetch-status", "x-varnish-cache", "x-edge-cache-status"],
];

/** Vendors use these names for different tiers, so the layer is unknown. */
const readXCache: Reader = firstReader(...[...statusNames, "x-cache-lookup"].map((name) => statusHeader(name, "unknown")));

/**
 * The same headers from a cache of no known vendor, e.g. the operator's own nginx or Varnish. If their words differ, the miss may
 * be the edge's and the hit may be the origin's, so the state is unknown.
 */
const readAnonymous: Reader = (headers) => {
  const from = statusNames.filter((name) => headers.has(name));
  const verdicts = from.flatMap((name) => itemsOf(headers, name).map((item) => verdictOfText(item, "unknown")));
  const hits = verdicts.filter((verdict) => verdict !== undefined && isServed(verdict));
  if (hits.length > 0 && hits.length < verdicts.length) return { verdict: { state: "unknown" }, from };
  const found = readXCache(headers) ?? readLiteSpeed(headers) ?? readHuaweiVia(headers);
  return found && { ...found, verdict: withoutEdge(found.verdict) };
};

function readStandard(headers: HeaderLines, vendor: Vendor | undefined): Finding | undefined {
  const listed = readCacheStatus(headers, vendor?.cacheStatus);
  if (listed) return vendor && !vendor.cacheStatus ? maybeFromOrigin(listed) : listed;
  const timed = readServerTiming(headers);
  if (timed) return vendor && !vendor.serverTiming ? maybeFromOrigin(timed) : timed;
  if (!vendor) return readAnonymous(headers);
  return vendor.xCache ? readXCache(headers) : undefined;
}

/** A vendor that does not write a header itself passes on its origin's. */
function maybeFromOrigin(found: Finding): Finding {
  return { ...found, verdict: withoutEdge(found.verdict) };
}

interface Age {
  readonly seconds: number;
  readonly from: string;
}

/** Only a cache sends `Age` (RFC 9111, section 5.1). Zero proves nothing: some caches send it with a fresh miss. */
function readAge(age: Age | undefined): Finding {
  if (age === undefined || age.seconds === 0) return { verdict: { state: "unknown" }, from: [] };
  return { verdict: { state: "hit", layer: "unknown" }, from: [age.from] };
}

function ageOf(headers: HeaderLines, vendor: Vendor | undefined): Age | undefined {
  for (const from of ["age", ...(vendor?.ageHeaders ?? [])]) {
    const seconds = secondsOf(firstOf(headers, from));
    if (seconds !== undefined) return { seconds, from };
  }
  const from = vendor?.storedAtHeader;
  const seconds = from === undefined ? undefined : secondsSince(headers, from);
  return from === undefined || seconds === undefined ? undefined : { seconds, from };
}

const MAX_POP_CHARS = 40;

function popOf(headers: HeaderLines, vendor: Vendor | undefined): { value: string; from: string } | undefined {
  if (!vendor?.pop) return undefined;
  const { header, value } = vendor.pop;
  const pop = value.exec(firstOf(headers, header) ?? "")?.[1];
  return pop === undefined ? undefined : { value: pop.slice(0, MAX_POP_CHARS), from: header };
}
