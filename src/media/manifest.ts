/** The URLs that a viewer of a manifest fetches, in one form for HLS and DASH. */

import type { SkippedUri } from "../prefetch/model/left-out.ts";

/** The part that an object plays in a stream. */
export type MediaRole =
  | "playlist"
  /** Initialization section of a rendition, without media. */
  | "init"
  | "segment"
  /** A whole rendition in one file, as in DASH's on-demand profile. */
  | "file"
  /** Part of a segment that is still growing (low-latency HLS). */
  | "part"
  /** The next part, announced before it exists (low-latency HLS). */
  | "hint"
  /** Session data (HLS), such as titles. */
  | "data"
  // The roles below differ for each viewer or change every few seconds. They are listed, but never warmed.
  /** Position of another live playlist (`EXT-X-RENDITION-REPORT`). */
  | "report"
  /** Where a DASH manifest has moved to. */
  | "location"
  | "steering"
  /** List of advertisements (`X-ASSET-LIST`). */
  | "asset_list";

/** The content of an object. `main` when no manifest says it, as in a media playlist that is read on its own. */
export type MediaKind = "main" | "video" | "audio" | "subtitle" | "iframe" | "image" | "event" | "interstitial";

/** A byte range of a file, with its place on the time line when it is media. */
export interface MediaRange {
  readonly start: number;
  /** `undefined`: up to the end of the file. */
  readonly length: number | undefined;
  readonly offset: number | undefined;
  readonly duration: number | undefined;
}

export interface MediaUrl {
  readonly url: string;
  readonly host: string;
  readonly role: MediaRole;
  readonly kind: MediaKind;
  /** Identifies one quality, language or view, such as "video/640x360@800000". The same rendition has one name on all hosts. */
  readonly rendition: string;
  /** Peak bits per second. */
  readonly bandwidth: number | undefined;
  /** Average bits per second. */
  readonly average: number | undefined;
  /** Seconds after the place where players start. Negative for media before `EXT-X-START`. */
  readonly offset: number | undefined;
  readonly duration: number | undefined;
  /** Seconds from its beginning to the live edge; `undefined` when the stream is not live. */
  readonly edge: number | undefined;
  /** The live stream keeps it until its end, as an EVENT playlist keeps every segment. */
  readonly lasting?: boolean | undefined;
  /** The ranges that the stream uses; `undefined` when it uses the whole file. */
  readonly ranges: readonly MediaRange[] | undefined;
  /** Exact for ranges, otherwise estimated as bandwidth times duration. */
  readonly bytes: number | undefined;
  /** 0 on the first host that offers the rendition, 1 on the next. */
  readonly alternative: number;
}

/** The URIs that lead to no URL, with the reason. Keys and gaps are left out without a word. */
export interface Skipped {
  readonly list: readonly SkippedUri[];
  /** Those beyond the list included. */
  readonly count: number;
}

export interface Manifest {
  readonly format: "hls" | "dash";
  readonly shape: "multivariant" | "media";
  /** The manifest may still grow. */
  readonly live: boolean;
  readonly targetDuration: number | undefined;
  readonly duration: number | undefined;
  /** Seconds after the beginning at which players start. A negative value counts from the end. */
  readonly start: number | undefined;
  /** An HLS delta update: it omits segments that the previous playlist had. */
  readonly delta: boolean;
  readonly variables: ReadonlyMap<string, string>;
  readonly urls: readonly MediaUrl[];
  readonly skipped: Skipped;
  /** URLs of elements outside the manifest (xlink). With their texts, it is read again. */
  readonly remote?: readonly string[];
}

/** Facts that a multivariant playlist states about the media playlist that is read next. */
export interface MediaContext {
  readonly kind?: MediaKind | undefined;
  readonly rendition?: string | undefined;
  readonly bandwidth?: number | undefined;
  readonly average?: number | undefined;
  readonly start?: number | undefined;
  readonly variables?: ReadonlyMap<string, string> | undefined;
  /** Where an interstitial stands on the time line of the stream that contains it: its `offset`, `edge` and `lasting`. */
  readonly place?: Pick<MediaUrl, "offset" | "edge" | "lasting"> | undefined;
}

/** Trick play, the pictures that players show while a viewer scrubs, and tracks of events (DASH). Playback starts without them. */
export function isTrickPlay(kind: MediaKind): boolean {
  return kind === "iframe" || kind === "image" || kind === "event";
}

/** The fields of a URL that no time line and no byte range holds. */
export const untimed = {
  average: undefined,
  offset: undefined,
  duration: undefined,
  edge: undefined,
  ranges: undefined,
  bytes: undefined,
} as const;
