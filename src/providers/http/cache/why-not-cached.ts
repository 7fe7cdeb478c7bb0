/** Explains from a response why a cache would not keep it, and what to change. Obstacles of one vendor are in its vendor file. */

import { type Obstacle, SHORT_LIVED } from "../../../prefetch/model/edge.ts";
import { leadsBack } from "../net/redirect.ts";
import { type CacheControl, cacheControlOf, namedLifetimeS } from "./cache-control.ts";
import { withRule } from "./cache-rules.ts";
import { type CacheReading, readCache } from "./cache-status.ts";
import { challengeObstacle, challengerOf } from "./challenge.ts";
import { firstOf, type HeaderLines, itemsOf, secondsOf } from "./headers.ts";
import { shortLived } from "./short-lived.ts";
import { misfitOf } from "./type-fit.ts";
import type { Vendor, VendorResponse } from "./vendor.ts";
import { type VendorId, vendorOf } from "./vendors.ts";
import { isFetched, isServed } from "./verdict.ts";

interface Uncached extends VendorResponse {
  readonly status: number;
  readonly vendor?: VendorId | undefined;
  /** The request carried `Authorization`. */
  readonly authorized?: boolean | undefined;
}

/** Sources: RFC 9111, sections 3, 3.5, 4.1, 5.2 and 5.3; RFC 9213. */
const texts = {
  "error-status": ["The response is an error.", "Make the URL answer 200 before warming it; viewers would get a stored error."],
  redirect: ["The response is a redirect.", "Warm the URL that it points to."],
  "redirect-loop": ["The response is a redirect to the same URL.", "Correct the redirect rule at the CDN or the origin."],
  partial: ["The response holds only a part of the object.", "Warm the whole object, or only the ranges that players request."],
  "no-store": ["The origin forbids storing (no-store).", "Remove no-store at the origin, or override it in the CDN's cache rule."],
  private: ["The origin allows only browsers to store it (private).", "Send public or s-maxage for objects that all viewers share."],
  "no-cache": ["The cache must check with the origin before each use (no-cache).", "Send a lifetime (s-maxage) instead of no-cache."],
  "no-age": ["Its lifetime for shared caches is zero.", "Send s-maxage or max-age above zero, or set a lifetime in the CDN."],
  expired: ["Its Expires is in the past or not a date.", "Send Cache-Control with max-age instead of Expires."],
  "no-lifetime": ["Neither Cache-Control nor Expires sets a lifetime.", "Send max-age; without it, each CDN applies its own default."],
  "set-cookie": ["The response sets a cookie.", "Do not set cookies on files that everybody gets, or let the CDN remove them."],
  "vary-any": ["Vary: * makes every request different.", "List in Vary only the request headers that matter."],
  "vary-wide": ["Vary names a header that differs for almost every viewer.", "Leave Cookie, User-Agent and Authorization out of Vary."],
  authorization: [
    "Caches do not share responses to requests with Authorization.",
    "Send public or s-maxage, or sign the URL instead of sending Authorization.",
  ],
} satisfies Record<string, readonly [reason: string, change: string]>;

type Code = keyof typeof texts;

export function obstacleOf(code: Code): Obstacle {
  const [reason, change] = texts[code];
  return { code, reason, change };
}

const hints: ReadonlySet<string> = new Set<Code | "short-lived" | "type-misfit">(["no-lifetime", SHORT_LIVED, "vary-wide", "type-misfit"]);

/** A hint does not prove that the object is not stored: most CDNs then apply a default lifetime, or keep one copy per viewer. */
export function isHint({ code }: { readonly code: string }): boolean {
  return hints.has(code);
}

/** What to know about a stored copy: why it is soon gone or not for all viewers, and a type that does not fit its name. */
export function remarksOn(answer: VendorResponse, reading: CacheReading): Obstacle[] {
  const { headers } = answer;
  const found = [...shortLived(answer, reading, vendorOf(reading.vendor)), ...varyCodes(headers).map(obstacleOf), ...misfits(answer)];
  return found.map((each) => withRule(each, headers, reading));
}

/**
 * The visible obstacles, decisive ones first. If a cache served the object, there are none. `reading` must be of the same
 * response. A hint never hides what the cache itself says.
 */
export function whyNotCached(answer: Uncached, reading: CacheReading = readCache(answer)): Obstacle[] {
  const challenger = challengerOf(answer);
  if (challenger !== undefined) return [challengeObstacle(challenger)];
  if (isServed(reading)) return [];
  const vendor = vendorOf(reading.vendor);
  const found = [
    ...statusCodes(answer).map(obstacleOf),
    ...(vendor?.obstacles?.(answer) ?? []),
    ...tooLarge(answer.headers, vendor),
    ...headerCodes(answer, vendor).map(obstacleOf),
    ...shortLived(answer, reading, vendor),
    ...misfits(answer),
  ];
  const decisive = found.filter((each) => !isHint(each));
  const all = [...(decisive.length > 0 ? decisive : saidByCache(reading, vendor)), ...found.filter(isHint)];
  return all.map((each) => withRule(each, answer.headers, reading));
}

function misfits({ headers, url }: VendorResponse): Obstacle[] {
  const misfit = misfitOf(url, headers);
  return misfit ? [misfit] : [];
}

export const notStored: Obstacle = {
  code: "not-stored",
  reason: "The CDN reports that it did not store the answer.",
  change: "Check the CDN's cache rules for this path, and the lifetime that the origin sends.",
};

function saidByCache(reading: CacheReading, vendor: Vendor | undefined): Obstacle[] {
  const name = vendor?.name ?? "The cache";
  if (reading.state === "error") {
    const change = "Look at the CDN's logs and rules for this path.";
    return [{ code: "vendor-says-error", reason: `${name} reports an error for this answer.`, change }];
  }
  if (reading.stored !== false) return [];
  if (isFetched(reading)) return [notStored];
  return [
    { code: "vendor-says-no", reason: `${name} says that it does not store this.`, change: "Look at the CDN's cache rules for this path." },
  ];
}

function statusCodes({ status, headers, url }: Uncached): Code[] {
  if (status >= 400) return ["error-status"];
  if (status >= 300 && status !== 304) return [isLoop({ status, headers, url }) ? "redirect-loop" : "redirect"];
  return status === 206 ? ["partial"] : [];
}

function isLoop({ status, headers, url }: Uncached): boolean {
  const base = URL.parse(url);
  return base !== null && leadsBack({ status, headers }, base, [base]);
}

function tooLarge(headers: HeaderLines, vendor: Vendor | undefined): Obstacle[] {
  const limit = vendor?.largestObject;
  if (limit === undefined || (sizeOf(headers) ?? 0) <= limit.bytes) return [];
  return [{ code: "too-large", reason: "The object is larger than the CDN stores by default.", change: limit.change }];
}

function sizeOf(headers: HeaderLines): number | undefined {
  const digits = /\/(\d{1,15})$/.exec(firstOf(headers, "content-range") ?? "")?.[1] ?? firstOf(headers, "content-length");
  return digits !== undefined && /^\d{1,15}$/.test(digits) ? Number(digits) : undefined;
}

function headerCodes({ headers, authorized = false }: Uncached, vendor: Vendor | undefined): Code[] {
  const control = cacheControlOf(headers, vendor);
  return [
    ...storageCodes(control),
    ...lifetimeCodes(control, headers),
    ...(headers.has("set-cookie") ? (["set-cookie"] as const) : []),
    ...varyCodes(headers),
    ...(authorized && !isShareable(control) ? (["authorization"] as const) : []),
  ];
}

/** `private="field"` forbids storing only the named fields, so only the bare directive counts. */
function storageCodes(control: CacheControl): Code[] {
  return [...(control.has("no-store") ? (["no-store"] as const) : []), ...(control.get("private") === "" ? (["private"] as const) : [])];
}

function lifetimeCodes(control: CacheControl, headers: HeaderLines): Code[] {
  if (control.get("no-cache") === "") return ["no-cache"];
  const lifetimeS = namedLifetimeS(control);
  if (lifetimeS === 0) return ["no-age"];
  return lifetimeS === undefined && storageCodes(control).length === 0 ? expiresCodes(headers) : [];
}

/** `Expires` counts only without a lifetime in `Cache-Control` (RFC 9111, section 5.3). */
function expiresCodes(headers: HeaderLines): Code[] {
  const expires = firstOf(headers, "expires");
  if (expires === undefined) return ["no-lifetime"];
  const until = Date.parse(expires);
  const now = Date.parse(firstOf(headers, "date") ?? "");
  // An invalid date, such as "0" or "-1", means the past. Date.parse() would take these two for years.
  return !/[a-z]{3}/i.test(expires) || Number.isNaN(until) || until <= now ? ["expired"] : [];
}

function varyCodes(headers: HeaderLines): Code[] {
  const names = itemsOf(headers, "vary").map((name) => name.toLowerCase());
  if (names.includes("*")) return ["vary-any"];
  return names.some((name) => name === "cookie" || name === "user-agent" || name === "authorization") ? ["vary-wide"] : [];
}

/** Any of these directives lets a shared cache store a response to a request with `Authorization` (RFC 9111, section 3.5). */
function isShareable(control: CacheControl): boolean {
  return control.has("public") || control.has("must-revalidate") || secondsOf(control.get("s-maxage")) !== undefined;
}
