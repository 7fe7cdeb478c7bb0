/** Classifies one complete answer: did the request warm the cache? */

import { type CacheReading, readCache } from "../cache/cache-status.ts";
import { vendorOf } from "../cache/vendors.ts";
import { isServed } from "../cache/verdict.ts";
import { isHint, narrowedFor, whyNotCached } from "../cache/why-not-cached.ts";
import type { Got } from "../net/get.ts";
import { redirectTarget } from "../net/redirect.ts";

export type FinalOutcome =
  | { readonly state: "succeeded"; readonly reason: string }
  | { readonly state: "failed"; readonly code: string; readonly reason: string };

/** The origin's headers forbid storing, but a rule of the CDN may store the answer anyway. A second request shows it. */
export interface DoubtfulOutcome {
  readonly state: "doubtful";
  readonly code: string;
  readonly reason: string;
}

export type FetchOutcome = FinalOutcome | DoubtfulOutcome;

/**
 * A request warms the cache when the whole body arrived with a 2xx status and nothing shows that the CDN does not keep it.
 * An error never counts as warm, even when the CDN caches it.
 */
export function classifyAnswer(answer: Got, url: string, method: "GET" | "HEAD" = "GET"): FetchOutcome {
  const { status, headers, bytes, declared } = answer;
  // The request did not ask for a range, so 206 is wrong, too.
  if (status < 200 || status > 299 || status === 206) return classifyStatus(answer, url);
  if (declared !== undefined && Number.isFinite(declared) && bytes !== declared) {
    const reason = `Content-Length announced ${byteCount(declared)}, but ${grouped(bytes)} arrived. Check the CDN and the origin, then call again.`;
    return { state: "failed", code: "vendor_unavailable", reason };
  }
  const reading = readCache(answer);
  const seen = describeReading(reading, method === "GET" ? `Received ${byteCount(bytes)}` : "HEAD was answered");
  const [obstacle] = storingObstacles(answer, url, reading);
  if (!obstacle) {
    const restrictions = narrowedFor(headers).map(({ reason, change }) => ` ${reason} ${change}`);
    return { state: "succeeded", reason: seen + restrictions.join("") };
  }
  const reason = `${seen} ${obstacle.reason} ${obstacle.change}`;
  return { state: reading.stored === false ? "failed" : "doubtful", code: "uncacheable", reason };
}

function storingObstacles({ status, headers }: Got, url: string, reading: CacheReading) {
  if (isServed(reading) || reading.stored === true) return [];
  return whyNotCached({ status, headers, url }, reading).filter((each) => !isHint(each));
}

const cacheStates: Record<CacheReading["state"], string> = {
  hit: "already in the cache",
  revalidated: "in the cache, revalidated with the origin",
  stale: "in the cache, but stale",
  miss: "not in the cache before, fetched now",
  expired: "expired in the cache, fetched again",
  bypass: "bypassed the cache",
  uncacheable: "not stored by the cache",
  error: "reported as an error",
  unknown: "cache status unknown",
};

function describeReading(reading: CacheReading, received: string): string {
  const { vendor, pop, layer, state } = reading;
  const place = vendor === undefined ? "" : `${vendorOf(vendor)?.name}${pop === undefined ? "" : ` ${pop}`}: `;
  const tier = layer === "parent" ? " (in a tier behind the edge)" : "";
  return `${received}; ${place}${cacheStates[state]}${tier}.`;
}

/** Same as `toLocaleString("en")`, which takes longer than the whole rest of a classification. */
const grouped = (count: number): string => String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");

const byteCount = (count: number): string => `${grouped(count)} ${count === 1 ? "byte" : "bytes"}`;

interface StatusMeaning {
  readonly code: string;
  readonly advice: string;
}

const missing: StatusMeaning = { code: "not_found", advice: "Publish the file first, or correct the URL." };
const denied: StatusMeaning = { code: "forbidden", advice: "Pass a signed URL if the CDN requires one, and check the CDN's access rules." };
const throttled: StatusMeaning = { code: "rate_limited", advice: "Call again later, or lower PREFETCH_HTTP_REQUESTS_PER_SECOND." };
const redirected: StatusMeaning = { code: "redirect", advice: "Warm the target URL, or set PREFETCH_HTTP_REDIRECTS." };
const serverError: StatusMeaning = { code: "vendor_unavailable", advice: "Check the origin and the CDN, then call again." };
const unexpected: StatusMeaning = { code: "http_error", advice: "Check the URL." };

const statusMeanings: Readonly<Record<number, StatusMeaning>> = { 401: denied, 403: denied, 404: missing, 410: missing, 429: throttled };

function meaningOf(status: number): StatusMeaning {
  if (status >= 300 && status < 400) return redirected;
  return statusMeanings[status] ?? (status >= 500 ? serverError : unexpected);
}

function classifyStatus(answer: Got, url: string): FinalOutcome {
  const { status } = answer;
  const { code, advice } = meaningOf(status);
  const target = code === "redirect" ? shown(redirectTarget(answer, new URL(url))) : undefined;
  const redirect = target === undefined ? "" : ` and redirects to ${target}`;
  return { state: "failed", code, reason: `The server answered with status ${status}${redirect}. ${advice}` };
}

/** Longer targets would crowd the advice out of the reason. */
const MAX_TARGET_LENGTH = 300;

/** Without credentials, query and fragment: they may hold secrets. */
function shown(target: URL | undefined): string | undefined {
  return target && `${target.protocol}//${target.host}${target.pathname}`.slice(0, MAX_TARGET_LENGTH);
}
