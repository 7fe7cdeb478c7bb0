/** Lists the files that a DASH representation names. */

import type { MediaRole } from "../manifest.ts";
import type { DashRendition } from "./renditions.ts";
import { type DashFile, type DashPlaylist, type DashRepresentation, type DashSegment, segmentUrlsShape } from "./shape.ts";

export interface NamedFile {
  readonly role: MediaRole;
  readonly uri: string;
  /** Seconds on the time line of the presentation. */
  readonly offset?: number | undefined;
  readonly duration?: number | undefined;
  readonly range?: DashFile["byterange"];
  /** The reason why it leads to no URL. */
  readonly problem?: string;
}

/** `playlists` is the unrolled representation. */
export function filesOf(
  representation: DashRepresentation,
  playlists: readonly DashPlaylist[],
  { rendition }: DashRendition,
  manifestUrl: string,
): NamedFile[] {
  const { baseUrl, periodStart } = representation.attributes;
  // A period without a start is an announcement of a later period (DASH, section 5.3.2.1).
  if (periodStart === null) return [{ role: "segment", uri: baseUrl, problem: "is in a period that has not begun" }];
  const role = isOneFile(representation) ? "file" : "segment";
  return playlists.flatMap(({ segments, sidx }) => {
    if (sidx) return indexedFile(sidx);
    if (segments) return segments.flatMap((segment) => [...initOf(segment.map), segmentFile(segment, role)]);
    // The parser falls back to the manifest's own URL when there is no base URL.
    if (baseUrl === manifestUrl) return [{ role: "file", uri: baseUrl, problem: `is the manifest itself; ${rendition} names no file` }];
    return [{ role: "file", uri: baseUrl, offset: periodStart ?? 0, duration: periodSeconds(representation) }];
  });
}

/** The files of a segment list without times, spread evenly over its period; `undefined` without such a list. */
export function untimedFiles(representation: DashRepresentation): NamedFile[] | undefined {
  const { attributes, segmentInfo } = representation;
  const listed = segmentUrlsShape.parse(segmentInfo.list?.segmentUrls);
  if (listed.length === 0) return undefined;
  const length = periodSeconds(representation);
  const duration = length === undefined ? undefined : length / listed.length;
  return listed.flatMap(({ media }, index) => {
    if (media === undefined) return [];
    const offset = duration === undefined ? undefined : (attributes.periodStart ?? 0) + index * duration;
    return [{ role: "segment", uri: URL.parse(media, attributes.baseUrl)?.href ?? media, offset, duration }];
  });
}

function segmentFile({ uri, resolvedUri = "", byterange, presentationTime, duration }: DashSegment, role: MediaRole): NamedFile {
  // For a segment without an address, the parser returns the base URL.
  if (!uri && !byterange) return { role, uri: resolvedUri, problem: "has no address" };
  return { role, uri: resolvedUri, offset: presentationTime, duration, range: byterange };
}

/** One file that contains its own index (DASH, section 5.3.9.2). Its init section may be a file of its own. */
function indexedFile({ presentationTime, duration, resolvedUri = "", map }: DashSegment): NamedFile[] {
  const file: NamedFile = { role: "file", uri: resolvedUri, offset: presentationTime, duration };
  return map?.resolvedUri === resolvedUri ? [file] : [file, ...initOf(map)];
}

function initOf(map: DashFile | undefined): NamedFile[] {
  if (!map?.resolvedUri || (!map.uri && !map.byterange)) return [];
  return [{ role: "init", uri: map.resolvedUri, range: map.byterange }];
}

/** The parser returns a file with `SegmentBase` but without an index as a single segment. */
function isOneFile({ segmentInfo }: DashRepresentation): boolean {
  return segmentInfo.base !== undefined && segmentInfo.template === undefined;
}

function periodSeconds({ attributes: { periodDuration, sourceDuration } }: DashRepresentation): number | undefined {
  return [periodDuration, sourceDuration].find(
    (value): value is number => typeof value === "number" && value >= 0 && Number.isFinite(value),
  );
}
