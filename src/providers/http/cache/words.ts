/** The words that caches use for their states. A word with a different meaning at one vendor belongs in that vendor's file. */

import type { CacheState } from "./verdict.ts";

/**
 * Squid's result codes (`TCP_…`, also of Akamai, Azure and Alibaba), nginx's `$upstream_cache_status`
 * (https://nginx.org/en/docs/http/ngx_http_upstream_module.html#variables), and words of Cloudflare, CloudFront, EdgeOne and Vercel.
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
    // Only the requested part was a hit; the rest of the object may be missing.
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

/** These words come before the state: "Cache Miss", "Edge : HIT". */
const fillers = new Set(["CACHE", "EDGE"]);
/** Larger: a machine name could pass for a state. Smaller: the code in "HIT TCP_REFRESH_HIT" goes unread. */
const MAX_WORDS = 3;
/** Enough for that many words; the rest of a hostile line costs no time. */
const MAX_TEXT_CHARS = 200;

/**
 * The state in the first words of a header's text, or `undefined` if they are not a cache's words. A Squid code is more exact
 * than the word before it, so it wins.
 */
export function stateOf(text: string): CacheState | undefined {
  // Azure denied the request before it reached the cache.
  if (/^\s*N\/A\b/i.test(text)) return "uncacheable";
  const tokens = text
    .slice(0, MAX_TEXT_CHARS)
    .toUpperCase()
    .split(/[^A-Z_]+/)
    .filter(Boolean)
    .slice(0, MAX_WORDS);
  const code = tokens.find((token) => token.startsWith("TCP_") && words.has(token));
  const word = code ?? tokens.find((token) => !fillers.has(token));
  return word === undefined ? undefined : words.get(word);
}

/** True if the cache itself keeps the error. */
export function isStoredError(text: string): boolean {
  return /\bTCP_NEGATIVE_HIT\b/i.test(text.slice(0, MAX_TEXT_CHARS));
}
