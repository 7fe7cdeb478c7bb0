/** The DASH manifest of the sandbox's edge (ISO/IEC 23009-1). */

import { audio, dashVideos, type Rendition, SEGMENT_SECONDS, SEGMENTS } from "./ladder.ts";

/** A static manifest with numbered segments. */
export function dashManifest(): string {
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static"',
    `  mediaPresentationDuration="PT${SEGMENTS * SEGMENT_SECONDS}S" minBufferTime="PT${SEGMENT_SECONDS}S">`,
    "  <ProgramInformation><Title>A stream of the sandbox. Its URLs work, but their content cannot be played.</Title></ProgramInformation>",
    '  <Period id="1" start="PT0S">',
    ...adaptationSet("video", dashVideos),
    ...adaptationSet("audio", [audio]),
    "  </Period>",
    "</MPD>",
    "",
  ].join("\n");
}

function adaptationSet(type: "video" | "audio", renditions: readonly Rendition[]): string[] {
  return [
    `    <AdaptationSet contentType="${type}" mimeType="${type}/mp4" lang="en" segmentAlignment="true" startWithSAP="1">`,
    `      <SegmentTemplate timescale="1" duration="${SEGMENT_SECONDS}" startNumber="1"`,
    '        initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/segment-$Number%05d$.m4s"/>',
    ...renditions.map(({ name, kbps, codecs, width, height }) => {
      const size = width === undefined || height === undefined ? "" : ` width="${width}" height="${height}"`;
      return `      <Representation id="${name}" bandwidth="${kbps * 1_000}" codecs="${codecs}"${size}/>`;
    }),
    "    </AdaptationSet>",
  ];
}
