/** How the edges of Western vendors tell of their caches. Sources: those that the readers in providers/http/cache name. */

import { randomBytes } from "node:crypto";
import type { HeaderRecord } from "../server/faults.ts";
import { type AnswerFacts, age, type Dialect, isFromStore, POP, ttlOf, type Words } from "./facts.ts";

const cloudflareWords: Words = {
  hit: "HIT",
  "parent-hit": "HIT",
  revalidated: "REVALIDATED",
  expired: "EXPIRED",
  miss: "MISS",
  bypass: "BYPASS",
  uncacheable: "DYNAMIC",
};

/** What an upper tier has just handed down comes as a hit, and without `Age`. */
export const cloudflare: Dialect = {
  hasParent: true,
  hasDynamic: true,
  headers: (facts) => ({
    server: "cloudflare",
    "cf-ray": `${id(8)}-${POP}`,
    "cf-cache-status": cloudflareWords[facts.outcome],
    ...(facts.outcome !== "parent-hit" && age(facts)),
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

/** With the policy that has it send `Server-Timing`: nothing else says which tier it was. */
export const cloudfront: Dialect = {
  hasParent: true,
  headers: (facts) => {
    const { outcome, status } = facts;
    const layer = `cdn-hit-layer;desc="${outcome === "parent-hit" ? "REC" : "EDGE"}"`;
    const found = outcome === "revalidated" ? "cdn-cache-refresh" : "cdn-cache-hit";
    const timing = isFromStore(facts) ? `${found},${layer}` : 'cdn-upstream-layer;desc="REC",cdn-cache-miss';
    return {
      "x-cache": `${status >= 400 ? "Error" : cloudfrontWords[outcome]} from cloudfront`,
      via: "1.1 sandbox.cloudfront.net (CloudFront)",
      "x-amz-cf-pop": `${POP}1-P1`,
      "x-amz-cf-id": `sandbox-${id(16)}==`,
      "server-timing": `${timing},cdn-pop;desc="${POP}1-P1"`,
      ...age(facts),
    };
  },
};

/** The shield's word and the delivering node's; what is passed or has to be fetched again is a miss to both. */
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
      // It is there on a miss too, as zero.
      age: String(facts.ageS),
      ...(facts.asked["fastly-debug"] !== undefined && { "fastly-debug-ttl": debug }),
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

/** Unasked, it only times itself; asked by `Pragma`, it tells what was at the edge, at the parent, and what may be stored. */
export const akamai: Dialect = {
  hasParent: true,
  headers: (facts) => {
    const { outcome } = facts;
    const timed = outcome === "hit" ? "HIT" : outcome === "revalidated" ? "REVALIDATE" : "MISS";
    return {
      server: "AkamaiGHost",
      "server-timing": `cdn-cache; desc=${timed}, edge; dur=1, ak_p; desc="sandbox"`,
      ...age(facts),
      ...akamaiDebug(facts),
    };
  },
};

function akamaiDebug({ outcome, lifetimeS, asked }: AnswerFacts): HeaderRecord {
  const wants = (name: string): boolean => (asked.pragma ?? "").includes(`akamai-x-${name}`);
  const from = (node: number): string => `from a127-0-0-${node}.deploy.akamaitechnologies.com (AkamaiGHost/sandbox) (-)`;
  const parent = outcome === "parent-hit" ? "TCP_HIT" : akamaiWords[outcome];
  const isLocal = outcome === "hit";
  return {
    ...(wants("cache-on") && { "x-cache": `${akamaiWords[outcome]} ${from(1)}` }),
    ...(wants("cache-remote-on") && !isLocal && { "x-cache-remote": `${parent} ${from(2)}` }),
    ...(wants("check-cacheable") && { "x-check-cacheable": lifetimeS > 0 ? "YES" : "NO" }),
    ...(wants("get-cache-key") && { "x-cache-key": `/L/1/1/${lifetimeS > 0 ? `${lifetimeS}s` : "000"}/sandbox-origin.example/` }),
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
    "cdn-requestid": id(16),
    "cdn-cache": bunnyWords[facts.outcome],
    ...age(facts),
  }),
};

function id(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
