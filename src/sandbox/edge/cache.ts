/**
 * The cache of the sandbox's edge (RFC 9111). It keeps when an object came and how long it stays, and never its body:
 * the origin makes the same one again.
 */

import { BoundedMap } from "../server/bounded-map.ts";
import type { CacheFacts, CacheOutcome, Dialect } from "./facts.ts";
import { isShielded, type OriginAnswer, originAnswer, throttledAnswer } from "./origin.ts";

export interface Found extends CacheFacts {
  readonly answer: OriginAnswer;
}

export interface EdgeCache {
  lookUp(url: URL, acceptEncoding: string | undefined, dialect: Dialect): Promise<Found>;
  originFetches(url?: string): number;
}

interface Entry {
  readonly storedAt: number;
  readonly lifetimeS: number;
  readonly etag: string | undefined;
}

/** Brought there by a vendor's prefetch: when, and how far. */
export interface Prefetched {
  readonly at: number;
  readonly tier: "edge" | "parent";
}

export function createEdgeCache(
  now: () => number,
  maxEntries: number,
  prefetched: (url: string) => Prefetched | undefined = () => undefined,
): EdgeCache {
  const entries = new BoundedMap<string, Entry>(maxEntries);
  const fetches = new BoundedMap<string, number>(maxEntries);
  const throttled = new BoundedMap<string, true>(maxEntries);
  const filling = new Map<string, Promise<Found>>();
  let allFetches = 0;

  const ageOf = ({ storedAt }: Entry): number => Math.max(0, Math.floor((now() - storedAt) / 1_000));

  const fromStore = (outcome: "hit" | "parent-hit", url: URL, entry: Entry): Found => ({
    answer: originAnswer(url, entry.storedAt),
    outcome,
    ageS: ageOf(entry),
    lifetimeS: entry.lifetimeS,
    stored: true,
  });

  const fetchFromOrigin = async (url: URL): Promise<{ readonly answer: OriginAnswer; readonly at: number }> => {
    allFetches += 1;
    fetches.set(url.href, (fetches.get(url.href) ?? 0) + 1);
    const { outcome } = originAnswer(url, now());
    if (outcome.firstByteMs) await new Promise((resolve) => setTimeout(resolve, outcome.firstByteMs).unref());
    const at = now();
    if (outcome.does !== "throttle-first" || throttled.has(url.href)) return { answer: originAnswer(url, at), at };
    throttled.set(url.href, true);
    return { answer: throttledAnswer(outcome), at };
  };

  const fill = async (key: string, url: URL, stale: Entry | undefined, { hasParent, hasDynamic }: Dialect): Promise<Found> => {
    const keep = (entry: Entry, { outcome }: OriginAnswer): void => {
      if (outcome.does !== "evict") entries.set(key, entry);
    };
    const lifetimeHere = (answer: OriginAnswer): number | undefined =>
      hasDynamic && answer.outcome.does === "dynamic" ? undefined : lifetimeOf(answer);

    const brought = stale === undefined ? prefetched(url.href) : undefined;
    if (brought) {
      const there = originAnswer(url, brought.at);
      const lifetimeS = lifetimeHere(there);
      const entry = lifetimeS === undefined ? undefined : { storedAt: brought.at, lifetimeS, etag: there.headers.etag };
      if (entry && ageOf(entry) < entry.lifetimeS) {
        keep(entry, there);
        return fromStore(hasParent && brought.tier === "parent" ? "parent-hit" : "hit", url, entry);
      }
    }
    if (hasParent && stale === undefined && isShielded(url)) {
      const behind = originAnswer(url, now());
      const entry = handedDown(behind, lifetimeHere(behind), now());
      if (entry) {
        keep(entry, behind);
        return fromStore("parent-hit", url, entry);
      }
    }
    const { answer, at } = await fetchFromOrigin(url);
    const lifetimeS = lifetimeHere(answer);
    if (lifetimeS === undefined) {
      return { answer, outcome: unstoredOutcome(answer, hasDynamic), ageS: 0, lifetimeS: 0, stored: false };
    }
    const { etag } = answer.headers;
    keep({ storedAt: at, lifetimeS, etag }, answer);
    const outcome = stale === undefined ? "miss" : stale.etag === etag ? "revalidated" : "expired";
    return { answer, outcome, ageS: 0, lifetimeS, stored: true };
  };

  return {
    lookUp: async (url, acceptEncoding, dialect) => {
      const key = cacheKey(url, originAnswer(url, now()).headers.vary, acceptEncoding);
      // Who comes while it is being fetched waits and finds it then.
      for (let other = filling.get(key); other !== undefined; other = filling.get(key)) await other;
      const entry = entries.get(key);
      if (entry && ageOf(entry) < entry.lifetimeS) return fromStore("hit", url, entry);
      const filled = fill(key, url, entry, dialect);
      filling.set(key, filled);
      try {
        return await filled;
      } finally {
        filling.delete(key);
      }
    },
    originFetches: (url) => (url === undefined ? allFetches : (fetches.get(URL.parse(url)?.href ?? url) ?? 0)),
  };
}

/** What a parent has had for a while already; nothing where it may not have it either. */
function handedDown({ headers }: OriginAnswer, lifetimeS: number | undefined, now: number): Entry | undefined {
  if (lifetimeS === undefined) return undefined;
  return { storedAt: now - Math.floor(lifetimeS / 6) * 1_000, lifetimeS, etag: headers.etag };
}

/** Errors and broken answers are not kept, which is no rule of the cache's against the URL. */
function unstoredOutcome({ status, outcome }: OriginAnswer, hasDynamic: boolean | undefined): CacheOutcome {
  if (hasDynamic && outcome.does === "dynamic") return "uncacheable";
  return status === 200 && outcome.does !== "truncate" ? "bypass" : "miss";
}

/** Host, path and query, and the encodings that the client takes where the answer differs by them. */
export function cacheKey({ host, pathname, search }: URL, vary: string | undefined, acceptEncoding = ""): string {
  const variant = vary === "Accept-Encoding" ? acceptEncoding.toLowerCase().replace(/\s/g, "") : "";
  return `${host}${pathname}${search} ${variant}`;
}

/** Seconds for which a shared cache may keep the answer (RFC 9111, sections 3 and 4.2.1); `undefined` for not at all. */
export function lifetimeOf({ status, headers, outcome }: Pick<OriginAnswer, "status" | "headers" | "outcome">): number | undefined {
  if (status !== 200 || outcome.does === "truncate" || headers["set-cookie"] !== undefined || headers.vary === "*") return undefined;
  const control = headers["cache-control"] ?? "";
  if (/(?:^|[\s,])(?:no-store|no-cache|private)(?:$|[\s,])/i.test(control)) return undefined;
  const [seconds] = [/s-maxage=(\d{1,10})/i, /max-age=(\d{1,10})/i].flatMap((directive) => directive.exec(control)?.[1] ?? []);
  return Number(seconds) > 0 ? Number(seconds) : undefined;
}
