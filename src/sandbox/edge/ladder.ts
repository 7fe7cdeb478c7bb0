/** The renditions and segments of the edge's streams, shared by HLS and DASH. */

export interface Rendition {
  readonly name: string;
  readonly kbps: number;
  readonly codecs: string;
  readonly width?: number;
  readonly height?: number;
}

/** From the lowest bit rate up. Low rates keep the warming of a whole stream short. */
export const videos = [
  { name: "video-240p", kbps: 200, width: 426, height: 240, codecs: "avc1.4d4015" },
  { name: "video-360p", kbps: 400, width: 640, height: 360, codecs: "avc1.4d401e" },
  { name: "video-480p", kbps: 800, width: 854, height: 480, codecs: "avc1.4d401f" },
] as const satisfies readonly Rendition[];

export const audio = { name: "audio-64k", kbps: 64, codecs: "mp4a.40.2" } as const satisfies Rendition;

/** DASH lacks the middle rendition. */
export const dashVideos: readonly Rendition[] = [videos[0], videos[2]];

/** The bit rate of streams with a single rendition. */
export const SINGLE_KBPS = 400;

export const SEGMENT_SECONDS = 6;
/** A stream of ten minutes. */
export const SEGMENTS = 100;
/** Segments that a live playlist lists, and segments that the edge still serves. */
export const LIVE_SEGMENTS = 10;
export const LIVE_KEPT_SEGMENTS = 100;

export const INIT_BYTES = 1_024;

/** Exactly the bit rate times the duration, so that tests can compare estimated with transferred bytes. */
export function segmentBytes(kbps: number): number {
  return (kbps * 1_000 * SEGMENT_SECONDS) / 8;
}

export function segmentName(number: number, ending: "m4s" | "ts"): string {
  return `segment-${String(number).padStart(5, "0")}.${ending}`;
}
