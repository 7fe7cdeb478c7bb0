/** Classifies one complete answer: did the request warm the cache? */

import { type CacheReading, readCache } from "../cache/cache-status.ts";
import { challengeObstacle, challengerOf } from "../cache/challenge.ts";
import { vendorOf } from "../cache/vendors.ts";
import { isServed } from "../cache/verdict.ts";
import { isHint, remarksOn, whyNotCached } from "../cache/why-not-cached.ts";
import type { Got } from "../net/get.ts";
import { redirectTarget } from "../net/redirect.ts";
import { meaningOf } from "./status-meanings.ts";

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

/** How the answer was requested. */
interface Request {
  readonly method?: "GET" | "HEAD";
  /** The request carried `Authorization`. */
  readonly authorized?: boolean;
  /** The answer redirects to a URL that led to it. */
  readonly loops?: boolean;
}

/**
 * A request warms the cache when the whole body arrived with a 2xx status and nothing shows that the CDN does not keep it.
 * An error never counts as warm, even when the CDN caches it.
 */
export function classifyAnswer(answer: Got, url: string, request: Request = {}): FetchOutcome {
  const { status, headers, bytes, declared } = answer;
  const { method = "GET", authorized = false, loops = false } = request;
  const challenger = challengerOf(answer);
  if (challenger !== undefined) return challenged(status, challenger);
  // The request did not ask for a range, so 206 is wrong, too.
  if (status < 200 || status > 299 || status === 206) return classifyStatus(answer, url, loops);
  if (declared !== undefined && Number.isFinite(declared) && bytes !== declared) {
    const reason = `Content-Length announced ${byteCount(declared)}, but ${grouped(bytes)} arrived. Check the CDN and the origin, then call again.`;
    return { state: "failed", code: "vendor_unavailable", reason };
  }
  const reading = readCache(answer);
  const seen = describeReading(reading, method === "GET" ? `Received ${byteCount(bytes)}` : "HEAD was answered");
  const [obstacle] = storingObstacles(answer, { url, authorized }, reading);
  if (!obstacle) {
    const remarks = remarksOn({ headers, url }, reading).map(({ reason, change }) => ` ${reason} ${change}`);
    return { state: "succeeded", reason: seen + remarks.join("") };
  }
  const reason = `${seen} ${obstacle.reason} ${obstacle.change}`;
  const isCertain = reading.stored === false || reading.state === "error";
  return { state: isCertain ? "failed" : "doubtful", code: "uncacheable", reason };
}

function challenged(status: number, challenger: string): FinalOutcome {
  const { code, reason, change } = challengeObstacle(challenger);
  return { state: "failed", code, reason: `The server answered with status ${status}. ${reason} ${change}` };
}

function storingObstacles(
  { status, headers }: Got,
  request: { readonly url: string; readonly authorized: boolean },
  reading: CacheReading,
) {
  if (isServed(reading) || (reading.stored === true && reading.state !== "error")) return [];
  return whyNotCached({ status, headers, ...request }, reading).filter((each) => !isHint(each));
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

function classifyStatus(answer: Got, url: string, loops: boolean): FinalOutcome {
  const { status } = answer;
  const { code, cause, advice } = meaningOf(status);
  const seen = `The server answered with status ${status}`;
  const target = code === "redirect" ? shown(redirectTarget(answer, new URL(url))) : undefined;
  if (target !== undefined && loops) {
    const reason = `${seen} and redirects back to ${target}, a URL that led to it. Correct the redirect rule at the CDN or the origin.`;
    return { state: "failed", code, reason };
  }
  const redirect = target === undefined ? "" : ` and redirects to ${target}`;
  return { state: "failed", code, reason: [`${seen}${redirect}.`, cause, advice].filter((part) => part !== undefined).join(" ") };
}

/** Longer targets would crowd the advice out of the reason. */
const MAX_TARGET_LENGTH = 300;

/** Without credentials, query and fragment: they may hold secrets. */
function shown(target: URL | undefined): string | undefined {
  return target && `${target.protocol}//${target.host}${target.pathname}`.slice(0, MAX_TARGET_LENGTH);
}
