/** The verdict on a response's cache state. Each state carries only the facts that make sense with it. */

/** `unknown`: one of the vendor's caches answered, but the headers do not show whether it was the one next to the client. */
export type Layer = "edge" | "parent" | "unknown";

/** The response came from a store. If that was a parent's store, `stored` tells whether the edge kept a copy. */
interface Served {
  readonly state: "hit" | "revalidated" | "stale";
  readonly layer: Layer;
  readonly stored?: boolean;
}

/** No cache had the object. Without `stored`, only a second request shows whether a cache kept it. */
interface Fetched {
  readonly state: "miss" | "expired";
  readonly layer?: undefined;
  readonly stored?: boolean;
  /** The vendor uses the same word for a bypass, so a repeated miss may be one. */
  readonly mayBeBypass?: true;
}

/** `bypass`: the cache skipped this request or response. `uncacheable`: the vendor never stores this kind of object. */
interface NotStored {
  readonly state: "bypass" | "uncacheable";
  readonly layer?: undefined;
  readonly stored: false;
}

/** An error is never a warm object. `stored` is true if the cache keeps the error. */
interface Failed {
  readonly state: "error";
  readonly layer?: undefined;
  readonly stored?: boolean;
}

interface Unknown {
  readonly state: "unknown";
  readonly layer?: undefined;
  readonly stored?: undefined;
}

export type Verdict = Served | Fetched | NotStored | Failed | Unknown;
export type CacheState = Verdict["state"];

/** A verdict with the names of the headers that prove it. */
export interface Finding {
  readonly verdict: Verdict;
  readonly from: readonly string[];
  /** Headers whose absence proves it. */
  readonly missing?: readonly string[];
  /** Remaining freshness. */
  readonly ttlS?: number | undefined;
}

/** Builds the verdict for a state; states without a layer ignore `layer`. */
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

/** Turns the verdict on an error response into `error`: a hit with status 404 is a stored error, not a warm object. */
export function withStatus(verdict: Verdict, status: number): Verdict {
  if (status < 400 || verdict.state === "error") return verdict;
  const stored = verdict.stored ?? (isServed(verdict) ? true : undefined);
  return { state: "error", ...(stored !== undefined && { stored }) };
}

/** Drops a claim about the edge that came from a header which the edge may not have written. */
export function withoutEdge(verdict: Verdict): Verdict {
  return verdict.layer === "edge" ? { ...verdict, layer: "unknown" } : verdict;
}

/** One verdict from tiers in an unknown order. If they differ, a hit proves only that some tier had the object. */
export function combineTiers(verdicts: readonly Verdict[]): Verdict | undefined {
  const known = verdicts.filter(({ state }) => state !== "unknown");
  const [first] = known;
  if (first === undefined || known.every(({ state }) => state === first.state)) return first;
  const served = known.find(isServed);
  return served ? { ...served, layer: "unknown" } : first;
}
