/** Vendors of the West whose headers need more than one look. */

import { parseFastlyDebugTtl } from "./debug-headers.ts";
import { firstOf, type HeaderLines, itemsOf, secondsOf } from "./headers.ts";
import { lastOf, type Reader, verdictOfText, word } from "./readers.ts";
import { hitLayer, serverTimings } from "./server-timing.ts";
import { type Finding, isFetched, isServed, type Layer, verdictOf } from "./verdict.ts";

/**
 * Cloudflare. A `HIT` without `Age` is a lower tier that was filled from an upper one by this very request.
 * Source: Cloudflare docs "Cloudflare cache responses", "Tiered Cache".
 */
export const readCloudflare: Reader = (headers) => {
  const found = word("cf-cache-status")(headers);
  if (found?.verdict.state !== "hit" || headers.has("age")) return found;
  return { ...found, verdict: verdictOf("hit", "parent") };
};

/**
 * CloudFront. `x-cache` says `Hit` for every tier; only Server-Timing tells which one it was.
 * Source: CloudFront Developer Guide "Server-Timing header", "Using Origin Shield".
 */
export const readCloudFront: Reader = (headers) => {
  const found = word("x-cache", "unknown")(headers);
  if (!found || !isServed(found.verdict)) return found;
  const layer = hitLayer(serverTimings(headers));
  return layer === "unknown" ? found : { verdict: verdictOf(found.verdict.state, layer), from: [...found.from, "server-timing"] };
};

/**
 * Fastly. The last entry is the delivering node; what is passed reads `MISS` as well, and stale and synthetic answers `HIT`.
 * Source: Fastly "X-Cache", "HIT and MISS headers with shielded services".
 */
export const readFastly: Reader = (headers) => {
  const found = lastOf("x-cache")(headers);
  const debug = parseFastlyDebugTtl(headers).at(-1);
  if (!found) return undefined;
  if (isFetched(found.verdict)) return { ...found, verdict: { ...found.verdict, mayBeBypass: true } };
  if (debug?.ttlS === undefined || !debug.hit || !isServed(found.verdict)) return found;
  const verdict = debug.ttlS < 0 ? verdictOf("stale", found.verdict.layer) : found.verdict;
  return { verdict, from: [...found.from, "fastly-debug-ttl"], ttlS: Math.max(0, debug.ttlS) };
};

/**
 * Akamai, to requests with its debug `Pragma`. The edge missed and `X-Cache-Remote` hit: a parent's hit.
 * Source: Akamai techdocs "Pragma headers".
 */
export const readAkamai: Reader = (headers) => {
  const named = byFamily(headers);
  if (named) return named;
  const line = firstOf(headers, "x-cache");
  const edge = line === undefined ? undefined : verdictOfText(line, "edge");
  if (edge !== undefined && (isServed(edge) || edge.state === "error")) return { verdict: edge, from: ["x-cache"] };
  const cacheable = firstOf(headers, "x-check-cacheable")?.toUpperCase();
  if (cacheable === "NO") return { verdict: verdictOf("uncacheable"), from: ["x-check-cacheable", "x-cache"] };
  const remote = verdictOfText(firstOf(headers, "x-cache-remote") ?? "", "parent");
  if (remote && isServed(remote)) return { verdict: remote, from: ["x-cache", "x-cache-remote"] };
  // The key's fourth field is the lifetime; with `YES` it only means that the origin decides on it.
  const noLifetime = /^(?:[A-Z]\/|\/)?[A-Z]\/\d+\/\d+\/0{3}\//.test(firstOf(headers, "x-cache-key") ?? "");
  if (noLifetime && cacheable !== "YES") return { verdict: verdictOf("uncacheable"), from: ["x-cache-key", "x-cache"] };
  return edge && { verdict: edge, from: ["x-cache"] };
};

/**
 * Where a property returns its cache status unasked, Akamai calls the edge the child: "Miss from child, Hit from parent".
 * The header's name is the property's choice. Source: public captures.
 */
function byFamily(headers: HeaderLines): Finding | undefined {
  for (const name of ["akamai-cache-status", "x-akamai-cache-status", "cdn-cache-status"]) {
    const said = (who: RegExp, layer: Layer) =>
      itemsOf(headers, name).flatMap((item) => (who.test(item) ? (verdictOfText(item, layer) ?? []) : []))[0];
    const child = said(/ from child$/i, "edge");
    const parent = said(/ from parent$/i, "parent");
    const verdict = child && isFetched(child) && parent && isServed(parent) ? parent : child;
    if (verdict) return { verdict, from: [name] };
  }
  return undefined;
}

/** Azure. `TCP_REMOTE_HIT` is a regional cache's. Source: Microsoft Learn "Debug HTTP headers for Azure CDN". */
export const readAzure: Reader = (headers) => {
  const line = firstOf(headers, "x-cache") ?? "";
  if (/^TCP_REMOTE_HIT\b/i.test(line)) return { verdict: verdictOf("hit", "parent"), from: ["x-cache"] };
  return word("x-cache")(headers);
};

/** CacheFly says it in one letter. Source: secondary ones. */
export const readCacheFly: Reader = (headers) => {
  const letter = /^[HM]$/i.exec(firstOf(headers, "x-cf3") ?? "")?.[0];
  if (letter === undefined) return word("x-cache", "unknown")(headers);
  return { verdict: verdictOf(letter.toUpperCase() === "H" ? "hit" : "miss", "unknown"), from: ["x-cf3"] };
};

/**
 * Google. The header's name is the operator's choice, its value the variable `cdn_cache_status`.
 * Source: Google Cloud CDN "Troubleshooting", "Custom headers".
 */
export const readGoogle: Reader = (headers) => {
  for (const name of ["cdn-cache-status", "x-cdn-cache-status", "x-cache-status", "x-cache"]) {
    const value = firstOf(headers, name)?.toLowerCase();
    if (value === "disabled") return { verdict: verdictOf("bypass"), from: [name] };
    const found = word(name, "unknown")(headers);
    if (found) return found;
  }
  return undefined;
};

/** Seconds since a moment that the vendor names, by the response's own clock. */
export function secondsSince(headers: HeaderLines, name: string): number | undefined {
  const since = Date.parse(headers.get(name)?.[0] ?? "");
  const now = Date.parse(headers.get("date")?.[0] ?? "");
  return now >= since ? secondsOf(String(Math.floor((now - since) / 1_000))) : undefined;
}
