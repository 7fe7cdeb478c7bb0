/** Streams: the URLs that a manifest names, and the scopes in which a call wants them. */

/** `startup`: the URLs that playback starts with; `full`: every URL; `manifests`: only the manifests. */
export const streamScopes = ["startup", "full", "manifests"] as const;
export type StreamScope = (typeof streamScopes)[number];

export const expansions = ["none", "streams"] as const;
export type Expansion = (typeof expansions)[number];

export interface StreamRules {
  readonly scope: StreamScope;
  readonly mostUrls: number;
  /** Milliseconds since the epoch; decides which segments of a live stream are on air. */
  readonly now: number;
  readonly hostAllowed: (hostname: string) => boolean;
  /** A manifest's text and the URL after redirects. Throws `PrefetchError`. */
  readonly fetchText: (url: string, mostBytes: number) => Promise<{ readonly url: string; readonly text: string }>;
  readonly signal: AbortSignal;
}

/** The URLs of one stream. */
export interface Stream {
  readonly format: "hls" | "dash";
  readonly live: boolean;
  /** URLs within the scope, the manifest itself among them, most urgent first. */
  readonly urls: readonly string[];
  /** Number of URLs within the scope beyond `mostUrls`. */
  readonly omitted: number;
  /** URLs that the manifest names and that cannot be warmed or read, with the reason. */
  readonly refused: readonly { readonly url: string; readonly code: string; readonly reason: string }[];
}

/** Throws `PrefetchError` where the manifest itself cannot be read. */
export type StreamReader = (url: string, rules: StreamRules) => Promise<Stream>;

/** A stream as callers see it; `urls` counts its URLs. */
export interface StreamView extends Pick<Stream, "format" | "live"> {
  readonly url: string;
  readonly urls: number;
}
