/** What a manifest says that a viewer will fetch, in one form for HLS and DASH. */

/**
 * What an object is. `file` is a whole rendition in one file, as DASH's on-demand profile has it. `report`, `location`,
 * `steering` and `asset_list` change with every viewer or every few seconds: they are named, but not worth warming.
 */
const mediaRoles = [
  "playlist",
  "init",
  "segment",
  "file",
  "part",
  "hint",
  "key",
  "data",
  "report",
  "location",
  "steering",
  "asset_list",
] as const;
export type MediaRole = (typeof mediaRoles)[number];

/** What is in it; `main` when nothing says so, as in a media playlist that was asked for by itself. */
const mediaKinds = ["main", "video", "audio", "subtitle", "iframe", "image", "interstitial"] as const;
export type MediaKind = (typeof mediaKinds)[number];

/** Bytes of a file, and the time that they play at where they are media. */
export interface MediaRange {
  readonly start: number;
  /** `undefined` reaches to the end of the file. */
  readonly length: number | undefined;
  readonly offset: number | undefined;
  readonly duration: number | undefined;
}

export interface MediaUrl {
  readonly url: string;
  readonly host: string;
  readonly role: MediaRole;
  readonly kind: MediaKind;
  /** Names one rung, language or view; the same rendition on another host has the same name. */
  readonly rendition: string;
  /** Bits per second at the peak, and on average where that is stated too. */
  readonly bandwidth: number | undefined;
  readonly average: number | undefined;
  /** Seconds from where players begin; below zero for what lies before `EXT-X-START`. */
  readonly offset: number | undefined;
  readonly duration: number | undefined;
  /** Seconds from its beginning to the live edge; `undefined` for what does not grow. */
  readonly edge: number | undefined;
  /** The ranges that are used of a file; `undefined` when the whole of it is. */
  readonly ranges: readonly MediaRange[] | undefined;
  /** Size as the manifest lets it be known: ranges exactly, bandwidth times duration roughly. */
  readonly bytes: number | undefined;
  /** 0 for the first host that a rendition is offered on, 1 for the next. */
  readonly alternative: number;
}

/** A URI that leads to no URL, and why. */
export interface SkippedUri {
  readonly uri: string;
  readonly role: MediaRole;
  readonly reason: string;
}

export interface Manifest {
  readonly format: "hls" | "dash";
  readonly shape: "multivariant" | "media";
  /** Whether it may still grow. */
  readonly live: boolean;
  readonly targetDuration: number | undefined;
  readonly duration: number | undefined;
  /** Where players begin, in seconds; below zero counts from the end. */
  readonly start: number | undefined;
  /** A delta update leaves out what the last answer had. */
  readonly delta: boolean;
  readonly variables: ReadonlyMap<string, string>;
  readonly urls: readonly MediaUrl[];
  readonly skipped: readonly SkippedUri[];
}

/** What the playlist above says of the one that is read. */
export interface MediaContext {
  readonly kind?: MediaKind | undefined;
  readonly rendition?: string | undefined;
  readonly bandwidth?: number | undefined;
  readonly average?: number | undefined;
  readonly start?: number | undefined;
  readonly variables?: ReadonlyMap<string, string> | undefined;
}

const SHOWN_OF_URI = 200;

export function shownUri(uri: string): string {
  return uri.length > SHOWN_OF_URI ? `${uri.slice(0, SHOWN_OF_URI)}…` : uri;
}

/** Trick play is what players fetch only when a viewer scrubs. */
export function isTrickPlay(kind: MediaKind): boolean {
  return kind === "iframe" || kind === "image";
}
