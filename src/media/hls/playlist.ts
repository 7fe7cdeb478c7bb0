/**
 * Reads every URL of an HLS playlist in one pass (RFC 8216 and draft-pantos-hls-rfc8216bis). Like a player, it ignores tags
 * that it does not know. A URI that leads to no URL is skipped with the reason. A playlist that players must refuse is refused.
 */

import type { Manifest, MediaContext, MediaKind, MediaUrl } from "../manifest.ts";
import { type Attributes, linesOf, readAttributes, readInteger, readSignedSeconds, splitTag, type TagHandlers } from "./grammar.ts";
import { createInterstitials, type Interstitials } from "./interstitials.ts";
import { createParts, type Parts } from "./parts.ts";
import { renditionFacts, trickPlayFacts, variantFacts } from "./renditions.ts";
import { createHoldBack, type HoldBack, startOf } from "./start.ts";
import { createTimeline, type Timeline } from "./timeline.ts";
import { createHlsUrls, type HlsLimits, type HlsUrls } from "./urls.ts";
import { createVariables, type Variables } from "./variables.ts";

/** Facts about the playlist as a whole, as its tags state them. */
interface PlaylistFacts {
  /** The `EXT-X-STREAM-INF` to which the next URI belongs. */
  variant?: Attributes | undefined;
  kind?: MediaKind;
  namesPlaylists?: boolean;
  isComplete?: boolean;
  isDelta?: boolean;
  /** The playlist may only grow (`EVENT`). */
  isEvent?: boolean;
  start?: number | undefined;
}

/** `url` is the playlist's URL after redirects. Throws a `PrefetchError`. */
export function readHls(text: string, url: string, context: MediaContext = {}, limits: HlsLimits = {}): Manifest {
  const base = baseOf(url);
  const variables = createVariables(context.variables, base);
  const attributesOf = (value: string): Attributes => readAttributes(value, variables.substitute);
  const urls = createHlsUrls(base, context, limits);
  const timeline = createTimeline(urls, context, attributesOf);
  const parts = createParts(urls, context, attributesOf, () => timeline.time);
  const holdBack = createHoldBack(attributesOf);
  const interstitials = createInterstitials(urls, attributesOf, () => timeline.time);
  const facts: PlaylistFacts = {};
  const tags: TagHandlers = {
    ...timeline.tags,
    ...parts.tags,
    ...holdBack.tags,
    ...interstitials.tags,
    ...listingTags(facts, urls, attributesOf),
    ...playlistTags(facts, timeline, urls, variables, attributesOf),
  };
  const addUri = (written: string): void => {
    const uri = variables.substitute(written);
    if (facts.variant !== undefined) urls.add("playlist", uri, variantFacts(facts.variant));
    else if (timeline.addSegment(uri)) parts.startSegment();
    else urls.skip(uri, "is no URI, and follows neither EXTINF nor EXT-X-STREAM-INF");
    facts.variant = undefined;
  };
  for (const line of linesOf(text)) {
    if (line.startsWith("#EXT")) {
      const { name, value } = splitTag(line);
      tags[name]?.(value);
    } else if (!line.startsWith("#")) addUri(line);
  }
  skipVariant(facts, urls);
  return manifestOf(facts, context, { urls, timeline, parts, holdBack, interstitials, variables });
}

interface PlaylistParts {
  readonly urls: HlsUrls;
  readonly timeline: Timeline;
  readonly parts: Parts;
  readonly holdBack: HoldBack;
  readonly interstitials: Interstitials;
  readonly variables: Variables;
}

function manifestOf(
  { namesPlaylists: isMultivariant = false, isComplete = false, isEvent = false, isDelta = false, kind, start: own }: PlaylistFacts,
  context: MediaContext,
  { urls, timeline, parts, holdBack, interstitials, variables }: PlaylistParts,
): Manifest {
  const { targetDuration, segments } = timeline;
  const isMedia = segments > 0 && !isMultivariant;
  // An interstitial is on demand, whatever its playlist leaves out.
  const live = isMedia && !isComplete && context.place === undefined;
  const end = timeline.time + (live ? parts.growing : 0);
  // A start in the multivariant playlist counts for all of its playlists (rfc8216bis, section 4.4.2).
  const start = context.start ?? own;
  const begin = startOf({ live, start, end, targetDuration }, holdBack);
  if (live && holdBack.lowLatency !== undefined) parts.addAtEdge(end - holdBack.lowLatency);
  interstitials.add(begin, end);
  const listed = urls.list({ begin, edgeAt: live ? end : undefined, lasting: isEvent, kind });
  return {
    format: "hls",
    shape: isMultivariant ? "multivariant" : "media",
    live,
    targetDuration,
    duration: isMedia ? timeline.time : undefined,
    start,
    delta: isDelta,
    variables: variables.values,
    urls: isMultivariant ? withoutSegments(listed, urls) : listed,
    skipped: urls.skipped(),
  };
}

/** A URI inside a `data:` playlist has no base. */
function baseOf(url: string): URL | null {
  const base = URL.parse(url);
  return base?.protocol === "data:" ? null : base;
}

/** A playlist holds playlists or segments, never both (RFC 8216, section 4.1). */
function withoutSegments(listed: readonly MediaUrl[], urls: HlsUrls): MediaUrl[] {
  return listed.filter(({ url, role }) => {
    if (role === "segment") urls.skip(url, "follows no EXT-X-STREAM-INF, in a playlist of playlists");
    return role !== "segment";
  });
}

/** The variant before had no URI. */
function skipVariant({ variant }: PlaylistFacts, urls: HlsUrls): void {
  if (variant) urls.skip("#EXT-X-STREAM-INF", `of ${variant.get("BANDWIDTH") ?? "unknown"} bits per second is followed by no URI`);
}

/** Tags that name other playlists and objects. Keys are left out: licence servers do not cache them. */
function listingTags(facts: PlaylistFacts, urls: HlsUrls, attributesOf: (value: string) => Attributes): TagHandlers {
  const beginVariant = (variant: Attributes): void => {
    skipVariant(facts, urls);
    facts.variant = variant;
    facts.namesPlaylists = true;
  };
  const addTrickPlay = (kind: "iframe" | "image", value: string, tag: string): void => {
    const attributes = attributesOf(value);
    urls.add("playlist", attributes.get("URI"), trickPlayFacts(kind, attributes), tag);
    facts.namesPlaylists = true;
  };
  return {
    "#EXT-X-STREAM-INF": (value) => beginVariant(attributesOf(value)),
    // Their variables must have values too, although the reader leaves keys out.
    "#EXT-X-KEY": attributesOf,
    "#EXT-X-SESSION-KEY": attributesOf,
    // Without a URI, the rendition is part of the variants' own segments.
    "#EXT-X-MEDIA": (value) => {
      const attributes = attributesOf(value);
      urls.add("playlist", attributes.get("URI"), renditionFacts(attributes));
      facts.namesPlaylists = true;
    },
    "#EXT-X-I-FRAME-STREAM-INF": (value) => addTrickPlay("iframe", value, "#EXT-X-I-FRAME-STREAM-INF"),
    // An extension by Roku that other players have adopted.
    "#EXT-X-IMAGE-STREAM-INF": (value) => addTrickPlay("image", value, "#EXT-X-IMAGE-STREAM-INF"),
    "#EXT-X-SESSION-DATA": (value) => urls.add("data", attributesOf(value).get("URI")),
    "#EXT-X-CONTENT-STEERING": (value) => urls.add("steering", attributesOf(value).get("SERVER-URI")),
    "#EXT-X-RENDITION-REPORT": (value) => urls.add("report", attributesOf(value).get("URI")),
    // An extension for low latency: a segment that is still growing.
    "#EXT-X-PREFETCH": (value) => urls.add("hint", value),
  };
}

/** Tags about the playlist as a whole. */
function playlistTags(
  facts: PlaylistFacts,
  timeline: Timeline,
  urls: HlsUrls,
  variables: Variables,
  attributesOf: (value: string) => Attributes,
): TagHandlers {
  /** The server does not take keys, but a variable without a value refuses the playlist wherever it stands. */
  const readKey = (value: string): void => {
    if (value.includes("{$")) attributesOf(value);
  };
  return {
    "#EXT-X-KEY": readKey,
    "#EXT-X-SESSION-KEY": readKey,
    "#EXT-X-DEFINE": (value) => variables.define(attributesOf(value)),
    "#EXT-X-START": (value) => {
      facts.start = readSignedSeconds(attributesOf(value).get("TIME-OFFSET"));
    },
    "#EXT-X-SKIP": (value) => {
      const omitted = readInteger(attributesOf(value).get("SKIPPED-SEGMENTS")) ?? 0;
      facts.isDelta = true;
      timeline.addOmittedSegments(omitted);
      urls.skip("#EXT-X-SKIP", `leaves out ${omitted} segments, although the request did not ask for a delta update`);
    },
    "#EXT-X-I-FRAMES-ONLY": () => {
      facts.kind = "iframe";
    },
    "#EXT-X-IMAGES-ONLY": () => {
      facts.kind = "image";
    },
    "#EXT-X-ENDLIST": () => {
      facts.isComplete = true;
    },
    "#EXT-X-PLAYLIST-TYPE": (value) => {
      if (value.trim() === "VOD") facts.isComplete = true;
      if (value.trim() === "EVENT") facts.isEvent = true;
    },
  };
}
