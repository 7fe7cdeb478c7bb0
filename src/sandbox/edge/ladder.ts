/** What the streams at the sandbox's edge are made of: the same renditions in HLS and DASH, in segments of six seconds. */

export interface Rendition {
  readonly name: string;
  readonly kbps: number;
  readonly codecs: string;
  readonly width?: number;
  readonly height?: number;
}

/** From the lowest rung up; small, so that a whole stream is warmed in no time. */
export const videos = [
  { name: "video-240p", kbps: 200, width: 426, height: 240, codecs: "avc1.4d4015" },
  { name: "video-360p", kbps: 400, width: 640, height: 360, codecs: "avc1.4d401e" },
  { name: "video-480p", kbps: 800, width: 854, height: 480, codecs: "avc1.4d401f" },
] as const satisfies readonly Rendition[];

export const audio = { name: "audio-64k", kbps: 64, codecs: "mp4a.40.2" } as const satisfies Rendition;

/** DASH leaves the rung in the middle out. */
export const dashVideos: readonly Rendition[] = [videos[0], videos[2]];

/** The only rendition of the transport streams. */
export const SINGLE_KBPS = 400;

export const SEGMENT_SECONDS = 6;
/** Ten minutes. */
export const SEGMENTS = 100;
/** Segments that a live playlist names, and that can still be had after it names them no more. */
export const LIVE_SEGMENTS = 10;
export const LIVE_KEPT_SEGMENTS = 100;

export const INIT_BYTES = 1_024;

/** Exactly what its rendition's rate comes to, so that estimates can be held against what was transferred. */
export function segmentBytes(kbps: number): number {
  return (kbps * 1_000 * SEGMENT_SECONDS) / 8;
}

export function segmentName(number: number, ending: "m4s" | "ts"): string {
  return `segment-${String(number).padStart(5, "0")}.${ending}`;
}
