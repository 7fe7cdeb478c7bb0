/** Streams: what a manifest stands for, and how much of it is wanted. */

/** What starts playback, everything, or the manifests only. */
export const streamScopes = ["startup", "full", "manifests"] as const;
export type StreamScope = (typeof streamScopes)[number];

export const expansions = ["none", "streams"] as const;
export type Expansion = (typeof expansions)[number];

export interface StreamRules {
  readonly scope: StreamScope;
  readonly mostUrls: number;
  /** Milliseconds since the epoch: which part of a live stream is on air. */
  readonly now: number;
  readonly hostAllowed: (hostname: string) => boolean;
  /** Gives a manifest's text and the URL that it came from. Throws `PrefetchError`. */
  readonly fetchText: (url: string, mostBytes: number) => Promise<{ readonly url: string; readonly text: string }>;
  readonly signal: AbortSignal;
}

/** What a manifest stands for. */
export interface Stream {
  readonly format: "hls" | "dash";
  readonly live: boolean;
  /** Within the scope, the most urgent first, the manifest itself included. */
  readonly urls: readonly string[];
  /** Within the scope, but beyond `mostUrls`. */
  readonly omitted: number;
  /** Named by it, but not to be warmed or not to be read, with the reason. */
  readonly refused: readonly { readonly url: string; readonly code: string; readonly reason: string }[];
}

/** Throws `PrefetchError` where the manifest itself cannot be read. */
export type StreamReader = (url: string, rules: StreamRules) => Promise<Stream>;

/** One stream of a list as callers see it. */
export interface StreamView extends Pick<Stream, "format" | "live"> {
  readonly url: string;
  readonly urls: number;
}
