/** Reads one stream within bounds: the hosts that it may lead to, and the bytes of a guess. */

import type { Edge } from "../model/edge.ts";
import type { Stream, StreamReader, StreamScope } from "../model/stream.ts";

/** A manifest is foreign text. More hosts would let it point this server at hosts of its choice. */
const MOST_HOSTS = 10;
/** Bytes of a URL whose name does not tell that it is a manifest. More would download media files in full. */
const GUESSED_BYTES = 1_048_576;

export interface ReadStreamOptions {
  readonly edge: Edge;
  readonly read: StreamReader;
  readonly scope: StreamScope;
  readonly allowedDomains: readonly string[] | undefined;
  readonly mostUrls: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal: AbortSignal;
}

/** Resolves with `undefined` when a URL that only might be a manifest is none. Throws `PrefetchError`. */
export async function readOneStream(url: string, options: ReadStreamOptions): Promise<Stream | undefined> {
  const { edge, read, scope, allowedDomains, mostUrls, now, signal } = options;
  const stream = await read(url, {
    scope,
    mostUrls,
    now,
    signal,
    hosts: { allowed: allowedDomains, most: MOST_HOSTS },
    guessedBytes: isNamedManifest(url) ? undefined : GUESSED_BYTES,
    fetchBody: (wanted, mostBytes) => edge.body(wanted, mostBytes, signal),
  });
  return stream && withItself(url, stream);
}

/** The stream with its own manifest, even where that is beyond `mostUrls`. */
function withItself(url: string, stream: Stream): Stream {
  return stream.urls.includes(url) ? stream : { ...stream, urls: [url, ...stream.urls] };
}

function isNamedManifest(url: string): boolean {
  return /\.(m3u8?|mpd)$/i.test(new URL(url).pathname);
}
