/** Streams in a list of URLs: each manifest is replaced by what it names, so that what is planned is what viewers fetch. */

import { asPrefetchError, explain, PrefetchError } from "../errors.ts";
import type { Edge } from "./edge.ts";
import { hostAllowed, readUrl } from "./url.ts";

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

export interface Expanded {
  readonly urls: readonly unknown[];
  readonly streams: readonly StreamView[];
  /** Why a URL of the list cannot be used, by its normal spelling. */
  readonly refusals: ReadonlyMap<string, { readonly code: string; readonly reason: string }>;
}

export interface ExpandOptions {
  readonly edge: Edge;
  readonly read: StreamReader;
  readonly scope: StreamScope;
  readonly allowedDomains: readonly string[] | undefined;
  readonly mostUrls: number;
  readonly now: number;
  readonly signal: AbortSignal;
}

/** Hosts that one stream may lead to; a manifest is somebody else's text. */
const MOST_HOSTS = 10;
const AT_ONCE = 4;
const LONGEST_URL = 8_192;

/** Throws `invalid_argument` for more URLs than one call may carry. */
export async function expandStreams(inputs: readonly unknown[], options: ExpandOptions): Promise<Expanded> {
  const refusals = new Map<string, { code: string; reason: string }>();
  const streams = new Map<number, { url: string; stream: Stream }>();
  const open = inputs.entries();
  const lane = async (): Promise<void> => {
    for (const [index, input] of open) {
      const reading = readUrl(input, { maxLength: LONGEST_URL, allowedDomains: options.allowedDomains });
      if (!reading.ok || !mayBeManifest(reading.url)) continue;
      try {
        const stream = await readOne(reading.url, options);
        if (stream) streams.set(index, { url: reading.url, stream });
      } catch (error) {
        options.signal.throwIfAborted();
        const known = asPrefetchError(error);
        refusals.set(reading.url, { code: known.code, reason: `The stream cannot be expanded. ${explain(known)}` });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));

  const urls = inputs.flatMap((input, index) => {
    const found = streams.get(index);
    if (!found) return [input];
    for (const { url, code, reason } of found.stream.refused) refusals.set(url, { code, reason });
    return [...found.stream.urls, ...found.stream.refused.map(({ url }) => url)];
  });
  const omitted = [...streams.values()].reduce((sum, { stream }) => sum + stream.omitted, 0);
  if (urls.length + omitted > options.mostUrls) throw tooMany(urls.length + omitted, options);
  const views = [...streams].sort(([a], [b]) => a - b);
  return {
    urls,
    refusals,
    streams: views.map(([, { url, stream }]) => ({ url, format: stream.format, live: stream.live, urls: stream.urls.length })),
  };
}

/** `undefined` for what only might have been a manifest and is none. */
async function readOne(
  url: string,
  { edge, read, scope, allowedDomains, mostUrls, now, signal }: ExpandOptions,
): Promise<Stream | undefined> {
  const hosts = new Set([new URL(url).hostname]);
  try {
    return await read(url, {
      scope,
      mostUrls,
      now,
      signal,
      fetchText: (wanted, mostBytes) => edge.text(wanted, mostBytes, signal),
      hostAllowed: (hostname) => {
        if (allowedDomains) return hostAllowed(hostname, allowedDomains);
        if (hosts.size < MOST_HOSTS) hosts.add(hostname);
        return hosts.has(hostname);
      },
    });
  } catch (error) {
    if (error instanceof PrefetchError && error.code === "unsupported" && !isNamedManifest(url)) return undefined;
    throw error;
  }
}

function isNamedManifest(url: string): boolean {
  return /\.(m3u8?|mpd)$/i.test(new URL(url).pathname);
}

/** By its name, or because its name tells nothing: packagers have addresses such as `/manifest(format=m3u8)`. */
function mayBeManifest(url: string): boolean {
  const { pathname, search } = new URL(url);
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  return isNamedManifest(url) || /m3u8|mpd|manifest|playlist/i.test(last + search) || (last !== "" && !last.includes("."));
}

function tooMany(count: number, { mostUrls, scope }: ExpandOptions): PrefetchError {
  const [found, most] = [count, mostUrls].map((each) => each.toLocaleString("en"));
  const smaller = scope === "full" ? 'Choose scope "startup", or pass fewer streams.' : "Pass fewer streams.";
  return new PrefetchError("invalid_argument", `urls: the streams come to ${found} URLs; one call takes at most ${most}`, {
    hint: `Nothing was sent. ${smaller}`,
  });
}
