/** The words that caches use for their states. A word with a different meaning at one vendor belongs in that vendor's file. */

import type { CacheState } from "./verdict.ts";

/**
 * Squid's result codes (`TCP_…`, also of Akamai, Azure, Alibaba and Edgio; https://wiki.squid-cache.org/SquidFaq/SquidLogs), nginx's
 * `$upstream_cache_status` (https://nginx.org/en/docs/http/ngx_http_upstream_module.html#variables), and words of Cloudflare,
 * CloudFront, Akamai (https://techdocs.akamai.com/property-mgr/docs/return-cache-status), EdgeOne, Vercel and Varnish.
 */
const words = new Map<string, CacheState>(
  Object.entries({
    HIT: "hit",
    H: "hit",
    MISS: "miss",
    M: "miss",
    EXPIRED: "expired",
    CACHED: "hit",
    STALE: "stale",
    HITSTALE: "stale",
    UPDATING: "stale",
    REVALIDATED: "revalidated",
    REVALIDATE: "revalidated",
    REFRESHHIT: "revalidated",
    REFRESH_HIT: "revalidated",
    REFRESHMISS: "expired",
    REFRESH_MISS: "expired",
    PRERENDER: "hit",
    PARTIAL_HIT: "miss",
    UNCACHED: "miss",
    PASS: "bypass",
    PASSED: "bypass",
    HITPASS: "bypass",
    PIPE: "bypass",
    SKIP: "bypass",
    DISABLED: "bypass",
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
    CONSTRUCTED: "uncacheable",
    REDIRECT: "uncacheable",
    SYNTH: "uncacheable",
    LIMITEXCEEDED: "error",
    CAPACITYEXCEEDED: "error",
    ERROR: "error",
    DENIED: "error",
    TCP_HIT: "hit",
    TCP_MEM_HIT: "hit",
    TCP_DISK_HIT: "hit",
    TCP_IMS_HIT: "hit",
    TCP_INM_HIT: "hit",
    TCP_REMOTE_HIT: "hit",
    REMOTE_HIT: "hit",
    TCP_OFFLINE_HIT: "stale",
    TCP_EXPIRED_HIT: "stale",
    TCP_REFRESH_HIT: "revalidated",
    TCP_REFRESH_UNMODIFIED: "revalidated",
    TCP_REFRESH_IGNORED: "revalidated",
    TCP_REFRESH_FAIL_HIT: "stale",
    TCP_REFRESH_FAIL_OLD: "stale",
    TCP_REF_FAIL_HIT: "stale",
    TCP_STALE_HIT: "stale",
    // Only the requested part was a hit; the rest of the object may be missing.
    TCP_PARTIAL_HIT: "miss",
    TCP_MISS: "miss",
    TCP_REFRESH_MISS: "expired",
    TCP_REFRESH_MODIFIED: "expired",
    TCP_CLIENT_REFRESH_MISS: "expired",
    TCP_CLIENT_REFRESH: "expired",
    TCP_EXPIRED_MISS: "expired",
    TCP_IMS_MISS: "miss",
    TCP_SWAPFAIL_MISS: "miss",
    TCP_TUNNEL: "bypass",
    TCP_NONE: "uncacheable",
    TCP_NEGATIVE_HIT: "error",
    TCP_DENIED: "error",
    TCP_COOKIE_DENY: "error",
    TCP_REFRESH_FAIL_ERR: "error",
    TCP_ERROR: "error",
  } satisfies Record<string, CacheState>),
);

/** These words come before the state: "Cache Miss", "Edge : HIT". */
const fillers = new Set(["CACHE", "EDGE"]);
/** Larger: a machine name could pass for a state. Smaller: the code in "HIT TCP_REFRESH_HIT" goes unread. */
const MAX_WORDS = 3;
/** Enough for that many words; the rest of a hostile line costs no time. */
const MAX_TEXT_CHARS = 200;

/**
 * Phrases whose first word alone says something else: `hit-for-pass` is Varnish's and Fastly's mark of an object that they pass on,
 * `hit graced` a stale object.
 */
const phrases: readonly (readonly [text: RegExp, state: CacheState])[] = [
  [/^\W*hit[-_ ]?for[-_ ]?(?:pass|miss)\b/i, "bypass"],
  [/^\W*(?:hit[-_ ](?:stale|graced?)|stale[-_ ]hit)\b/i, "stale"],
  [/^\W*hit[-_ ]pass\b/i, "bypass"],
  // Azure denied the request before it reached the cache.
  [/^\W*N\/A\b/i, "uncacheable"],
];

/**
 * The state in the first words of a header's text, or `undefined` if they are not a cache's words. A Squid code is more exact
 * than the word before it, so it wins.
 */
export function stateOf(text: string): CacheState | undefined {
  const phrase = phrases.find(([pattern]) => pattern.test(text));
  if (phrase) return phrase[1];
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

/** Whether the cache kept its miss, as Varnish's `miss cached` and `miss uncacheable` say; `undefined` for any other text. */
export function isKeptMiss(text: string): boolean | undefined {
  const word = /^\W*miss\s+(cached|uncacheable)\b/i.exec(text)?.[1];
  return word === undefined ? undefined : word.toLowerCase() === "cached";
}

/** Azure's word for a hit of the regional cache behind the edge. https://learn.microsoft.com/azure/cdn/cdn-msft-http-debug-headers */
export function isRemoteHit(text: string): boolean {
  return /^\W*(?:TCP_)?REMOTE_HIT\b/i.test(text);
}

/** True if the cache itself keeps the error. */
export function isStoredError(text: string): boolean {
  return /\bTCP_NEGATIVE_HIT\b/i.test(text.slice(0, MAX_TEXT_CHARS));
}
