/** From the representations of a DASH manifest to typed URLs. */

import { Collector } from "../collect.ts";
import { type MediaKind, type MediaRange, type MediaRole, type MediaUrl, type SkippedUri, shownUri } from "../manifest.ts";
import { resolveUri } from "../resolve.ts";
import { type DashFile, type DashPlaylist, type DashRepresentation, type DashSegment, segmentUrlsShape } from "./shape.ts";

type Named = Pick<MediaUrl, "kind" | "rendition" | "bandwidth" | "alternative">;
type Timed = { readonly offset?: number | undefined; readonly duration?: number | undefined };

export class DashUrls {
  readonly skipped: SkippedUri[] = [];
  readonly #manifest: string;
  readonly #base: URL | null;
  readonly #found = new Collector();
  /** How often each rendition of each period was seen: once for each of its hosts. */
  readonly #seen = new Map<string, number>();
  #first = Number.POSITIVE_INFINITY;
  readonly #ends = new Map<string, number>();

  constructor(url: string) {
    this.#manifest = url;
    this.#base = URL.parse(url);
  }

  get isEmpty(): boolean {
    return this.#found.size === 0;
  }

  add(representation: DashRepresentation, playlists: readonly DashPlaylist[]): void {
    const { attributes } = representation;
    const named = this.#name(representation);
    // DASH, section 5.3.2.1: a period without a start is announced ahead of its time.
    if (attributes.periodStart === null) {
      this.#skip(attributes.baseUrl, "segment", "is in a period that has not begun");
      return;
    }
    for (const { segments, sidx } of playlists) {
      if (sidx) this.#indexed(sidx, named);
      else if (segments) for (const segment of segments) this.#segment(segment, named, isOneFile(representation) ? "file" : "segment");
      else this.#whole(representation, named);
    }
  }

  /** The URLs of a segment list that says nothing of time, spread over the period; whether there were any. */
  addUntimed(representation: DashRepresentation, reason: string): boolean {
    const { attributes, segmentInfo } = representation;
    const listed = segmentUrlsShape.parse(segmentInfo.list?.segmentUrls);
    const named = this.#name(representation);
    const length = seconds(attributes.periodDuration) ?? seconds(attributes.sourceDuration);
    const duration = length === undefined ? undefined : length / listed.length;
    for (const [index, { media }] of listed.entries()) {
      const offset = duration === undefined ? undefined : (attributes.periodStart ?? 0) + index * duration;
      if (media !== undefined) this.#add("segment", resolveAgainst(attributes.baseUrl, media), named, { offset, duration });
    }
    if (listed.length === 0) this.#skip(attributes.baseUrl, "segment", reason);
    return listed.length > 0;
  }

  plain(role: MediaRole, uri: string): void {
    this.#add(role, uri, { kind: "main", rendition: "main", bandwidth: undefined, alternative: 0 }, {});
  }

  list(live: boolean): MediaUrl[] {
    // A presentation whose first period starts late begins there all the same.
    const begin = live || !Number.isFinite(this.#first) ? 0 : this.#first;
    return this.#found.list().map((entry) => {
      const end = this.#ends.get(endKey(entry));
      return {
        ...entry,
        edge: live && end !== undefined && entry.offset !== undefined ? end - entry.offset : undefined,
        offset: entry.offset === undefined ? undefined : entry.offset - begin,
        ranges: entry.ranges?.map((range) => ({ ...range, offset: range.offset === undefined ? undefined : range.offset - begin })),
      };
    });
  }

  #name({ attributes }: DashRepresentation): Named {
    const { id, bandwidth, lang, periodStart } = attributes;
    const kind = kindOf(attributes);
    const rendition = `${kind}/${id ?? `${lang ?? ""}@${bandwidth ?? ""}`}`;
    const key = JSON.stringify([periodStart, rendition, lang, bandwidth]);
    const alternative = this.#seen.get(key) ?? 0;
    this.#seen.set(key, alternative + 1);
    return { kind, rendition, bandwidth: seconds(bandwidth), alternative };
  }

  #segment(segment: DashSegment, named: Named, role: MediaRole): void {
    this.#map(segment.map, named);
    // The parser resolves what is not there to the base URL itself.
    if (!segment.uri && !segment.byterange) {
      this.#skip(segment.resolvedUri ?? "", role, "has no address");
      return;
    }
    this.#add(role, segment.resolvedUri ?? "", named, { offset: segment.presentationTime, duration: segment.duration }, segment);
  }

  /** DASH, section 5.3.9.2: one file, with its index inside. */
  #indexed(sidx: DashSegment, named: Named): void {
    const { presentationTime: offset, duration, resolvedUri = "", map } = sidx;
    this.#add("file", resolvedUri, named, { offset, duration });
    // A header in a file of its own; one in the same file is part of it already.
    if (map?.resolvedUri !== resolvedUri) this.#map(map, named);
  }

  #whole({ attributes }: DashRepresentation, named: Named): void {
    const { baseUrl, periodStart, periodDuration, sourceDuration } = attributes;
    if (baseUrl === this.#manifest) {
      this.#skip(baseUrl, "file", `is the manifest itself; ${named.rendition} names no file`);
      return;
    }
    const duration = seconds(periodDuration) ?? seconds(sourceDuration);
    this.#add("file", baseUrl, named, { offset: periodStart ?? 0, duration });
  }

  #map(map: DashFile | undefined, named: Named): void {
    if (map?.resolvedUri && (map.uri || map.byterange)) this.#add("init", map.resolvedUri, named, {}, map);
  }

  #add(role: MediaRole, uri: string, named: Named, { offset, duration }: Timed, { byterange }: Partial<DashFile> = {}): void {
    const resolved = resolveUri(uri.trim(), this.#base);
    if (!resolved.ok) {
      this.#skip(uri, role, resolved.reason);
      return;
    }
    if (offset !== undefined) {
      this.#first = Math.min(this.#first, offset);
      const key = endKey(named);
      this.#ends.set(key, Math.max(this.#ends.get(key) ?? 0, offset + (duration ?? 0)));
    }
    const { bandwidth } = named;
    this.#found.add({
      ...named,
      url: resolved.url,
      host: resolved.host,
      role,
      average: undefined,
      offset,
      duration,
      edge: undefined,
      ranges: rangesOf(byterange, { offset, duration }),
      bytes: bandwidth === undefined || duration === undefined ? undefined : Math.round((bandwidth * duration) / 8),
    });
  }

  #skip(uri: string, role: MediaRole, reason: string): void {
    if (this.skipped.length < MOST_SKIPPED) this.skipped.push({ uri: shownUri(uri), role, reason });
  }
}

function isOneFile({ segmentInfo }: DashRepresentation): boolean {
  return segmentInfo.base !== undefined && segmentInfo.template === undefined;
}

const MOST_SKIPPED = 1_000;

function endKey({ rendition, alternative }: Pick<MediaUrl, "rendition" | "alternative">): string {
  return `${alternative} ${rendition}`;
}

function rangesOf(range: DashFile["byterange"], { offset, duration }: Timed): MediaRange[] | undefined {
  if (!range || !Number.isSafeInteger(range.offset) || !Number.isSafeInteger(range.length) || range.length <= 0) return undefined;
  return [{ start: range.offset, length: range.length, offset, duration }];
}

function seconds(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && Number.isFinite(value) ? value : undefined;
}

function resolveAgainst(base: string, uri: string): string {
  return URL.parse(uri, base)?.href ?? uri;
}

/** From the type that is stated, and the codecs where that is only a container (DASH-IF IOP, subtitles in `application/mp4`). */
function kindOf({ contentType, mimeType, codecs }: DashRepresentation["attributes"]): MediaKind {
  const type = contentType ?? mimeType?.split("/")[0] ?? "";
  if (type === "video" || type === "audio" || type === "image") return type;
  const subtitle = type === "text" || /^(?:stpp|wvtt)/.test(codecs ?? "") || mimeType === "application/ttml+xml";
  return subtitle ? "subtitle" : "main";
}
