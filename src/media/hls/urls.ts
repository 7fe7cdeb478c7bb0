/** Resolves the URIs of an HLS playlist and collects them as typed URLs. */

import { PrefetchError } from "../../base/errors.ts";
import { type Resolved, resolveUri } from "../../documents/resolve.ts";
import { isDataUri } from "../data-uri.ts";
import type { MediaContext, MediaKind, MediaRole, MediaUrl, Skipped } from "../manifest.ts";
import { createSkippedUris } from "../skipped-uris.ts";
import { createUrlCollector, MOST_CHARACTERS, tooManyCharacters } from "../url-collector.ts";
import type { ByteRange } from "./byte-range.ts";

export interface HlsLimits {
  /** Most URLs of one playlist. */
  readonly maxUrls?: number | undefined;
}

/** More than a day of one-second segments. A larger value lets a hostile playlist fill the memory; a smaller one cuts long films. */
const MOST_URLS = 100_000;
/** Mentions of URLs for each URL, since a file may be named once per byte range. A larger value lets one playlist take seconds. */
const MENTIONS_PER_URL = 2;

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
  /** The playlist keeps its segments although it is live. */
  readonly lasting: boolean;
  /** The playlist's own statement about its kind. A statement of the multivariant playlist takes precedence. */
  readonly kind: MediaKind | undefined;
}

export interface HlsUrls {
  skipped(): Skipped;
  /**
   * Adds a URI as the playlist writes it, with its variables filled in; without a URI, it skips the tag that needs one. Throws
   * `limit_reached` when the playlist names too many URLs.
   */
  add(role: MediaRole, uri: string | undefined, facts?: UrlFacts, tag?: string): void;
  skip(uri: string, reason: string): void;
  list(listing: Listing): MediaUrl[];
}

export function createHlsUrls(base: URL | null, context: MediaContext, { maxUrls = MOST_URLS }: HlsLimits): HlsUrls {
  const found = createUrlCollector();
  const skipped = createSkippedUris();
  /** One file is often named many times, and resolving takes longer than looking it up. */
  const known = new Map<string, Resolved>();
  let characters = 0;
  let mentions = 0;

  const resolve = (uri: string): Resolved => {
    const earlier = known.get(uri);
    if (earlier) return earlier;
    characters += (base?.href.length ?? 0) + uri.length;
    if (characters > 4 * MOST_CHARACTERS) throw tooManyCharacters("The URLs that it names");
    // An empty reference would resolve to the playlist itself.
    const resolved: Resolved = uri === "" ? { ok: false, reason: "is empty" } : resolveUri(uri, base);
    known.set(uri, resolved);
    return resolved;
  };

  const count = (): void => {
    mentions += 1;
    if (mentions > maxUrls * MENTIONS_PER_URL || found.size > maxUrls) throw tooMany(maxUrls);
  };

  return {
    skipped: skipped.result,
    add: (role, written, facts = {}, tag = undefined) => {
      if (written === undefined && tag !== undefined) skipped.add(tag, "has no URI");
      if (written === undefined) return;
      count();
      const uri = written.trim();
      if (role === "playlist" && isDataUri(uri)) return found.add(entryOf(role, { url: uri, host: "" }, facts, context));
      const resolved = resolve(uri);
      if (resolved.ok) found.add(entryOf(role, resolved, facts, context));
      else skipped.add(uri, resolved.reason);
    },
    skip: skipped.add,
    list: ({ begin, edgeAt, lasting, kind }) => {
      const entries = found.list(edgeAt);
      // A recording that starts at its beginning is in place, and copying its entries takes time.
      if (begin === 0 && !lasting && kind === undefined && context.place === undefined) return entries;
      return entries.map((entry) => ({
        ...entry,
        kind: entry.kind === "main" && kind !== undefined ? kind : entry.kind,
        ...placeOf(entry, lasting, begin, context.place),
        ranges: entry.ranges?.map((range) => ({ ...range, offset: shifted(range.offset, (context.place?.offset ?? 0) - begin) })),
      }));
    },
  };
}

/** An interstitial plays at its place on the time line of the stream that contains it. */
function placeOf(
  { offset, edge }: MediaUrl,
  lasting: boolean,
  begin: number,
  place: MediaContext["place"],
): Pick<MediaUrl, "offset" | "edge" | "lasting"> {
  // An interstitial without a date may play at any time, and begins with its beginning.
  if (place?.offset === undefined || offset === undefined) return { offset: shifted(offset, -begin), edge, lasting };
  return { offset: place.offset + offset - begin, edge: shifted(place.edge, begin - offset), lasting: place.lasting };
}

function shifted(offset: number | undefined, by: number): number | undefined {
  return offset === undefined ? undefined : offset + by;
}

function tooMany(most: number): PrefetchError {
  return new PrefetchError("limit_reached", `The playlist names more than ${most.toLocaleString("en")} URLs, the most that are read`);
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
