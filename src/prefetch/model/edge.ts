/** The edge contract: how a provider asks a CDN's edge about an object, and reads manifests through it. */

/**
 * `warm`: the edge answered from its store. `warm-parent-only`: a cache behind the edge answered. `cold`: the origin
 * answered, and the CDN may keep the object. `uncacheable`: the CDN does not keep it as the origin serves it. `unknown`:
 * the answer does not tell.
 */
export const warmths = ["warm", "warm-parent-only", "cold", "uncacheable", "unknown"] as const;
export type Warmth = (typeof warmths)[number];

/** A reason for a CDN not to keep an answer, and the change that removes it. */
export interface Obstacle {
  readonly code: string;
  readonly reason: string;
  readonly change: string;
}

/** Code of the obstacle of a copy that expires before a viewer can use it: warming the URL again does not help. */
export const SHORT_LIVED = "short-lived";

/** The CDN that serves a host. */
export interface Cdn {
  readonly id: string;
  readonly name: string;
  readonly confidence: "certain" | "likely";
  readonly by: "headers" | "cname";
  /** Id of the provider that serves this CDN best. */
  readonly provider: string;
}

/** The finding about one URL at one edge. */
export interface Verification {
  readonly url: string;
  readonly state: Warmth;
  /** One or two sentences: the observation behind the state. */
  readonly reason: string;
  /** The decisive one first. For a warm URL: obstacles that keep some viewers from the copy. */
  readonly obstacles: readonly Obstacle[];
  /** Name of the PoP that was pinned, where PoPs are configured. */
  readonly edge?: string;
  /** Request headers of this variant, where several are configured. */
  readonly variant?: string;
  /** HTTP status of the decisive answer; absent without an answer. */
  readonly status?: number;
  readonly cdn?: Cdn;
  readonly layer?: "edge" | "parent" | "unknown";
  /** The vendor's name of the PoP that answered. */
  readonly pop?: string;
  readonly ageS?: number;
  /** Seconds that the copy may still live: by the cache's own word, or by the lifetime that the headers give. */
  readonly ttlS?: number;
  /** Milliseconds to the decisive answer's first byte. */
  readonly firstByteMs?: number;
  /** Header lines behind the state, such as `cf-cache-status: HIT`, and headers that are missing, such as `no age header`. */
  readonly evidence: readonly string[];
  /** Header lines that tell one version of the object from another, such as `etag: "1"`. */
  readonly version?: readonly string[];
}

export interface Edge {
  /** PoPs times variants: the rows that `verify` gives per URL. */
  readonly rowsPerUrl: number;
  /** One row per configured PoP and variant; without an answer the state is `unknown`. Rejects only when the signal aborts. */
  verify(url: string, signal: AbortSignal): Promise<Verification[]>;
  /**
   * The beginning of an object: all of it, or at most `mostBytes`. Throws `PrefetchError` for a status other than 200, and
   * for an address that the guards refuse or that cannot be reached.
   */
  body(url: string, mostBytes: number, signal: AbortSignal): Promise<EdgeBody>;
}

/** An object as the edge sent it, not unpacked. */
export interface EdgeBody {
  /** After redirects. */
  readonly url: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** `Content-Encoding` in lower case; `undefined` without one. */
  readonly encoding: string | undefined;
  /** False when the object is longer than `bytes`. */
  readonly isWhole: boolean;
}

/** Where a reader of documents gets them. */
export interface DocumentSource {
  /** The beginning of an object, up to `mostBytes`. Throws `PrefetchError`. */
  readonly fetchBody: (url: string, mostBytes: number) => Promise<EdgeBody>;
  readonly signal: AbortSignal;
}
