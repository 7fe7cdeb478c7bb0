/** What one whole answer means for the URL that was fetched. Pure. */

import { type CacheReading, readCache } from "../cache/cache-status.ts";
import { vendorOf } from "../cache/vendors.ts";
import { isServed } from "../cache/verdict.ts";
import { isHint, narrowedFor, whyNotCached } from "../cache/why-not-cached.ts";
import type { Got } from "../net/get.ts";

export type Verdict =
  | { readonly state: "succeeded"; readonly reason: string }
  | { readonly state: "failed"; readonly code: string; readonly reason: string }
  /** The answer speaks against its being kept, but a rule of the CDN may keep it all the same: asking again tells. */
  | { readonly state: "doubtful"; readonly code: string; readonly reason: string };

/**
 * A fetch has warmed a cache when the whole body came with a good status and nothing says that it is not kept. A 404 is
 * never warm, even where a CDN keeps it.
 */
export function judge(got: Got, url: string, method: "GET" | "HEAD" = "GET"): Verdict {
  const { status, headers, bytes, declared } = got;
  // No range was asked for, so a part is as wrong as an error.
  if (status < 200 || status > 299 || status === 206) return { state: "failed", ...byStatus(got, url) };
  if (declared !== undefined && Number.isFinite(declared) && bytes !== declared) {
    const [came, said] = [bytes, declared].map(grouped);
    return { state: "failed", code: "vendor_unavailable", reason: `The answer broke off after ${came} of ${said} bytes.` };
  }
  const reading = readCache(got);
  const seen = describeReading(reading, method === "GET" ? `${grouped(bytes)} bytes came whole` : "HEAD was answered");
  const narrow = narrowedFor(headers).map(({ reason, change }) => ` ${reason} ${change}`);
  if (isServed(reading) || reading.stored === true) return { state: "succeeded", reason: seen + narrow.join("") };
  const [obstacle] = whyNotCached({ status, headers, url }, reading).filter((each) => !isHint(each));
  if (!obstacle) return { state: "succeeded", reason: seen + narrow.join("") };
  const told = `${seen} ${obstacle.reason} ${obstacle.change}`;
  return { state: reading.stored === false ? "failed" : "doubtful", code: "uncacheable", reason: told };
}

/** Shown of where a redirect leads. */
const LONGEST_TARGET = 300;

const words: Record<CacheReading["state"], string> = {
  hit: "was in the cache already",
  revalidated: "was in the cache, which checked it with the origin",
  stale: "was in the cache, past its time",
  miss: "was not in the cache and is fetched now",
  expired: "was past its time in the cache and is fetched anew",
  bypass: "went around the cache",
  uncacheable: "is not stored by the cache",
  error: "is an error",
  unknown: "no word about the cache",
};

/** As `toLocaleString("en")`, which takes longer than all the rest of a verdict. */
const grouped = (count: number): string => String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");

function describeReading(reading: CacheReading, came: string): string {
  const { vendor, pop, layer, state } = reading;
  const where = vendor === undefined ? "" : `${vendorOf(vendor)?.name}${pop === undefined ? "" : ` ${pop}`}: `;
  const tier = layer === "parent" ? " (of a tier behind the edge)" : "";
  return `${came}; ${where}${words[state]}${tier}.`;
}

function byStatus({ status, headers }: Got, url: string): { readonly code: string; readonly reason: string } {
  const answered = `It was answered with status ${status}`;
  if (status >= 300 && status < 400) {
    // Without credentials, query and fragment, which may hold somebody's keys.
    const [location] = headers.get("location") ?? [];
    const target = location === undefined ? null : URL.parse(location, url);
    const shown = target && `${target.protocol}//${target.host}${target.pathname}`.slice(0, LONGEST_TARGET);
    const where = shown ? `, which leads to ${shown}` : "";
    return { code: "redirect", reason: `${answered}${where}. Warm the URL that it leads to.` };
  }
  if (status === 404 || status === 410) return { code: "not_found", reason: `${answered}. Publish it first, or correct the URL.` };
  if (status === 401 || status === 403) {
    return { code: "forbidden", reason: `${answered}. If the URL must be signed, pass a signed one; check the CDN's access rules.` };
  }
  if (status === 429) return { code: "rate_limited", reason: `${answered}, again and again. Call again later, or with lower rates.` };
  const whose = status >= 500 ? "Look at the origin and the CDN, then call again." : "Check the URL.";
  return { code: status >= 500 ? "vendor_unavailable" : "http_error", reason: `${answered}. ${whose}` };
}
