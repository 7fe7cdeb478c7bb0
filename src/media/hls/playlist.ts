/**
 * Reads every URL of an HLS playlist in one pass (RFC 8216 and draft-pantos-hls-rfc8216bis). Reading never fails: like a
 * player, it ignores tags that it does not know. A URI that leads to no URL is reported with the reason.
 */

import type { Manifest, MediaContext, MediaKind } from "../manifest.ts";
import {
  type Attributes,
  linesOf,
  readAttributes,
  readInteger,
  readSeconds,
  readSignedSeconds,
  splitTag,
  type TagHandlers,
} from "./grammar.ts";
import type { HlsOptions } from "./options.ts";
import { renditionFacts, trickPlayFacts, variantFacts } from "./renditions.ts";
import { createTimeline, type Timeline } from "./timeline.ts";
import { createHlsUrls, type HlsUrls } from "./urls.ts";
import { createVariables, type Variables } from "./variables.ts";

/** Facts about the playlist as a whole, as its tags state them. */
interface PlaylistFacts {
  /** The `EXT-X-STREAM-INF` to which the next URI belongs. */
  variant?: Attributes | undefined;
  kind?: MediaKind;
  namesPlaylists?: boolean;
  isComplete?: boolean;
  isDelta?: boolean;
  start: number | undefined;
}

/** `url` is the playlist's URL after redirects. */
export function readHls(text: string, url: string, context: MediaContext = {}, options: HlsOptions = {}): Manifest {
  const base = URL.parse(url);
  const variables = createVariables(context.variables, base);
  const urls = createHlsUrls(base, context, options, variables);
  const timeline = createTimeline(urls, context, options);
  const facts: PlaylistFacts = { start: context.start };
  const tags: TagHandlers = {
    ...timeline.tags,
    ...listingTags(facts, urls, options),
    ...playlistTags(facts, context, timeline, variables),
    ...interstitialTag(urls, timeline),
  };
  for (const line of linesOf(text)) {
    if (line.startsWith("#EXT")) {
      const { name, value } = splitTag(line);
      tags[name]?.(value);
    } else if (!line.startsWith("#")) addUri(line, facts, urls, timeline);
  }
  return manifestOf(facts, urls, timeline, variables);
}

function addUri(uri: string, facts: PlaylistFacts, urls: HlsUrls, timeline: Timeline): void {
  if (facts.variant === undefined) timeline.addSegment(uri);
  else urls.add("playlist", uri, variantFacts(facts.variant));
  facts.variant = undefined;
}

function manifestOf(facts: PlaylistFacts, urls: HlsUrls, timeline: Timeline, { values }: Variables): Manifest {
  const { time, targetDuration, segments } = timeline;
  const live = segments > 0 && !facts.isComplete;
  return {
    format: "hls",
    shape: facts.namesPlaylists && segments === 0 ? "multivariant" : "media",
    live,
    targetDuration,
    duration: segments > 0 ? time : undefined,
    start: facts.start,
    delta: facts.isDelta ?? false,
    variables: values,
    // Players join a live stream near its edge, whatever its start tag says.
    urls: urls.list({ begin: live ? 0 : beginOf(facts.start, time), edgeAt: live ? time : undefined, kind: facts.kind }),
    skipped: urls.skipped,
  };
}

/** A negative start counts from the end. */
function beginOf(start: number | undefined, end: number): number {
  if (start === undefined) return 0;
  return start < 0 ? Math.max(0, end + start) : Math.min(start, end);
}

/** Tags that name other playlists and objects. */
function listingTags(facts: PlaylistFacts, urls: HlsUrls, { keys }: HlsOptions): TagHandlers {
  const addKey = (value: string): void => {
    const attributes = readAttributes(value);
    if (keys && attributes.get("METHOD") !== "NONE") urls.add("key", attributes.get("URI"));
  };
  const addTrickPlay = (kind: "iframe" | "image", value: string): void => {
    const attributes = readAttributes(value);
    urls.add("playlist", attributes.get("URI"), trickPlayFacts(kind, attributes));
    facts.namesPlaylists = true;
  };
  return {
    "#EXT-X-STREAM-INF": (value) => {
      facts.variant = readAttributes(value);
      facts.namesPlaylists = true;
    },
    // Without a URI, the rendition is part of the variants' own segments.
    "#EXT-X-MEDIA": (value) => {
      const attributes = readAttributes(value);
      urls.add("playlist", attributes.get("URI"), renditionFacts(attributes));
      facts.namesPlaylists = true;
    },
    "#EXT-X-I-FRAME-STREAM-INF": (value) => addTrickPlay("iframe", value),
    // An extension by Roku that other players have adopted.
    "#EXT-X-IMAGE-STREAM-INF": (value) => addTrickPlay("image", value),
    "#EXT-X-KEY": addKey,
    "#EXT-X-SESSION-KEY": addKey,
    "#EXT-X-SESSION-DATA": (value) => urls.add("data", readAttributes(value).get("URI")),
    "#EXT-X-CONTENT-STEERING": (value) => urls.add("steering", readAttributes(value).get("SERVER-URI")),
    "#EXT-X-RENDITION-REPORT": (value) => urls.add("report", readAttributes(value).get("URI")),
  };
}

/** Tags about the playlist as a whole. */
function playlistTags(facts: PlaylistFacts, context: MediaContext, timeline: Timeline, variables: Variables): TagHandlers {
  return {
    "#EXT-X-DEFINE": (value) => variables.define(readAttributes(value)),
    "#EXT-X-START": (value) => {
      facts.start = readSignedSeconds(readAttributes(value).get("TIME-OFFSET")) ?? context.start;
    },
    "#EXT-X-SKIP": (value) => {
      facts.isDelta = true;
      timeline.addOmittedSegments(readInteger(readAttributes(value).get("SKIPPED-SEGMENTS")) ?? 0);
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
    },
  };
}

/** An interstitial names either one playlist (`X-ASSET-URI`) or a list that differs for each viewer (rfc8216bis, appendix D). */
function interstitialTag(urls: HlsUrls, timeline: Timeline): TagHandlers {
  return {
    "#EXT-X-DATERANGE": (value) => {
      const attributes = readAttributes(value);
      const offset = attributes.get("CUE")?.includes("PRE") ? 0 : timeline.timeOf(attributes.get("START-DATE"));
      const duration = readSeconds(attributes.get("DURATION") ?? attributes.get("PLANNED-DURATION"));
      const facts = { kind: "interstitial", rendition: `interstitial/${attributes.get("ID") ?? ""}`, offset, duration } as const;
      urls.add("playlist", attributes.get("X-ASSET-URI"), facts);
      urls.add("asset_list", attributes.get("X-ASSET-LIST"), facts);
    },
  };
}
