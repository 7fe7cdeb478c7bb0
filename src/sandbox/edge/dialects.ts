/** The dialects of the sandbox's edge by the first label of the host that was asked for: RFC 9211 where none is named. */

import { alibaba, huawei, tencent } from "./dialects-chinese.ts";
import { akamai, bunny, cloudflare, cloudfront, fastly } from "./dialects-western.ts";
import { type AnswerFacts, age, type CacheOutcome, type Dialect, ttlOf, type Words } from "./facts.ts";

const EDGE = "sandbox-edge";
const PARENT = "sandbox-parent";

/** RFC 9211. */
const rfc9211: Dialect = {
  headers: (facts) => ({ "cache-status": member(EDGE, facts.outcome, facts), ...age(facts) }),
};

/** RFC 9211 with two caches: the parent, which is nearer to the origin, comes first. An edge that hits has not asked it. */
const tiered: Dialect = {
  hasParent: true,
  headers: (facts) => {
    const { outcome } = facts;
    const edge = member(EDGE, outcome === "parent-hit" ? "miss" : outcome, facts);
    if (outcome === "hit") return { "cache-status": edge, ...age(facts) };
    return { "cache-status": `${member(PARENT, outcome === "parent-hit" ? "hit" : outcome, facts)}, ${edge}`, ...age(facts) };
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
    // What caches that write this header say of answers that they may not store.
    case "bypass":
    case "uncacheable":
      return `${name}; fwd=bypass`;
  }
}

/** nginx has no word for what it may not store: that stays a miss. */
const nginxWords: Words = {
  hit: "HIT",
  "parent-hit": "HIT",
  revalidated: "REVALIDATED",
  expired: "EXPIRED",
  miss: "MISS",
  bypass: "MISS",
  uncacheable: "MISS",
};

/** nginx as it is configured in most places, with `$upstream_cache_status` in a header and nothing else. */
const nginx: Dialect = { headers: ({ outcome }) => ({ "x-cache-status": nginxWords[outcome] }) };

/** A CDN that tells nothing. */
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
  nginx,
  silent,
} as const satisfies Record<string, Dialect>;

export type DialectName = keyof typeof dialects;

const byLabel: ReadonlyMap<string, Dialect> = new Map(Object.entries(dialects));

/** The hosts that the emulated vendors serve. */
const byDomain: readonly (readonly [domain: string, dialect: Dialect])[] = [
  ["example.com", huawei],
  ["example.net", alibaba],
];

/** `fastly.example.org` speaks Fastly's, `example.com` what its vendor speaks; any other host speaks RFC 9211. */
export function dialectOf(hostname: string): Dialect {
  const named = byLabel.get(hostname.split(".")[0] ?? "");
  return named ?? byDomain.find(([domain]) => hostname === domain || hostname.endsWith(`.${domain}`))?.[1] ?? rfc9211;
}
