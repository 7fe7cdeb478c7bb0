/**
 * Every URL of an HLS playlist in one pass (RFC 8216 and draft-pantos-hls-rfc8216bis). It never fails: what it does not
 * understand it passes over, as players do, and a URI that leads nowhere is named with the reason.
 */

import type { Manifest, MediaContext, MediaKind } from "../manifest.ts";
import { type Attributes, linesOf, readAttributes, readInteger, readSeconds, readSignedSeconds } from "./grammar.ts";
import { HlsTimeline } from "./timeline.ts";
import { type HlsOptions, HlsUrls } from "./urls.ts";

/** `url` is where the text came from in the end, after redirects. */
export function readHls(text: string, url: string, context: MediaContext = {}, options: HlsOptions = {}): Manifest {
  return new HlsReader(url, context, options).read(text);
}

class HlsReader {
  readonly #context: MediaContext;
  readonly #urls: HlsUrls;
  readonly #timeline: HlsTimeline;
  #variant: Attributes | undefined;
  #kindSaid: MediaKind | undefined;
  #namesPlaylists = false;
  #ended = false;
  #delta = false;
  #start: number | undefined;

  constructor(url: string, context: MediaContext, options: HlsOptions) {
    this.#context = context;
    this.#start = context.start;
    this.#urls = new HlsUrls(url, context, options);
    this.#timeline = new HlsTimeline(this.#urls, options);
  }

  read(text: string): Manifest {
    for (const line of linesOf(text)) {
      if (!line.startsWith("#")) this.#uri(line);
      else if (line.startsWith("#EXT")) this.#tag(line);
    }
    const { time, targetDuration, segments } = this.#timeline;
    const live = segments > 0 && !this.#ended;
    const begin = this.#start === undefined ? 0 : this.#start < 0 ? Math.max(0, time + this.#start) : Math.min(this.#start, time);
    return {
      format: "hls",
      shape: this.#namesPlaylists && segments === 0 ? "multivariant" : "media",
      live,
      targetDuration,
      duration: segments > 0 ? time : undefined,
      start: this.#start,
      delta: this.#delta,
      variables: this.#urls.variables.values,
      // A live stream is joined near its edge, wherever it says that it begins.
      urls: this.#urls.list({ begin: live ? 0 : begin, edgeAt: live ? time : undefined, kind: this.#kindSaid }),
      skipped: this.#urls.skipped,
    };
  }

  #uri(line: string): void {
    if (this.#variant === undefined) this.#timeline.segment(line);
    else {
      this.#urls.variant(line, this.#variant);
      this.#variant = undefined;
    }
  }

  #tag(line: string): void {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon).trimEnd();
    const value = colon < 0 ? "" : line.slice(colon + 1);
    if (this.#timeline.tag(name, value)) return;
    const attributes = readAttributes(value);
    switch (name) {
      case "#EXT-X-STREAM-INF":
        this.#variant = attributes;
        this.#namesPlaylists = true;
        break;
      case "#EXT-X-MEDIA":
        this.#urls.rendition(attributes);
        this.#namesPlaylists = true;
        break;
      case "#EXT-X-I-FRAME-STREAM-INF":
        this.#urls.trickPlay("iframe", attributes);
        this.#namesPlaylists = true;
        break;
      // Roku's image media playlists, in use well beyond Roku.
      case "#EXT-X-IMAGE-STREAM-INF":
        this.#urls.trickPlay("image", attributes);
        this.#namesPlaylists = true;
        break;
      case "#EXT-X-SESSION-KEY":
        this.#urls.key(attributes);
        break;
      case "#EXT-X-SESSION-DATA":
        this.#urls.plain("data", attributes.get("URI"));
        break;
      case "#EXT-X-CONTENT-STEERING":
        this.#urls.plain("steering", attributes.get("SERVER-URI"));
        break;
      case "#EXT-X-RENDITION-REPORT":
        this.#urls.plain("report", attributes.get("URI"));
        break;
      case "#EXT-X-DATERANGE":
        this.#interstitial(attributes);
        break;
      case "#EXT-X-DEFINE":
        this.#urls.variables.define(attributes);
        break;
      case "#EXT-X-START":
        this.#start = readSignedSeconds(attributes.get("TIME-OFFSET")) ?? this.#context.start;
        break;
      case "#EXT-X-SKIP":
        this.#delta = true;
        this.#timeline.skip(readInteger(attributes.get("SKIPPED-SEGMENTS")) ?? 0);
        break;
      case "#EXT-X-I-FRAMES-ONLY":
        this.#kindSaid = "iframe";
        break;
      case "#EXT-X-IMAGES-ONLY":
        this.#kindSaid = "image";
        break;
      case "#EXT-X-ENDLIST":
        this.#ended = true;
        break;
      case "#EXT-X-PLAYLIST-TYPE":
        if (value.trim() === "VOD") this.#ended = true;
        break;
    }
  }

  /** Apple's interstitials (rfc8216bis, appendix D): a playlist of its own, or a list that is made for each viewer. */
  #interstitial(attributes: Attributes): void {
    const offset = attributes.get("CUE")?.includes("PRE") ? 0 : this.#timeline.timeOf(attributes.get("START-DATE"));
    const duration = readSeconds(attributes.get("DURATION") ?? attributes.get("PLANNED-DURATION"));
    const rendition = `interstitial/${attributes.get("ID") ?? ""}`;
    this.#urls.plain("playlist", attributes.get("X-ASSET-URI"), { kind: "interstitial", rendition, offset, duration });
    this.#urls.plain("asset_list", attributes.get("X-ASSET-LIST"), { kind: "interstitial", rendition, offset, duration });
  }
}
