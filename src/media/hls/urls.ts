/** Resolves the URIs of an HLS playlist and collects them as typed URLs. */

import type { MediaContext, MediaKind, MediaRole, MediaUrl, SkippedUri } from "../manifest.ts";
import { resolveUri } from "../resolve.ts";
import { createSkippedUris } from "../skipped-uris.ts";
import { createUrlCollector } from "../url-collector.ts";
import type { ByteRange } from "./byte-range.ts";
import type { HlsOptions } from "./options.ts";
import type { Variables } from "./variables.ts";

/** More than a day of one-second segments. A larger value lets a hostile playlist fill the memory; a smaller one cuts long films. */
const MOST_URLS = 100_000;

/** Facts that the playlist states about a URI. */
export type UrlFacts = Partial<Omit<MediaUrl, "url" | "host" | "role" | "ranges">> & {
  /** Without `length` it reaches to the end of the file. */
  readonly range?: (Pick<ByteRange, "start"> & { readonly length: number | undefined }) | undefined;
};

interface Listing {
  /** Seconds after the first segment at which players start. */
  readonly begin: number;
  /** Seconds after the first segment at which a live playlist ends. */
  readonly edgeAt: number | undefined;
  /** The playlist's own statement about its kind. A statement of the multivariant playlist takes precedence. */
  readonly kind: MediaKind | undefined;
}

export interface HlsUrls {
  readonly skipped: readonly SkippedUri[];
  /** Adds a URI as the playlist writes it; without a URI it does nothing. */
  add(role: MediaRole, uri: string | undefined, facts?: UrlFacts): void;
  skip(uri: string, role: MediaRole, reason: string): void;
  list(listing: Listing): MediaUrl[];
}

type ResolvedUri =
  | { readonly ok: true; readonly url: string; readonly host: string; readonly uri: string }
  | { readonly ok: false; readonly uri: string; readonly reason: string };

export function createHlsUrls(base: URL | null, context: MediaContext, options: HlsOptions, variables: Variables): HlsUrls {
  const found = createUrlCollector();
  const skipped = createSkippedUris();
  const mostUrls = options.maxUrls ?? MOST_URLS;

  const resolve = (written: string): ResolvedUri => {
    const uri = variables.substitute(written.trim());
    if (!uri.ok) return { ok: false, uri: written, reason: uri.reason };
    // An empty reference would resolve to the playlist itself.
    if (uri.text === "") return { ok: false, uri: written, reason: "is empty" };
    return { ...resolveUri(uri.text, base, options.inheritQuery), uri: uri.text };
  };

  return {
    skipped: skipped.list,
    add: (role, written, facts = {}) => {
      if (written === undefined) return;
      const resolved = resolve(written);
      if (!resolved.ok) skipped.add(resolved.uri, role, resolved.reason);
      else if (found.size >= mostUrls && !found.has(resolved.url)) {
        skipped.add(resolved.uri, role, `lies beyond the limit of ${mostUrls.toLocaleString("en")} URLs in one playlist`);
      } else found.add(entryOf(role, resolved, facts, context));
    },
    skip: skipped.add,
    list: ({ begin, edgeAt, kind }) =>
      found.list(edgeAt).map((entry) => ({
        ...entry,
        kind: entry.kind === "main" && kind !== undefined ? kind : entry.kind,
        offset: entry.offset === undefined ? undefined : entry.offset - begin,
        ranges: entry.ranges?.map((range) => ({ ...range, offset: range.offset === undefined ? undefined : range.offset - begin })),
      })),
  };
}

function entryOf(
  role: MediaRole,
  { url, host }: { readonly url: string; readonly host: string },
  { range, ...facts }: UrlFacts,
  { kind, rendition }: MediaContext,
): MediaUrl {
  const { offset, duration } = facts;
  return {
    kind: kind ?? "main",
    rendition: rendition ?? "main",
    bandwidth: undefined,
    average: undefined,
    edge: undefined,
    alternative: 0,
    ...facts,
    offset,
    duration,
    bytes: facts.bytes ?? estimatedBytes(role, facts),
    url,
    host,
    role,
    ranges: range && [{ ...range, offset, duration }],
  };
}

function estimatedBytes(role: MediaRole, { average, bandwidth, duration }: UrlFacts): number | undefined {
  const bitsPerSecond = average ?? bandwidth;
  if (bitsPerSecond === undefined || duration === undefined || role === "playlist") return undefined;
  return Math.round((bitsPerSecond * duration) / 8);
}
