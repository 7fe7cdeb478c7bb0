/** The streams of the sandbox's edge: their paths, and the file at each path. */

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
  /** The path of the manifest. The second folder may have any name. */
  readonly path: string;
  /** URLs for each of the warmer's scopes. */
  readonly manifests: number;
  readonly startup: number;
  readonly full: number;
}

/** The streams, with the number of URLs that each scope selects. */
export const edgeStreams = {
  /** Three video renditions and one of audio: 5 playlists, 4 init segments, 4 times 100 segments. */
  hls: { path: "/hls/sandbox/master.m3u8", manifests: 5, startup: 29, full: 409 },
  /** One rendition of 100 segments, without an init segment. */
  hlsTransport: { path: "/hls-ts/sandbox/index.m3u8", manifests: 1, startup: 6, full: 101 },
  /** Every scope selects only the segments near the live edge. */
  live: { path: "/live/sandbox/index.m3u8", manifests: 1, startup: 6, full: 6 },
  /** Two video renditions and one of audio: 3 init segments, 3 times 100 segments. */
  dash: { path: "/dash/sandbox/manifest.mpd", manifests: 1, startup: 19, full: 304 },
} as const satisfies Record<string, StreamCounts>;

export type StreamFile = { readonly text: string; readonly maxAgeS: number } | { readonly bytes: number };

const STATIC_S = 3_600;
/** Shorter than a segment, so that a player's next request gets a new playlist. */
const LIVE_S = 2;

/** The file at this time. `absent`: the stream has no such file. `undefined`: the path belongs to no stream. */
export function streamFile(path: string, at: number): StreamFile | "absent" | undefined {
  const [, kind, file] = /^\/(hls|hls-ts|live|dash)\/[^/]+\/(.+)$/.exec(path) ?? [];
  // The emulated vendors' sample assets have such a playlist.
  if (kind === undefined && path.endsWith("/index.m3u8")) return transportFile("index.m3u8");
  if (kind === undefined || file === undefined) return undefined;
  return files.get(kind)?.(file, at) ?? "absent";
}

const files = new Map<string, (file: string, at: number) => StreamFile | undefined>([
  ["hls", hlsFile],
  ["hls-ts", transportFile],
  ["live", liveFile],
  ["dash", dashFile],
]);

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

/** Segments are numbered from the epoch. A segment exists from its end on. */
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

/** The number of a recording's segment; `undefined` if there is no such segment. */
function numberOf(file: string, ending: "m4s" | "ts"): number | undefined {
  const number = Number(/^segment-(\d{5})\./.exec(file)?.[1]);
  return number >= 1 && number <= SEGMENTS && file === segmentName(number, ending) ? number : undefined;
}

function manifest(text: string): StreamFile {
  return { text, maxAgeS: STATIC_S };
}
