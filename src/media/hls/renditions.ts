/** Kind, name and bit rate of the playlists that a multivariant playlist names. */

import type { MediaKind, MediaUrl } from "../manifest.ts";
import { type Attributes, readInteger } from "./grammar.ts";

type RenditionFacts = Pick<MediaUrl, "kind" | "rendition"> & Partial<Pick<MediaUrl, "bandwidth" | "average">>;

/** `EXT-X-STREAM-INF`. */
export function variantFacts(attributes: Attributes): RenditionFacts {
  const kind = isAudioOnly(attributes) ? "audio" : "video";
  const name = attributes.get("STABLE-VARIANT-ID") ?? qualityOf(attributes);
  return { kind, rendition: `${kind}/${name}`, ...ratesOf(attributes) };
}

/** `EXT-X-MEDIA`. */
export function renditionFacts(attributes: Attributes): RenditionFacts {
  const kind = kindByType.get(attributes.get("TYPE") ?? "") ?? "main";
  const name = attributes.get("STABLE-RENDITION-ID") ?? `${attributes.get("GROUP-ID") ?? ""}/${attributes.get("NAME") ?? ""}`;
  return { kind, rendition: `${kind}/${name}` };
}

/** `EXT-X-I-FRAME-STREAM-INF` and `EXT-X-IMAGE-STREAM-INF`. */
export function trickPlayFacts(kind: "iframe" | "image", attributes: Attributes): RenditionFacts {
  return { kind, rendition: `${kind}/${qualityOf(attributes)}`, ...ratesOf(attributes) };
}

const kindByType: ReadonlyMap<string, MediaKind> = new Map([
  ["AUDIO", "audio"],
  ["VIDEO", "video"],
  ["SUBTITLES", "subtitle"],
]);

/** The audio codecs of HLS streams, as RFC 6381 writes them. */
const AUDIO_CODEC = /^(?:mp4a|ac-3|ec-3|ac-4|opus|flac|alac|mp3)(?:\.|$)/i;

/** A rendition has one or two codecs. To split a list of millions could need more memory than the thread has. */
const LONGEST_CODECS = 1_000;

function isAudioOnly(attributes: Attributes): boolean {
  const codecs = attributes.get("CODECS")?.slice(0, LONGEST_CODECS).split(",") ?? [];
  return codecs.length > 0 && codecs.every((codec) => AUDIO_CODEC.test(codec.trim())) && !attributes.has("RESOLUTION");
}

function qualityOf(attributes: Attributes): string {
  return `${attributes.get("RESOLUTION") ?? ""}@${attributes.get("BANDWIDTH") ?? ""}`;
}

function ratesOf(attributes: Attributes): Pick<MediaUrl, "bandwidth" | "average"> {
  return { bandwidth: readInteger(attributes.get("BANDWIDTH")), average: readInteger(attributes.get("AVERAGE-BANDWIDTH")) };
}
