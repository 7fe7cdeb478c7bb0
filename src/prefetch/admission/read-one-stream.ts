/** Reads one stream within bounds: the hosts that it may lead to, and the bytes of a guess. */

import { PrefetchError } from "../../base/errors.ts";
import type { Edge } from "../model/edge.ts";
import type { Stream, StreamReader, StreamScope } from "../model/stream.ts";
import { hostAllowed } from "../model/url.ts";

/** A manifest is foreign text. More hosts would let it point this server at hosts of its choice. */
const MOST_HOSTS = 10;
/** Bytes of a URL whose name does not tell that it is a manifest. More would download media files in full. */
const MOST_GUESSED_BYTES = 1_048_576;

export interface ReadStreamOptions {
  readonly edge: Edge;
  readonly read: StreamReader;
  readonly scope: StreamScope;
  readonly allowedDomains: readonly string[] | undefined;
  readonly mostUrls: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
  readonly normalUrl: (input: unknown) => string | undefined;
}

/** Resolves with `undefined` when a URL that only might be a manifest is none. Throws `PrefetchError`. */
export async function readOneStream(url: string, options: ReadStreamOptions): Promise<Stream | undefined> {
  const { edge, read, scope, allowedDomains, mostUrls, now, signal } = options;
  const hosts = new Set([new URL(url).hostname]);
  const isGuess = !isNamedManifest(url);
  const isLetThrough = (hostname: string): boolean => {
    if (allowedDomains) return hostAllowed(hostname, allowedDomains);
    if (hosts.size < MOST_HOSTS) hosts.add(hostname);
    return hosts.has(hostname);
  };
  try {
    const stream = await read(url, {
      scope,
      mostUrls,
      now,
      signal,
      hostAllowed: isLetThrough,
      fetchText: (wanted, mostBytes) =>
        edge.text(wanted, isGuess && wanted === url ? Math.min(mostBytes, MOST_GUESSED_BYTES) : mostBytes, signal),
    });
    return normalised(url, stream, allowedDomains ? undefined : hosts, options);
  } catch (error) {
    if (error instanceof PrefetchError && error.code === "unsupported" && isGuess) return undefined;
    throw error;
  }
}

/** The stream's URLs in normal spelling, the manifest itself always among them; a refused URL only in `refused`. */
function normalised(url: string, stream: Stream, hosts: ReadonlySet<string> | undefined, { normalUrl }: ReadStreamOptions): Stream {
  const refused = stream.refused.map((child) => ({
    ...child,
    url: normalUrl(child.url) ?? child.url,
    reason: hostReason(child, hosts) ?? child.reason,
  }));
  const dropped = new Set(refused.map((child) => child.url));
  const named = stream.urls.map((each) => normalUrl(each) ?? each);
  const urls = new Set(named.includes(url) ? named : [url, ...named]);
  return { ...stream, refused, urls: [...urls].filter((each) => each === url || !dropped.has(each)) };
}

/** The reason for a URL whose host is one too many; `undefined` for any other refusal. */
function hostReason({ url, code }: Stream["refused"][number], hosts: ReadonlySet<string> | undefined): string | undefined {
  const host = URL.parse(url)?.hostname;
  if (code !== "forbidden_domain" || host === undefined || !hosts || hosts.has(host)) return undefined;
  return `A stream may lead to ${MOST_HOSTS} hosts, and ${host} is one more: pass the URL itself to warm it.`;
}

function isNamedManifest(url: string): boolean {
  return /\.(m3u8?|mpd)$/i.test(new URL(url).pathname);
}
