/** What a CDN's edge says when this server asks it itself: whether it holds an object, and what a manifest names. */

/**
 * `warm`: the edge answered from its store. `warm-parent-only`: a cache behind the edge did. `cold`: it came from the
 * origin, although it may be kept. `uncacheable`: the CDN does not keep it as it is served. `unknown`: the answer does not tell.
 */
export const warmths = ["warm", "warm-parent-only", "cold", "uncacheable", "unknown"] as const;
export type Warmth = (typeof warmths)[number];

/** Why an answer would not be kept, and what to change. */
export interface Obstacle {
  readonly code: string;
  readonly reason: string;
  readonly change: string;
}

/** The CDN that serves a host. */
export interface Cdn {
  readonly id: string;
  readonly name: string;
  readonly confidence: "certain" | "likely" | "guess";
  readonly by: "headers" | "cname";
  /** Id of the provider that serves this CDN best. */
  readonly provider: string;
}

/** What was found of one URL at one edge. */
export interface Verification {
  readonly url: string;
  readonly state: Warmth;
  /** One or two sentences: what was seen that makes it this state. */
  readonly reason: string;
  /** The decisive first. Of what is warm, only what keeps other viewers from the copy. */
  readonly obstacles: readonly Obstacle[];
  /** Name of the PoP that was pinned, where PoPs are configured. */
  readonly edge?: string;
  /** Request headers that tell this variant from the others, where several are configured. */
  readonly variant?: string;
  /** HTTP status of the decisive answer; absent when there was none. */
  readonly status?: number;
  readonly cdn?: Cdn;
  readonly layer?: "edge" | "parent" | "unknown";
  /** The vendor's own name of the place that answered. */
  readonly pop?: string;
  readonly ageS?: number;
  readonly ttlS?: number;
  /** Milliseconds to the decisive answer's first byte. */
  readonly firstByteMs?: number;
  /** Header lines of the answers that decided it, such as `cf-cache-status: HIT`. */
  readonly evidence: readonly string[];
}

export interface Edge {
  /** PoPs times variants: what `verify` answers of each URL. */
  readonly rowsPerUrl: number;
  /** One row for each PoP and variant that is configured. Rejects only when the signal does: no answer is `unknown`. */
  verify(url: string, signal: AbortSignal): Promise<Verification[]>;
  /**
   * The text of a manifest, and the URL that it came from. Throws `PrefetchError`: for a status other than 200, for more
   * than `mostBytes`, for what is not let through or cannot be reached.
   */
  text(url: string, mostBytes: number, signal: AbortSignal): Promise<{ readonly url: string; readonly text: string }>;
}
