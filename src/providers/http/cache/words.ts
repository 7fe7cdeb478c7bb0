/** The words that caches use for their states: those of Squid, of nginx, and the vendors' own that are theirs alone. */

import type { CacheState } from "./verdict.ts";

/**
 * Squid's result codes (Akamai "Pragma headers", Microsoft "Debug HTTP headers", Alibaba captures), nginx's
 * `$upstream_cache_status`, Cloudflare "Cloudflare cache responses", CloudFront's sentences, EdgeOne, Vercel.
 */
const words = new Map<string, CacheState>(
  Object.entries({
    HIT: "hit",
    H: "hit",
    MISS: "miss",
    M: "miss",
    EXPIRED: "expired",
    STALE: "stale",
    UPDATING: "stale",
    REVALIDATED: "revalidated",
    REVALIDATE: "revalidated",
    REFRESHHIT: "revalidated",
    REFRESH_HIT: "revalidated",
    REFRESHMISS: "expired",
    REFRESH_MISS: "expired",
    PRERENDER: "hit",
    PARTIAL_HIT: "miss",
    PASS: "bypass",
    HITPASS: "bypass",
    BYPASS: "bypass",
    DYNAMIC: "uncacheable",
    UNCACHEABLE: "uncacheable",
    NOCACHE: "uncacheable",
    NOTCACHEABLE: "uncacheable",
    PRIVATE_NOSTORE: "uncacheable",
    CONFIG_NOCACHE: "uncacheable",
    CACHE_NOCONFIG: "uncacheable",
    NONE: "uncacheable",
    UNKNOWN: "uncacheable",
    LAMBDAGENERATEDRESPONSE: "uncacheable",
    FUNCTIONGENERATEDRESPONSE: "uncacheable",
    REDIRECT: "uncacheable",
    LIMITEXCEEDED: "error",
    ERROR: "error",
    DENIED: "error",
    TCP_HIT: "hit",
    TCP_MEM_HIT: "hit",
    TCP_IMS_HIT: "hit",
    TCP_OFFLINE_HIT: "stale",
    TCP_REFRESH_HIT: "revalidated",
    TCP_REFRESH_UNMODIFIED: "revalidated",
    TCP_REFRESH_FAIL_HIT: "stale",
    TCP_STALE_HIT: "stale",
    // A hit of the part that was asked for says nothing of the rest.
    TCP_PARTIAL_HIT: "miss",
    TCP_MISS: "miss",
    TCP_REFRESH_MISS: "expired",
    TCP_REFRESH_MODIFIED: "expired",
    TCP_EXPIRED_MISS: "expired",
    TCP_NEGATIVE_HIT: "error",
    TCP_DENIED: "error",
    TCP_COOKIE_DENY: "error",
  } satisfies Record<string, CacheState>),
);

/** These name a tier or a cache before the word that counts: "Cache Miss", "Edge : HIT". */
const fillers = new Set(["CACHE", "EDGE"]);
/** A code of Squid's is more exact than the word in front of it: "HIT TCP_REFRESH_HIT". */
const PLACES_OF_A_CODE = 3;

/**
 * The state that a header's text stands for, or `undefined` when its first words are none of a cache's. Only the first
 * words count: what follows is the name of a machine, which may be called anything.
 */
export function stateOf(text: string): CacheState | undefined {
  // Azure's way to say that it did not come to the cache at all.
  if (/^\s*N\/A\b/i.test(text)) return "uncacheable";
  const tokens = text
    .slice(0, 200)
    .toUpperCase()
    .split(/[^A-Z_]+/)
    .filter(Boolean)
    .slice(0, PLACES_OF_A_CODE);
  const code = tokens.find((token) => token.startsWith("TCP_") && words.has(token));
  const word = code ?? tokens.find((token) => !fillers.has(token));
  return word === undefined ? undefined : words.get(word);
}

/** An error that the cache keeps: the one state for which the code says more than the state. */
export function isStoredError(text: string): boolean {
  return /\bTCP_NEGATIVE_HIT\b/i.test(text.slice(0, 200));
}
