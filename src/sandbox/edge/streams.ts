/** The streams at the sandbox's edge: which paths they have, and what is at each. */

import { dashManifest } from "./dash.ts";
import { hlsLive, hlsMaster, hlsMedia, hlsTransport } from "./hls.ts";
import {
  audio,
  dashVideos,
  INIT_BYTES,
  LIVE_KEPT_SEGMENTS,
  type Rendition,
  SEGMENT_SECONDS,
  SEGMENTS,
  SINGLE_KBPS,
  segmentBytes,
  segmentName,
  videos,
} from "./ladder.ts";

export interface StreamCounts {
  /** The stream's manifest; its second folder may be called anything. */
  readonly path: string;
  /** URLs by what is warmed of the stream: its manifests, what starts playback, everything. */
  readonly manifests: number;
  readonly startup: number;
  readonly full: number;
}

/** How many URLs the streams come to, as the warmer's scopes choose them. */
export const edgeStreams = {
  /** Three rungs of video and one of audio: 5 playlists, 4 headers, 4 times 100 segments. */
  hls: { path: "/hls/sandbox/master.m3u8", manifests: 5, startup: 29, full: 409 },
  /** One rendition of 100 segments, without a header. */
  hlsTransport: { path: "/hls-ts/sandbox/index.m3u8", manifests: 1, startup: 6, full: 101 },
  /** However much is wanted of a live stream, only what is near its edge is. */
  live: { path: "/live/sandbox/index.m3u8", manifests: 1, startup: 6, full: 6 },
  /** Two rungs of video and one of audio: 3 headers, 3 times 100 segments. */
  dash: { path: "/dash/sandbox/manifest.mpd", manifests: 1, startup: 19, full: 304 },
} as const satisfies Record<string, StreamCounts>;

export type StreamFile = { readonly text: string; readonly maxAgeS: number } | { readonly bytes: number };

const STATIC_S = 3_600;
/** Less than players wait before they ask again. */
const LIVE_S = 2;

/** The file as it is at that moment: `absent` where a stream has none of this name, `undefined` outside of all streams. */
export function streamFile(path: string, at: number): StreamFile | "absent" | undefined {
  const [, kind, file] = /^\/(hls|hls-ts|live|dash)\/[^/]+\/(.+)$/.exec(path) ?? [];
  // As assets of emulated vendors have one.
  if (kind === undefined && path.endsWith("/index.m3u8")) return transportFile("index.m3u8");
  if (kind === undefined || file === undefined) return undefined;
  const found =
    kind === "hls" ? hlsFile(file) : kind === "dash" ? dashFile(file) : kind === "live" ? liveFile(file, at) : transportFile(file);
  return found ?? "absent";
}

function hlsFile(file: string): StreamFile | undefined {
  if (file === "master.m3u8") return manifest(hlsMaster());
  const renditions: readonly Rendition[] = [...videos, audio];
  const rendition = renditions.find(({ name }) => file === `${name}/index.m3u8`);
  return rendition ? manifest(hlsMedia(rendition)) : mediaFile(file, renditions);
}

function dashFile(file: string): StreamFile | undefined {
  return file === "manifest.mpd" ? manifest(dashManifest()) : mediaFile(file, [...dashVideos, audio]);
}

function transportFile(file: string): StreamFile | undefined {
  if (file === "index.m3u8") return manifest(hlsTransport());
  return numberOf(file, "ts") === undefined ? undefined : { bytes: segmentBytes(SINGLE_KBPS) };
}

/** Segments are numbered from the epoch on; those that are not over yet are not there yet. */
function liveFile(file: string, at: number): StreamFile | undefined {
  const next = Math.floor(at / (SEGMENT_SECONDS * 1_000));
  if (file === "index.m3u8") return { text: hlsLive(next), maxAgeS: LIVE_S };
  const number = Number(/^segment-(\d{5,12})\.ts$/.exec(file)?.[1]);
  const isThere = file === segmentName(number, "ts") && number < next && number >= next - LIVE_KEPT_SEGMENTS;
  return isThere ? { bytes: segmentBytes(SINGLE_KBPS) } : undefined;
}

function mediaFile(path: string, renditions: readonly Rendition[]): StreamFile | undefined {
  const [folder, file = "", ...more] = path.split("/");
  const rendition = renditions.find(({ name }) => name === folder);
  if (rendition === undefined || more.length > 0) return undefined;
  if (file === "init.mp4") return { bytes: INIT_BYTES };
  return numberOf(file, "m4s") === undefined ? undefined : { bytes: segmentBytes(rendition.kbps) };
}

/** Of a segment that a recording has. */
function numberOf(file: string, ending: "m4s" | "ts"): number | undefined {
  const number = Number(/^segment-(\d{5})\./.exec(file)?.[1]);
  return number >= 1 && number <= SEGMENTS && file === segmentName(number, ending) ? number : undefined;
}

function manifest(text: string): StreamFile {
  return { text, maxAgeS: STATIC_S };
}
