/** What an expansion takes and gives. */

import type { ErrorCode } from "../base/errors.ts";
import type { HlsOptions } from "./hls/urls.ts";
import type { Manifest, MediaRole, MediaUrl } from "./manifest.ts";

export interface ExpandLimits {
  /** Manifests below each other, the first one counted. */
  readonly depth: number;
  readonly manifests: number;
  readonly urls: number;
  /** Of each manifest's text; whoever fetches should stop there too. */
  readonly manifestBytes: number;
  /** Manifests that are fetched at a time. */
  readonly concurrency: number;
  /** Refusals that are told one by one. */
  readonly refused: number;
}

export const expandLimits: ExpandLimits = {
  depth: 3,
  manifests: 100,
  urls: 100_000,
  manifestBytes: 8_388_608,
  concurrency: 4,
  refused: 1_000,
};

export interface ExpandOptions {
  /** Gives the text and the URL that it came from after redirects; throws a `PrefetchError` where it cannot. */
  fetchText(url: string): Promise<{ readonly url: string; readonly text: string }>;
  /** Asked for every child, and for wherever a manifest was redirected to. */
  hostAllowed(hostname: string): boolean;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly limits?: Partial<ExpandLimits>;
  readonly hls?: HlsOptions;
  readonly signal?: AbortSignal;
}

export interface RefusedChild {
  readonly url: string;
  /** The manifest that names it. */
  readonly parent: string;
  readonly role: MediaRole;
  readonly code: ErrorCode | "cycle" | "limit" | "skipped";
  readonly reason: string;
}

export interface ReadManifest extends Pick<Manifest, "format" | "shape" | "live" | "duration"> {
  readonly url: string;
  readonly finalUrl: string;
  readonly depth: number;
  /** URLs that it names, those that were refused too. */
  readonly urls: number;
}

export interface Expansion {
  /** Each once, the entry first. */
  readonly urls: readonly MediaUrl[];
  readonly manifests: readonly ReadManifest[];
  readonly refused: readonly RefusedChild[];
  /** Refusals beyond those in `refused`. */
  readonly refusedMore: number;
  /** URLs beyond the limit. */
  readonly omitted: number;
}
