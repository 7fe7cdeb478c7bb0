/** Why a cache would not keep a response, as far as the response itself tells, and what to change. */

import { type CacheReading, readCache } from "./cache-status.ts";
import { firstOf, type HeaderLines, itemsOf, secondsOf } from "./headers.ts";
import type { VendorId } from "./vendor.ts";
import { vendorOf } from "./vendors.ts";
import { isServed } from "./verdict.ts";

export interface Obstacle {
  readonly code: keyof typeof texts | "vendor-says-no";
  readonly reason: string;
  readonly change: string;
}

export interface Uncached {
  readonly status: number;
  readonly headers: HeaderLines;
  readonly url: string;
  readonly vendor?: VendorId | undefined;
  /** The request carried `Authorization`. */
  readonly authorized?: boolean | undefined;
}

/** Sources: RFC 9111 sections 3, 3.5, 4.1, 5.2 and 5.3; RFC 9213; Cloudflare "Default cache behavior"; Fastly "Segmented Caching". */
const texts = {
  "error-status": ["The answer is an error.", "Make the URL answer 200 before warming it; a stored error would be served to viewers."],
  redirect: ["The answer is a redirect.", "Warm the URL that it leads to."],
  partial: ["Only a part of the object was asked for.", "Warm the whole object, or just the ranges that players ask for."],
  "no-store": ["The origin forbids storing (no-store).", "Remove no-store at the origin, or override it in the CDN's cache rule."],
  private: ["The origin allows only browsers to store it (private).", "Send public, or s-maxage, for what all viewers share."],
  "no-cache": ["Every use has to be checked with the origin (no-cache).", "Send a lifetime (s-maxage) instead of no-cache."],
  "no-age": ["Its lifetime for shared caches is zero.", "Send s-maxage or max-age above zero, or set a lifetime in the CDN."],
  expired: ["Its Expires is past or no date.", "Send Cache-Control with max-age instead of Expires."],
  "no-lifetime": ["Neither Cache-Control nor Expires names a lifetime.", "Send max-age; without it, each CDN decides by its own default."],
  "set-cookie": ["The answer sets a cookie.", "Do not set cookies on media, or let the CDN strip them."],
  "vary-any": ["Vary: * makes every request different.", "Name in Vary only the request headers that matter."],
  "vary-wide": ["Vary names a header that differs for almost every viewer.", "Leave Cookie, User-Agent and Authorization out of Vary."],
  authorization: ["Answers to requests with Authorization are not shared.", "Send public or s-maxage, or sign the URL instead."],
  "cloudflare-type": [
    "Cloudflare does not cache files of this type unless told to.",
    "Add a Cache Rule that makes the path eligible for cache.",
  ],
  "cloudflare-rule": [
    "Cloudflare does not treat this URL as cacheable.",
    "Look for a Cache Rule or Worker that excludes it; add one that includes it.",
  ],
  "too-large": [
    "The object is larger than the CDN stores by default.",
    "Cloudflare: raise the plan's limit. Fastly: turn on Segmented Caching.",
  ],
} satisfies Record<string, readonly [reason: string, change: string]>;

type Code = keyof typeof texts;

/**
 * What Cloudflare takes for cacheable by the name's ending. Source: Cloudflare "Default cache behavior". Playlists and
 * segments of HLS and DASH are not in it.
 */
const cloudflareTypes = new Set(
  (
    "7z apk avi avif bin bmp bz2 class css csv dmg doc docx ejs eot eps exe flac gif gz ico iso jar jpeg jpg js mid midi mkv mp3 mp4 " +
    "ogg otf pdf pict pls png ppt pptx ps rar svg svgz swf tar tif tiff ttf webm webp woff woff2 xls xlsx zip zst"
  ).split(" "),
);

const MEGABYTE = 1_048_576;
const largest = new Map<VendorId, number>([
  ["cloudflare", 512 * MEGABYTE],
  ["fastly", 20 * MEGABYTE],
]);

/** RFC 9213: a vendor's own field, then the CDNs' common one, stand in the place of `Cache-Control`. */
const targeted = new Map<VendorId, string>([
  ["cloudflare", "cloudflare-cdn-cache-control"],
  ["fastly", "surrogate-control"],
  ["netlify", "netlify-cdn-cache-control"],
  ["vercel", "vercel-cdn-cache-control"],
]);

/** What keeps other viewers from a copy although it is kept. */
export function narrowedFor(headers: HeaderLines): Obstacle[] {
  return byVary(headers).map(obstacleOf);
}

/** The obstacles that can be seen, the decisive ones first. None for what was served from a cache, by `reading` of the same answer. */
export function whyNotCached(answer: Uncached, reading: CacheReading = readCache(answer)): Obstacle[] {
  if (isServed(reading)) return [];
  const codes = new Set([...byStatus(answer.status), ...byVendor(answer, reading.vendor), ...byHeaders(answer, reading.vendor)]);
  const found = [...codes].map(obstacleOf);
  if (found.length > 0 || (reading.state !== "bypass" && reading.state !== "uncacheable")) return found;
  const name = vendorOf(reading.vendor)?.name ?? "The cache";
  return [
    { code: "vendor-says-no", reason: `${name} says that it does not store this.`, change: "Look at the CDN's cache rules for this path." },
  ];
}

const hints: ReadonlySet<string> = new Set<Code>(["no-lifetime", "vary-wide"]);

/** Each CDN decides by its own default, or keeps one copy for each viewer: that hinders, but is no proof, and most keep it. */
export function isHint({ code }: { readonly code: string }): boolean {
  return hints.has(code);
}

export function obstacleOf(code: Code): Obstacle {
  const [reason, change] = texts[code];
  return { code, reason, change };
}

function byStatus(status: number): Code[] {
  if (status >= 400) return ["error-status"];
  if (status >= 300 && status !== 304) return ["redirect"];
  return status === 206 ? ["partial"] : [];
}

function byVendor({ headers, url }: Uncached, vendor: VendorId | undefined): Code[] {
  const codes: Code[] = [];
  if (vendor === "cloudflare" && firstOf(headers, "cf-cache-status")?.toUpperCase() === "DYNAMIC") {
    codes.push(cloudflareTypes.has(endingOf(url)) ? "cloudflare-rule" : "cloudflare-type");
  }
  const limit = vendor && largest.get(vendor);
  if (limit !== undefined && (sizeOf(headers) ?? 0) > limit) codes.push("too-large");
  return codes;
}

function byHeaders({ headers, authorized = false }: Uncached, vendor: VendorId | undefined): Code[] {
  const control = controlOf(headers, vendor);
  const codes: Code[] = [];
  if (control.has("no-store")) codes.push("no-store");
  // With field names, only those fields must not be stored or reused.
  if (control.get("private") === "") codes.push("private");
  const shared = secondsOf(control.get("s-maxage"));
  const lifetime = shared ?? secondsOf(control.get("max-age"));
  if (control.get("no-cache") === "") codes.push("no-cache");
  else if (lifetime === 0) codes.push("no-age");
  else if (lifetime === undefined && codes.length === 0) codes.push(...byExpires(headers));
  if (headers.has("set-cookie")) codes.push("set-cookie");
  codes.push(...byVary(headers));
  // RFC 9111, section 3.5: any of these allows it.
  if (authorized && !control.has("public") && !control.has("must-revalidate") && shared === undefined) codes.push("authorization");
  return codes;
}

/** Only where no directive names a lifetime: RFC 9111, section 5.3. */
function byExpires(headers: HeaderLines): Code[] {
  const expires = firstOf(headers, "expires");
  if (expires === undefined) return ["no-lifetime"];
  const until = Date.parse(expires);
  const now = Date.parse(firstOf(headers, "date") ?? "");
  // Not even a date, such as "0" or "-1", stands for the past.
  return !/[a-z]{3}/i.test(expires) || Number.isNaN(until) || until <= now ? ["expired"] : [];
}

function byVary(headers: HeaderLines): Code[] {
  const names = itemsOf(headers, "vary").map((name) => name.toLowerCase());
  if (names.includes("*")) return ["vary-any"];
  return names.some((name) => name === "cookie" || name === "user-agent" || name === "authorization") ? ["vary-wide"] : [];
}

/** Directives in lower case; without a value, an empty text. */
function controlOf(headers: HeaderLines, vendor: VendorId | undefined): ReadonlyMap<string, string> {
  const own = vendor && targeted.get(vendor);
  const name = [own, "cdn-cache-control"].find((one) => one !== undefined && firstOf(headers, one) !== undefined) ?? "cache-control";
  const directives = new Map<string, string>();
  for (const item of itemsOf(headers, name)) {
    const [key = "", value = ""] = item.split("=", 2).map((part) => part.trim());
    directives.set(key.toLowerCase(), value.replaceAll('"', ""));
  }
  // HTTP/1.0's way to say it counts only where nothing newer is said.
  if (directives.size === 0 && /\bno-cache\b/i.test(firstOf(headers, "pragma") ?? "")) directives.set("no-cache", "");
  return directives;
}

function sizeOf(headers: HeaderLines): number | undefined {
  const digits = /\/(\d{1,15})$/.exec(firstOf(headers, "content-range") ?? "")?.[1] ?? firstOf(headers, "content-length");
  return digits !== undefined && /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}

function endingOf(url: string): string {
  const path = URL.parse(url)?.pathname ?? "";
  return /\.([a-z0-9]{1,8})$/i.exec(path)?.[1]?.toLowerCase() ?? "";
}
