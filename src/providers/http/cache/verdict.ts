/** What can be said about a cache. Each state carries only the facts that make sense with it. */

/** `unknown`: some cache of the vendor's answered, and nothing tells whether it was the one next to the client. */
export type Layer = "edge" | "parent" | "unknown";

/** Answered from a store. From a parent's, `stored` tells whether the edge has kept a copy on the way. */
export interface Served {
  readonly state: "hit" | "revalidated" | "stale";
  readonly layer: Layer;
  readonly stored?: boolean;
}

/** Fetched from behind all caches. Without `stored`, only a second request shows whether it was kept. */
export interface Fetched {
  readonly state: "miss" | "expired";
  readonly layer?: undefined;
  readonly stored?: boolean;
  /** The vendor's word for a miss also covers what it never stores: a miss that stays one is a bypass. */
  readonly mayBeBypass?: true;
}

/** `bypass`: this request or response went around the cache. `uncacheable`: the vendor stores nothing of this kind. */
export interface NotStored {
  readonly state: "bypass" | "uncacheable";
  readonly layer?: undefined;
  readonly stored: false;
}

/** An error is no warm object, even where a cache keeps it: then `stored` is true. */
export interface Failed {
  readonly state: "error";
  readonly layer?: undefined;
  readonly stored?: boolean;
}

export interface Unknown {
  readonly state: "unknown";
  readonly layer?: undefined;
  readonly stored?: undefined;
}

export type Verdict = Served | Fetched | NotStored | Failed | Unknown;
export type CacheState = Verdict["state"];

/** A verdict with the headers it was read from. */
export interface Finding {
  readonly verdict: Verdict;
  readonly from: readonly string[];
  readonly ttlS?: number | undefined;
}

/** From a state's name to a verdict; `layer` is used where the state has one. */
export function verdictOf(state: CacheState, layer: Layer = "unknown"): Verdict {
  switch (state) {
    case "hit":
    case "revalidated":
    case "stale":
      return { state, layer };
    case "miss":
    case "expired":
    case "error":
    case "unknown":
      return { state };
    case "bypass":
    case "uncacheable":
      return { state, stored: false };
  }
}

export function isServed(verdict: Verdict): verdict is Served {
  return verdict.layer !== undefined;
}

export function isFetched(verdict: Verdict): verdict is Fetched {
  return verdict.state === "miss" || verdict.state === "expired";
}

/** What an HTTP status makes of a verdict: an error that comes from a store is a stored error, never a warm object. */
export function underStatus(verdict: Verdict, status: number): Verdict {
  if (status < 400 || verdict.state === "error") return verdict;
  const stored = verdict.stored ?? (isServed(verdict) ? true : undefined);
  return { state: "error", ...(stored !== undefined && { stored }) };
}

/** The verdict of a witness that cannot know about the edge. */
export function withoutEdge(verdict: Verdict): Verdict {
  return verdict.layer === "edge" ? { ...verdict, layer: "unknown" } : verdict;
}

/**
 * One verdict from those of several tiers whose order is not known: they agree, or all that can be said is that some
 * tier had it.
 */
export function combined(verdicts: readonly Verdict[]): Verdict | undefined {
  const known = verdicts.filter(({ state }) => state !== "unknown");
  const [first] = known;
  if (first === undefined || known.every(({ state }) => state === first.state)) return first;
  const served = known.find(isServed);
  return served ? { ...served, layer: "unknown" } : first;
}
