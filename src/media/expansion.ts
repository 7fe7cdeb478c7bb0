/** Options, limits and result of expanding a manifest. */

import type { ErrorCode } from "../base/errors.ts";
import type { HlsOptions } from "./hls/options.ts";
import type { Manifest, MediaRole, MediaUrl } from "./manifest.ts";

export interface ExpandLimits {
  /** Nesting of manifests, including the first one. */
  readonly depth: number;
  readonly manifests: number;
  readonly urls: number;
  /** Size of each manifest. `fetchText` should stop at it too. */
  readonly manifestBytes: number;
  /** Manifests that are fetched at the same time. */
  readonly concurrency: number;
  /** Refused URLs that the result lists one by one; the result only counts further ones. */
  readonly refused: number;
}

/**
 * Larger limits let a hostile stream take more memory and more requests. Smaller ones refuse real streams: a multivariant
 * playlist, a media playlist and an interstitial make a depth of 3; a day of one-second segments makes 86,400 URLs per rendition.
 */
export const expandLimits: ExpandLimits = {
  depth: 3,
  manifests: 100,
  urls: 100_000,
  manifestBytes: 8_388_608,
  concurrency: 4,
  refused: 1_000,
};

export interface ExpandOptions {
  /** Returns a manifest's text and its URL after redirects. Throws a `PrefetchError` when it cannot. */
  fetchText(url: string): Promise<{ readonly url: string; readonly text: string }>;
  /** The expansion asks it for the host of each URL and each redirect. */
  hostAllowed(hostname: string): boolean;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly limits?: Partial<ExpandLimits>;
  readonly hls?: HlsOptions;
  readonly signal?: AbortSignal;
}

/** A URL that a manifest names and that the expansion does not list or does not read. */
export interface RefusedChild {
  readonly url: string;
  /** The manifest that names it. */
  readonly parent: string;
  readonly role: MediaRole;
  /** `cycle`: it is a manifest above its parent. `limit`: a limit of the expansion. `skipped`: it leads to no URL. */
  readonly code: ErrorCode | "cycle" | "limit" | "skipped";
  readonly reason: string;
}

/** A manifest that the expansion has read. */
export interface ManifestSummary extends Pick<Manifest, "format" | "shape" | "live" | "duration"> {
  readonly url: string;
  /** After redirects. */
  readonly finalUrl: string;
  readonly depth: number;
  /** Number of URLs that it names, including refused ones. */
  readonly urls: number;
}

export interface Expansion {
  /** Each URL once, the first manifest first. */
  readonly urls: readonly MediaUrl[];
  readonly manifests: readonly ManifestSummary[];
  readonly refused: readonly RefusedChild[];
  /** Number of refused URLs that `refused` does not list. */
  readonly refusedMore: number;
  /** Number of URLs beyond the limit. */
  readonly omitted: number;
}
