/** Selects the edge's dialect by the requested host: `fastly.example.org` gets Fastly's. The default is RFC 9211. */

import { alibaba, huawei, tencent, volcengine } from "./dialects-chinese.ts";
import { akamai, bunny, cloudflare, cloudfront, fastly } from "./dialects-western.ts";
import { type AnswerFacts, ageHeader, type CacheOutcome, type Dialect, ttlOf, type Words } from "./facts.ts";

const EDGE = "sandbox-edge";
const PARENT = "sandbox-parent";

const rfc9211: Dialect = {
  headers: (facts) => ({ "cache-status": member(EDGE, facts.outcome, facts), ...ageHeader(facts) }),
};

/** RFC 9211 with two caches. The parent comes first because it is nearer to the origin; an edge hit does not involve it. */
const tiered: Dialect = {
  hasParent: true,
  headers: (facts) => {
    const { outcome } = facts;
    const edge = member(EDGE, outcome === "parent-hit" ? "miss" : outcome, facts);
    if (outcome === "hit") return { "cache-status": edge, ...ageHeader(facts) };
    return { "cache-status": `${member(PARENT, outcome === "parent-hit" ? "hit" : outcome, facts)}, ${edge}`, ...ageHeader(facts) };
  },
};

function member(name: string, outcome: CacheOutcome, facts: AnswerFacts): string {
  const stored = facts.stored ? "stored" : "stored=?0";
  switch (outcome) {
    case "hit":
    case "parent-hit":
      return `${name}; hit; ttl=${ttlOf(facts)}`;
    case "revalidated":
      return `${name}; fwd=stale; fwd-status=304; ttl=${ttlOf(facts)}; ${stored}`;
    case "expired":
      return `${name}; fwd=stale; fwd-status=${facts.status}; ${stored}`;
    case "miss":
      return `${name}; fwd=uri-miss; ${stored}`;
    // Caches that write this header call an uncacheable answer bypassed.
    case "bypass":
    case "uncacheable":
      return `${name}; fwd=bypass`;
  }
}

/** nginx reports an uncacheable answer as a miss. */
const nginxWords: Words = {
  hit: "HIT",
  "parent-hit": "HIT",
  revalidated: "REVALIDATED",
  expired: "EXPIRED",
  miss: "MISS",
  bypass: "MISS",
  uncacheable: "MISS",
};

/** The usual nginx configuration: `$upstream_cache_status` in one header. */
const nginx: Dialect = { headers: ({ outcome }) => ({ "x-cache-status": nginxWords[outcome] }) };

/** A CDN without cache headers. */
const silent: Dialect = { headers: () => ({}) };

const dialects = {
  rfc9211,
  tiered,
  cloudflare,
  cloudfront,
  fastly,
  akamai,
  bunny,
  alibaba,
  huawei,
  tencent,
  volcengine,
  nginx,
  silent,
} as const satisfies Record<string, Dialect>;

export type DialectName = keyof typeof dialects;

const byLabel: ReadonlyMap<string, Dialect> = new Map(Object.entries(dialects));

/** Hosts of the emulated vendors. */
const byDomain: readonly (readonly [domain: string, dialect: Dialect])[] = [
  ["example.com", huawei],
  ["hw-cdn.example.net", huawei],
  ["volc-cdn.example.net", volcengine],
  ["example.net", alibaba],
];

/** The host's first label selects a dialect first, then a vendor's domain. */
export function dialectOf(hostname: string): Dialect {
  const named = byLabel.get(hostname.split(".")[0] ?? "");
  const vendor = byDomain.find(([domain]) => hostname === domain || hostname.endsWith(`.${domain}`));
  return named ?? vendor?.[1] ?? rfc9211;
}
