/** Streams: the URLs that a manifest names, and the scopes in which a call wants them. */

import type { DocumentSource } from "./edge.ts";
import type { RefusedUrl, SkippedUri } from "./left-out.ts";
import type { HostRules } from "./stream-hosts.ts";

/** `startup`: the URLs that playback starts with; `full`: every URL; `manifests`: only the manifests. */
export const streamScopes = ["startup", "full", "manifests"] as const;
export type StreamScope = (typeof streamScopes)[number];

/** The rules of one stream that are plain data. */
export interface StreamRequest {
  readonly scope: StreamScope;
  readonly mostUrls: number;
  /** Milliseconds since the epoch; decides which segments of a live stream are on air. */
  readonly now: number;
  readonly hosts: HostRules;
  /**
   * The URL's name does not tell that it is a manifest: its content decides. The reader reads this number of bytes, and the
   * rest only when they begin a manifest. `undefined` for a URL that is a manifest by its name.
   */
  readonly guessedBytes: number | undefined;
}

export interface StreamRules extends StreamRequest, DocumentSource {}

/** The URLs of one stream, in normal spelling. */
export interface Stream {
  readonly format: "hls" | "dash";
  readonly live: boolean;
  /** URLs within the scope, the manifest itself among them, most urgent first. */
  readonly urls: readonly string[];
  /** Number of URLs within the scope beyond `mostUrls`. */
  readonly omitted: number;
  /** URLs that the manifest names and that cannot be warmed or read, with the reason. None of them is in `urls`. */
  readonly refused: readonly RefusedUrl[];
  /** URIs that the manifests name and that lead to no URL. */
  readonly skipped: readonly SkippedUri[];
  /** Number of skipped URIs, those beyond the list included. */
  readonly skippedCount: number;
}

/**
 * Resolves with `undefined` when a guess is no manifest. Throws `PrefetchError` when the manifest itself cannot be read.
 */
export type StreamReader = (url: string, rules: StreamRules) => Promise<Stream | undefined>;

/** A stream as callers see it; `urls` counts its URLs. */
export interface StreamView extends Pick<Stream, "format" | "live" | "skipped" | "skippedCount"> {
  readonly url: string;
  readonly urls: number;
}
