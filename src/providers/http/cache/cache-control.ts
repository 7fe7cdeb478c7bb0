/** What the origin's headers allow a shared cache: the directives that count, and the lifetime (RFC 9111, RFC 9213). */

import { firstOf, type HeaderLines, itemsOf, secondsOf } from "./headers.ts";
import type { Vendor } from "./vendor.ts";

/** Directives in lower case with their values; a directive without a value has an empty one. */
export type CacheControl = ReadonlyMap<string, string>;

type TargetedVendor = Pick<Vendor, "cacheControl"> | undefined;

/** The field that counts alone: the first of the vendor's own field, `CDN-Cache-Control` (RFC 9213) and `Cache-Control`. */
export function controlField(headers: HeaderLines, vendor: TargetedVendor): string {
  const targeted = [vendor?.cacheControl, "cdn-cache-control"].find((name) => name !== undefined && firstOf(headers, name) !== undefined);
  return targeted ?? "cache-control";
}

export function cacheControlOf(headers: HeaderLines, vendor: TargetedVendor): CacheControl {
  const directives = new Map<string, string>();
  for (const item of itemsOf(headers, controlField(headers, vendor))) {
    const [key = "", value = ""] = item.split("=", 2).map((part) => part.trim());
    directives.set(key.toLowerCase(), value.replaceAll('"', ""));
  }
  // `Pragma` is the HTTP/1.0 form and counts only without a newer field (RFC 9111, section 5.4).
  if (directives.size === 0 && /\bno-cache\b/i.test(firstOf(headers, "pragma") ?? "")) directives.set("no-cache", "");
  return directives;
}

/** The lifetime that the directives name for shared caches; 0 is a lifetime, too. */
export function namedLifetimeS(control: CacheControl): number | undefined {
  return secondsOf(control.get("s-maxage")) ?? secondsOf(control.get("max-age"));
}

/** As `namedLifetimeS`, or from `Expires`, which counts only without a lifetime in the directives (RFC 9111, section 5.3). */
export function sharedLifetimeS(headers: HeaderLines, vendor: TargetedVendor): number | undefined {
  const named = namedLifetimeS(cacheControlOf(headers, vendor));
  if (named !== undefined) return named;
  const [until = Number.NaN, now = Number.NaN] = ["expires", "date"].map((name) => Date.parse(firstOf(headers, name) ?? ""));
  return until >= now ? secondsOf(String(Math.floor((until - now) / 1_000))) : undefined;
}
