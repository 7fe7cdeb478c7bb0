/** Dialects of Western vendors' edges. The readers in providers/http/cache name the sources. */

import { randomBytes } from "node:crypto";
import type { HeaderRecord } from "../server/answer.ts";
import { type AnswerFacts, ageHeader, type Dialect, isFromStore, POP, ttlOf, type Words } from "./facts.ts";

const cloudflareWords: Words = {
  hit: "HIT",
  "parent-hit": "HIT",
  revalidated: "REVALIDATED",
  expired: "EXPIRED",
  miss: "MISS",
  bypass: "BYPASS",
  uncacheable: "DYNAMIC",
};

/** A hit of an upper tier is a `HIT` without `Age`. */
export const cloudflare: Dialect = {
  hasParent: true,
  hasDynamic: true,
  headers: (facts) => ({
    server: "cloudflare",
    "cf-ray": `${randomId(8)}-${POP}`,
    "cf-cache-status": cloudflareWords[facts.outcome],
    ...(facts.outcome !== "parent-hit" && ageHeader(facts)),
  }),
};

const cloudfrontWords: Words = {
  hit: "Hit",
  "parent-hit": "Hit",
  revalidated: "RefreshHit",
  expired: "Miss",
  miss: "Miss",
  bypass: "Miss",
  uncacheable: "Miss",
};

/** The distribution has a policy that adds `Server-Timing`: no other header names the tier. */
export const cloudfront: Dialect = {
  hasParent: true,
  headers: (facts) => {
    const { outcome, status } = facts;
    const layer = `cdn-hit-layer;desc="${outcome === "parent-hit" ? "REC" : "EDGE"}"`;
    const hit = outcome === "revalidated" ? "cdn-cache-refresh" : "cdn-cache-hit";
    const timing = isFromStore(facts) ? `${hit},${layer}` : 'cdn-upstream-layer;desc="REC",cdn-cache-miss';
    return {
      "x-cache": `${status >= 400 ? "Error" : cloudfrontWords[outcome]} from cloudfront`,
      via: "1.1 sandbox.cloudfront.net (CloudFront)",
      "x-amz-cf-pop": `${POP}1-P1`,
      "x-amz-cf-id": `sandbox-${randomId(16)}==`,
      "server-timing": `${timing},cdn-pop;desc="${POP}1-P1"`,
      ...ageHeader(facts),
    };
  },
};

/** The shield's result, then the delivering node's. A passed or expired object is a miss for both. */
const fastlyWords: Words = {
  hit: "MISS, HIT",
  "parent-hit": "HIT, MISS",
  revalidated: "MISS, MISS",
  expired: "MISS, MISS",
  miss: "MISS, MISS",
  bypass: "MISS, MISS",
  uncacheable: "MISS, MISS",
};

export const fastly: Dialect = {
  hasParent: true,
  headers: (facts) => {
    const words = fastlyWords[facts.outcome];
    const node = `cache-sbx-sandbox1-${POP}`;
    const debug = facts.outcome === "hit" ? `(H ${node} ${ttlOf(facts).toFixed(3)} 0.000 ${facts.ageS})` : `(M ${node} - - 0)`;
    return {
      "x-served-by": `cache-sbx-sandbox2-${POP}, ${node}`,
      "x-cache": words,
      "x-cache-hits": words.replaceAll("MISS", "0").replaceAll("HIT", "1"),
      "x-timer": `S${(facts.now / 1_000).toFixed(6)},VS0,VE1`,
      via: "1.1 varnish, 1.1 varnish",
      // Fastly sends `Age: 0` on a miss too.
      age: String(facts.ageS),
      ...(facts.requestHeaders.has("fastly-debug") && { "fastly-debug-ttl": debug }),
    };
  },
};

const akamaiWords: Words = {
  hit: "TCP_HIT",
  "parent-hit": "TCP_MISS",
  revalidated: "TCP_REFRESH_HIT",
  expired: "TCP_REFRESH_MISS",
  miss: "TCP_MISS",
  bypass: "TCP_MISS",
  uncacheable: "TCP_MISS",
};

/** By default, only `Server-Timing`. A `Pragma` request header adds the results of edge and parent and the cacheability. */
export const akamai: Dialect = {
  hasParent: true,
  headers: (facts) => {
    const { outcome } = facts;
    const result = outcome === "hit" ? "HIT" : outcome === "revalidated" ? "REVALIDATE" : "MISS";
    return {
      server: "AkamaiGHost",
      "server-timing": `cdn-cache; desc=${result}, edge; dur=1, ak_p; desc="sandbox"`,
      ...ageHeader(facts),
      ...akamaiDebug(facts),
    };
  },
};

function akamaiDebug({ outcome, lifetimeS, requestHeaders }: AnswerFacts): HeaderRecord {
  const requests = (name: string): boolean => (requestHeaders.get("pragma") ?? "").includes(`akamai-x-${name}`);
  const node = (number: number): string => `from a127-0-0-${number}.deploy.akamaitechnologies.com (AkamaiGHost/sandbox) (-)`;
  const parent = outcome === "parent-hit" ? "TCP_HIT" : akamaiWords[outcome];
  return {
    ...(requests("cache-on") && { "x-cache": `${akamaiWords[outcome]} ${node(1)}` }),
    ...(requests("cache-remote-on") && outcome !== "hit" && { "x-cache-remote": `${parent} ${node(2)}` }),
    ...(requests("check-cacheable") && { "x-check-cacheable": lifetimeS > 0 ? "YES" : "NO" }),
    ...(requests("get-cache-key") && { "x-cache-key": `/L/1/1/${lifetimeS > 0 ? `${lifetimeS}s` : "000"}/sandbox-origin.example/` }),
  };
}

const bunnyWords: Words = {
  hit: "HIT",
  "parent-hit": "MISS",
  revalidated: "REVALIDATED",
  expired: "EXPIRED",
  miss: "MISS",
  bypass: "BYPASS",
  uncacheable: "BYPASS",
};

export const bunny: Dialect = {
  headers: (facts) => ({
    server: `BunnyCDN-${POP}1-1`,
    "cdn-pullzone": "0",
    "cdn-requestid": randomId(16),
    "cdn-cache": bunnyWords[facts.outcome],
    ...ageHeader(facts),
  }),
};

function randomId(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
