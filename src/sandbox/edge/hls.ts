/** The HLS playlists of the sandbox's edge (RFC 8216). */

import { audio, LIVE_SEGMENTS, type Rendition, SEGMENT_SECONDS, SEGMENTS, SINGLE_KBPS, segmentName, videos } from "./ladder.ts";

const playlist = (lines: readonly string[]): string =>
  `#EXTM3U\n# A stream of the sandbox. Its URLs work, but their content cannot be played.\n${lines.join("\n")}\n`;

/** The multivariant playlist, with audio in a group of its own. */
export function hlsMaster(): string {
  const variants = videos.flatMap(({ name, kbps, width, height, codecs }) => {
    const rate = (kbps + audio.kbps) * 1_000;
    const facts = `BANDWIDTH=${rate},AVERAGE-BANDWIDTH=${rate},RESOLUTION=${width}x${height},FRAME-RATE=25.000`;
    return [`#EXT-X-STREAM-INF:${facts},CODECS="${codecs},${audio.codecs}",AUDIO="audio"`, `${name}/index.m3u8`];
  });
  return playlist([
    "#EXT-X-VERSION:7",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Sandbox",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="${audio.name}/index.m3u8"`,
    ...variants,
  ]);
}

/** One rendition in CMAF. */
export function hlsMedia({ kbps }: Rendition): string {
  return playlist([...vod(7), '#EXT-X-MAP:URI="init.mp4"', ...segments(kbps, 1, SEGMENTS, "m4s"), "#EXT-X-ENDLIST"]);
}

/** One rendition in transport streams, without a multivariant playlist. */
export function hlsTransport(): string {
  return playlist([...vod(3), ...segments(SINGLE_KBPS, 1, SEGMENTS, "ts"), "#EXT-X-ENDLIST"]);
}

/** The latest complete segments. `next` is the number of the segment that is still growing. */
export function hlsLive(next: number): string {
  const first = Math.max(0, next - LIVE_SEGMENTS);
  const begin = new Date(first * SEGMENT_SECONDS * 1_000).toISOString();
  return playlist([
    "#EXT-X-VERSION:3",
    `#EXT-X-TARGETDURATION:${SEGMENT_SECONDS}`,
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    `#EXT-X-PROGRAM-DATE-TIME:${begin}`,
    ...segments(SINGLE_KBPS, first, next - first, "ts"),
  ]);
}

function vod(version: number): string[] {
  return [
    `#EXT-X-VERSION:${version}`,
    `#EXT-X-TARGETDURATION:${SEGMENT_SECONDS}`,
    "#EXT-X-MEDIA-SEQUENCE:1",
    "#EXT-X-PLAYLIST-TYPE:VOD",
    "#EXT-X-INDEPENDENT-SEGMENTS",
  ];
}

function segments(kbps: number, first: number, count: number, ending: "m4s" | "ts"): string[] {
  const named = Array.from({ length: count }, (_, index) => segmentName(first + index, ending));
  return [`#EXT-X-BITRATE:${kbps}`, ...named.flatMap((name) => [`#EXTINF:${SEGMENT_SECONDS}.000,`, name])];
}
