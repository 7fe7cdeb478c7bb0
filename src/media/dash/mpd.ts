/**
 * Every URL of a DASH manifest (ISO/IEC 23009-1; DASH-IF Interoperability Points). `mpd-parser` unrolls the templates;
 * each representation goes through it alone, so that one that it cannot read takes no other down.
 */

import { inheritAttributes, stringToMpdXml, toPlaylists } from "mpd-parser";
import { PrefetchError } from "../../base/errors.ts";
import type { Manifest } from "../manifest.ts";
import { BaseUrlCount, segmentCount } from "./count.ts";
import { type DashPlaylist, type DashRepresentation, mpdShape, playlistsShape } from "./shape.ts";
import { DashUrls } from "./urls.ts";
import { checkXml } from "./xml-guard.ts";

export interface DashOptions {
  /** Milliseconds since the Unix epoch: which segments of a dynamic manifest exist depends on it. */
  readonly now: number;
  /** Of all representations together, before any of them is unrolled. */
  readonly maxSegments?: number;
  /** Seconds before `now` that are listed of a stream that keeps everything. */
  readonly liveDepthSeconds?: number;
}

const MOST_SEGMENTS = 200_000;
/** On every host and in every period; the parser takes the square of their number. */
const MOST_REPRESENTATIONS = 10_000;
const LIVE_DEPTH_SECONDS = 600;

/** `url` is where the text came from in the end, after redirects. Throws a `PrefetchError` for a manifest that cannot be used. */
export function readDash(text: string, url: string, options: DashOptions): Manifest {
  const most = options.maxSegments ?? MOST_SEGMENTS;
  const combined = new BaseUrlCount();
  checkXml(text, (name, depth) => combined.hear(name, depth));
  if (combined.combinations > MOST_REPRESENTATIONS) throw tooMany(MOST_REPRESENTATIONS, "representations");
  const { locations, contentSteeringInfo, representationInfo } = readMpd(text, url, options);
  const representations = representationInfo.map((representation) => bounded(representation, options));
  let count = 0;
  for (const representation of representations) {
    count += segmentCount(representation);
    if (count > most) throw tooMany(most, "segments");
  }
  const [first] = representations;
  const live = first?.attributes.type === "dynamic";
  const urls = new DashUrls(url);
  let failure: PrefetchError | undefined;
  for (const representation of representations) {
    const reading = unroll(representation);
    if ("failure" in reading) {
      if (!urls.addUntimed(representation, reading.failure.message)) failure ??= reading.failure;
    } else urls.add(representation, reading.playlists);
  }
  if (failure !== undefined && urls.isEmpty) throw failure;
  for (const location of locations ?? []) urls.plain("location", location);
  if (contentSteeringInfo) urls.plain("steering", contentSteeringInfo.serverURL);
  return {
    format: "dash",
    shape: "media",
    live,
    targetDuration: undefined,
    duration: secondsOf(first, "mediaPresentationDuration"),
    start: undefined,
    delta: false,
    variables: new Map(),
    urls: urls.list(live),
    skipped: urls.skipped,
  };
}

function readMpd(text: string, url: string, { now }: DashOptions) {
  try {
    // A blank before the XML declaration is no XML, but common.
    const xml = stringToMpdXml(text.replace(/^\uFEFF/, "").trimStart());
    return mpdShape.parse(inheritAttributes(xml, { manifestUri: url, NOW: now, eventHandler: () => {} }));
  } catch (error) {
    throw dashError(error);
  }
}

/** What the parser itself adds to the attributes; a manifest has no say in it. */
const parsersOwn = ["NOW", "clientOffset", "sourceDuration", "periodDuration", "periodStart"];

/**
 * The same without attributes that pass for the parser's own, and without the far past of a stream that keeps everything:
 * it has more segments than anyone would list.
 */
function bounded({ attributes, segmentInfo }: DashRepresentation, { now, liveDepthSeconds }: DashOptions): DashRepresentation {
  const { template, list, base } = segmentInfo;
  const own = withoutForged(attributes);
  const said = typeof own.timeShiftBufferDepth === "number" ? own.timeShiftBufferDepth : Number.POSITIVE_INFINITY;
  const timeShiftBufferDepth = Math.min(said, liveDepthSeconds ?? LIVE_DEPTH_SECONDS);
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

/** In text they would still count as numbers. */
function withoutForged<T extends Readonly<Record<string, unknown>>>(attributes: T): T {
  const kept = { ...attributes };
  for (const name of parsersOwn) if (typeof kept[name] === "string") Reflect.deleteProperty(kept, name);
  return kept;
}

function tooMany(most: number, what: string): PrefetchError {
  return new PrefetchError("unsupported", `The DASH manifest describes more than ${most.toLocaleString("en")} ${what}`, {
    hint: "Prefetch a part of it as a list of URLs.",
  });
}

function unroll(representation: DashRepresentation): { readonly playlists: readonly DashPlaylist[] } | { readonly failure: PrefetchError } {
  try {
    return { playlists: playlistsShape.parse(toPlaylists([representation])) };
  } catch (error) {
    return { failure: dashError(error) };
  }
}

function secondsOf(representation: DashRepresentation | undefined, name: string): number | undefined {
  const value = representation?.attributes[name];
  return typeof value === "number" && !Number.isNaN(value) ? value : undefined;
}

/** The codes that `mpd-parser` throws, in words. */
const words: Readonly<Record<string, string>> = {
  DASH_EMPTY_MANIFEST: "is empty",
  DASH_INVALID_XML: "is not an MPD",
  INVALID_NUMBER_OF_PERIOD: "has no period",
  NO_BASE_URL: "names no file for a representation",
  SEGMENT_TIME_UNSPECIFIED: "lists segments without saying how long they are",
};

function dashError(error: unknown): PrefetchError {
  const code = error instanceof Error ? error.message : "";
  const said = words[code];
  const invalid = code.startsWith("DASH_") || code.startsWith("INVALID_");
  return new PrefetchError(invalid ? "invalid_argument" : "unsupported", `The DASH manifest ${said ?? "has a part that cannot be read"}`, {
    hint: "Prefetch the URLs of its segments as a list.",
    cause: error,
  });
}
