/** Options, limits and result of expanding a manifest. */

import type { ErrorCode } from "../base/errors.ts";
import type { EdgeBody } from "../prefetch/model/edge.ts";
import type { StreamScope } from "../prefetch/model/stream.ts";
import type { RefuseHost } from "../prefetch/model/stream-hosts.ts";
import type { Manifest, MediaRole, MediaUrl, Skipped } from "./manifest.ts";

export interface ExpandLimits {
  /** Nesting of manifests, including the first one. The playlists of an interstitial may lie one level deeper. */
  readonly depth: number;
  readonly manifests: number;
  readonly urls: number;
  /** Size of each manifest, packed and unpacked. */
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
  /** Returns the beginning of an object. Throws a `PrefetchError` when it cannot. */
  fetchBody(url: string, mostBytes: number): Promise<EdgeBody>;
  /** The expansion asks it for the host of each URL and each redirect. */
  readonly refuseHost: RefuseHost;
  /** The part of an entry that the result lists; `undefined` when it lists nothing of it. Everything by default. */
  readonly select?: (entry: MediaUrl) => MediaUrl | undefined;
  /** What `select` selects, for readers that can leave out the rest before they list it. */
  readonly scope?: StreamScope;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Bytes to read of the first URL before its content must show that it is a manifest. */
  readonly guessedBytes?: number | undefined;
  readonly limits?: Partial<ExpandLimits>;
}

/** A URL that a manifest names and that the expansion does not list or does not read. */
export interface RefusedChild {
  readonly url: string;
  /** The manifest that names it. */
  readonly parent: string;
  readonly role: MediaRole;
  /** `limit`: a limit of the expansion. */
  readonly code: ErrorCode | "limit";
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
  /** URIs that lead to no URL, and refused URLs that `refused` does not list. */
  readonly skipped: Skipped;
}
