/**
 * The cache of the sandbox's edge (RFC 9111). It stores when an object arrived and how long it stays, but not its body:
 * the origin generates the same body again.
 */

import { BoundedMap } from "../server/bounded-map.ts";
import { cacheKey, lifetimeOf, unstoredOutcome } from "./cache-rules.ts";
import type { CacheFacts, Dialect } from "./facts.ts";
import { isShielded, type OriginAnswer, originAnswer } from "./origin.ts";
import type { OriginFetches } from "./origin-fetches.ts";

export interface CachedAnswer extends CacheFacts {
  readonly answer: OriginAnswer;
}

export interface EdgeCache {
  lookUp(url: URL, acceptEncoding: string | undefined, dialect: Dialect): Promise<CachedAnswer>;
}

export interface EdgeCacheOptions {
  readonly now: () => number;
  readonly origin: OriginFetches;
  readonly maxEntries: number;
  /** Whether an emulated vendor has prefetched the URL. */
  readonly prefetched: (url: string) => Prefetched | undefined;
}

/** When and to which tier a vendor prefetched a URL. */
export interface Prefetched {
  readonly at: number;
  readonly tier: "edge" | "parent";
}

interface Entry {
  readonly storedAt: number;
  readonly lifetimeS: number;
  readonly etag: string | undefined;
}

export function createEdgeCache({ now, origin, maxEntries, prefetched }: EdgeCacheOptions): EdgeCache {
  const entries = new BoundedMap<string, Entry>(maxEntries);
  /** Fills in flight: concurrent clients of one object share one. */
  const filling = new Map<string, Promise<CachedAnswer>>();

  const ageOf = ({ storedAt }: Entry): number => Math.max(0, Math.floor((now() - storedAt) / 1_000));
  const isFresh = (entry: Entry): boolean => ageOf(entry) < entry.lifetimeS;

  const store = (key: string, entry: Entry, { outcome }: OriginAnswer): void => {
    if (outcome.does !== "evict") entries.set(key, entry);
  };

  const fromStore = (outcome: "hit" | "parent-hit", url: URL, entry: Entry): CachedAnswer => ({
    answer: originAnswer(url, entry.storedAt),
    outcome,
    ageS: ageOf(entry),
    lifetimeS: entry.lifetimeS,
    stored: true,
  });

  /** An object that this edge has not seen but a vendor's prefetch has brought. */
  const fromPrefetch = (key: string, url: URL, dialect: Dialect): CachedAnswer | undefined => {
    const arrival = prefetched(url.href);
    if (!arrival) return undefined;
    const answer = originAnswer(url, arrival.at);
    const entry = entryOf(answer, arrival.at, dialect);
    if (!entry || !isFresh(entry)) return undefined;
    store(key, entry, answer);
    return fromStore(dialect.hasParent && arrival.tier === "parent" ? "parent-hit" : "hit", url, entry);
  };

  /** An object that the parent cache has stored for a sixth of its lifetime. */
  const fromParent = (key: string, url: URL, dialect: Dialect): CachedAnswer | undefined => {
    if (!dialect.hasParent || !isShielded(url)) return undefined;
    const answer = originAnswer(url, now());
    const entry = entryOf(answer, now(), dialect);
    if (!entry) return undefined;
    const older = { ...entry, storedAt: now() - Math.floor(entry.lifetimeS / 6) * 1_000 };
    store(key, older, answer);
    return fromStore("parent-hit", url, older);
  };

  const fromOrigin = async (key: string, url: URL, stale: Entry | undefined, dialect: Dialect): Promise<CachedAnswer> => {
    const { answer, at } = await origin.fetch(url);
    const entry = entryOf(answer, at, dialect);
    if (!entry) return { answer, outcome: unstoredOutcome(answer, dialect.hasDynamic), ageS: 0, lifetimeS: 0, stored: false };
    store(key, entry, answer);
    return { answer, outcome: fillOutcome(stale, entry), ageS: 0, lifetimeS: entry.lifetimeS, stored: true };
  };

  const fill = async (key: string, url: URL, stale: Entry | undefined, dialect: Dialect): Promise<CachedAnswer> => {
    const found = stale ? undefined : (fromPrefetch(key, url, dialect) ?? fromParent(key, url, dialect));
    return found ?? fromOrigin(key, url, stale, dialect);
  };

  return {
    lookUp: async (url, acceptEncoding, dialect) => {
      const key = cacheKey(url, originAnswer(url, now()).headers.vary, acceptEncoding);
      for (let other = filling.get(key); other !== undefined; other = filling.get(key)) await other;
      const entry = entries.get(key);
      if (entry && isFresh(entry)) return fromStore("hit", url, entry);
      const filled = fill(key, url, entry, dialect);
      filling.set(key, filled);
      try {
        return await filled;
      } finally {
        filling.delete(key);
      }
    },
  };
}

/** The entry for an answer that this dialect's cache may store. */
function entryOf(answer: OriginAnswer, storedAt: number, { hasDynamic }: Dialect): Entry | undefined {
  const lifetimeS = hasDynamic && answer.outcome.does === "dynamic" ? undefined : lifetimeOf(answer);
  return lifetimeS === undefined ? undefined : { storedAt, lifetimeS, etag: answer.headers.etag };
}

function fillOutcome(stale: Entry | undefined, fresh: Entry): "miss" | "revalidated" | "expired" {
  if (!stale) return "miss";
  return stale.etag === fresh.etag ? "revalidated" : "expired";
}
