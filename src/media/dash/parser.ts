/** Calls `mpd-parser`, and keeps hostile manifests from steering or exhausting it. */

import { inheritAttributes, stringToMpdXml, toPlaylists } from "mpd-parser";
import type { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { type DashPlaylist, type DashRepresentation, mpdShape, playlistsShape } from "./shape.ts";

export interface ParserOptions {
  /** Milliseconds since the Unix epoch. It decides which segments of a dynamic manifest exist. */
  readonly now: number;
  /** Most seconds before `now` that a dynamic manifest lists. */
  readonly liveDepthSeconds?: number;
}

/** Ten minutes. A stream may keep everything since its start: a larger value lists segments that few viewers fetch. */
const LIVE_DEPTH_SECONDS = 600;

/** Throws a `PrefetchError` when the text is not a readable MPD. `url` is the manifest's URL after redirects. */
export function parseMpd(text: string, url: string, options: ParserOptions): z.infer<typeof mpdShape> {
  try {
    // A blank before the XML declaration is invalid XML, but common.
    const xml = stringToMpdXml(text.replace(/^\uFEFF/, "").trimStart());
    const mpd = mpdShape.parse(inheritAttributes(xml, { manifestUri: url, NOW: options.now, eventHandler: () => {} }));
    return { ...mpd, representationInfo: mpd.representationInfo.map((representation) => sanitized(representation, options)) };
  } catch (error) {
    throw dashError(error);
  }
}

/** Unrolls one representation into its segments, or returns the reason why it cannot. */
export function unroll(
  representation: DashRepresentation,
): { readonly playlists: readonly DashPlaylist[] } | { readonly failure: PrefetchError } {
  try {
    return { playlists: playlistsShape.parse(toPlaylists([representation])) };
  } catch (error) {
    return { failure: dashError(error) };
  }
}

/** Attributes that the parser adds for itself. It would trust them from a manifest, too. */
const parserAttributes = ["NOW", "clientOffset", "sourceDuration", "periodDuration", "periodStart"];

/** Removes attributes that only the parser may set, and limits how far a dynamic manifest reaches back. */
function sanitized({ attributes, segmentInfo }: DashRepresentation, { now, liveDepthSeconds }: ParserOptions): DashRepresentation {
  const { template, list, base } = segmentInfo;
  const own = withoutForged(attributes);
  const statedDepth = typeof own.timeShiftBufferDepth === "number" ? own.timeShiftBufferDepth : Number.POSITIVE_INFINITY;
  const timeShiftBufferDepth = Math.min(statedDepth, liveDepthSeconds ?? LIVE_DEPTH_SECONDS);
  return {
    attributes: { ...own, NOW: now, clientOffset: 0, ...(own.type === "dynamic" && { timeShiftBufferDepth }) },
    segmentInfo: {
      ...segmentInfo,
      ...(template && { template: withoutForged(template) }),
      ...(list && { list: withoutForged(list) }),
      ...(base && { base: withoutForged(base) }),
    },
  };
}

/** A value from the manifest is a string, one from the parser a number; the parser's arithmetic accepts both. */
function withoutForged<T extends Readonly<Record<string, unknown>>>(attributes: T): T {
  const kept = { ...attributes };
  for (const name of parserAttributes) if (typeof kept[name] === "string") Reflect.deleteProperty(kept, name);
  return kept;
}

/** The messages of the errors that `mpd-parser` throws, in words. */
const problems: ReadonlyMap<string, string> = new Map([
  ["DASH_EMPTY_MANIFEST", "is empty"],
  ["DASH_INVALID_XML", "is not an MPD"],
  ["INVALID_NUMBER_OF_PERIOD", "has no period"],
  ["NO_BASE_URL", "names no file for a representation"],
  ["SEGMENT_TIME_UNSPECIFIED", "lists segments without their duration"],
]);

function dashError(error: unknown): PrefetchError {
  const code = error instanceof Error ? error.message : "";
  const isInvalid = code.startsWith("DASH_") || code.startsWith("INVALID_");
  const problem = problems.get(code) ?? "has a part that cannot be read";
  return new PrefetchError(isInvalid ? "invalid_argument" : "unsupported", `The DASH manifest ${problem}`, {
    hint: "Pass the URLs of its segments as a list instead.",
    cause: error,
  });
}
