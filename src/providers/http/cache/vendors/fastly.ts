/** Fastly. */

import { type HeaderLines, itemsOf } from "../headers.ts";
import { edgeLastHeader, type Reader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { isFetched, isServed, verdictOf } from "../verdict.ts";

const MEGABYTE = 1_048_576;

/**
 * The last entry is the delivering node. Fastly reports a pass as `MISS`, and stale and synthetic responses as `HIT`.
 * https://www.fastly.com/documentation/reference/http/http-headers/X-Cache/
 */
const read: Reader = (headers) => {
  const found = edgeLastHeader("x-cache")(headers);
  const debug = parseDebugTtl(headers).at(-1);
  if (!found) return undefined;
  if (isFetched(found.verdict)) return { ...found, verdict: { ...found.verdict, mayBeBypass: true } };
  if (debug?.ttlS === undefined || !debug.hit || !isServed(found.verdict)) return found;
  const verdict = debug.ttlS < 0 ? verdictOf("stale", found.verdict.layer) : found.verdict;
  return { verdict, from: [...found.from, "fastly-debug-ttl"], ttlS: Math.max(0, debug.ttlS) };
};

interface DebugTtl {
  readonly hit: boolean;
  /** Absent if the responding server does not hold the object; the header then has `-`. */
  readonly ttlS?: number;
}

/** `(H cache-fra-etou8220043-FRA 3594.1 0 5)`: hit or miss, server, time to live, stale-if-error time, age. */
const debugTtl = /^\(?([HM])\s+[\w.-]{1,80}\s+(-?[\d.]{1,20}|-)\s+(?:-?[\d.]{1,20}|-)\s+(?:-?[\d.]{1,20}|-)\)?$/;

/**
 * One entry for each server in the header's order: the shield first, the delivering node last.
 * https://www.fastly.com/documentation/reference/http/http-headers/Fastly-Debug-TTL/
 */
export function parseDebugTtl(headers: HeaderLines): DebugTtl[] {
  return itemsOf(headers, "fastly-debug-ttl").flatMap((item) => {
    const [, sign, ttl] = debugTtl.exec(item) ?? [];
    if (sign === undefined) return [];
    const ttlS = Math.trunc(Number(ttl));
    return [{ hit: sign === "H", ...(Number.isFinite(ttlS) && { ttlS }) }];
  });
}

export const fastly: Vendor<"fastly"> = {
  id: "fastly",
  name: "Fastly",
  marks: [
    { header: "x-fastly-request-id" },
    { header: "fastly-debug-ttl" },
    { header: "x-served-by", value: /\bcache-[a-z]{3}/i },
    { header: "via", value: /fastly/i },
    { header: "x-timer", value: /^S\d+\.\d+,VS/ },
  ],
  cnames: ["fastly.net", "fastlylb.net"],
  read,
  pop: { header: "x-served-by", value: /-([A-Z]{3})\s*$/ },
  debugHeaders: { "fastly-debug": "1" },
  cacheControl: "surrogate-control",
  largestObject: { bytes: 20 * MEGABYTE, change: "Turn on Segmented Caching at Fastly." },
  rules: {
    // https://www.fastly.com/documentation/guides/full-site-delivery/caching/controlling-caching
    lifetime: "Surrogate-Control: max-age from the origin, or the TTL of a cache setting or of beresp.ttl in vcl_fetch",
    // https://www.fastly.com/blog/cache-recipe-success
    cookie: "vcl_fetch, which passes answers with Set-Cookie by default: unset beresp.http.Set-Cookie before that",
    // https://www.fastly.com/documentation/reference/http/http-headers/Vary/
    vary: "beresp.http.Vary in vcl_fetch",
    // https://www.fastly.com/documentation/reference/vcl/functions/query-string/querystring-filter/
    query: "querystring.filter on req.url in vcl_recv",
  },
};
