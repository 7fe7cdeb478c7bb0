/** Kind, name and bit rate of DASH representations. */

import { attribute } from "../../documents/attributes.ts";
import type { MediaKind, MediaUrl } from "../manifest.ts";
import { isThumbnails, isTrickMode, lastSegmentNumber } from "./descriptors.ts";
import { childOf, type XmlElement } from "./xml.ts";

export type DashRendition = Pick<MediaUrl, "kind" | "rendition" | "bandwidth" | "alternative">;

/** The rendition of a URL that belongs to no representation. */
export const noRendition: DashRendition = { kind: "main", rendition: "main", bandwidth: undefined, alternative: 0 };

/** Facts of a set that hold for all of its representations, found once because there may be thousands. */
export interface SetFacts {
  readonly set: XmlElement;
  readonly isTrickMode: boolean;
  readonly isThumbnails: boolean;
  readonly component: string;
  readonly lastNumber: string | undefined;
}

export function factsOf(set: XmlElement): SetFacts {
  return {
    set,
    isTrickMode: isTrickMode(set),
    isThumbnails: isThumbnails(set),
    component: attribute(childOf(set, "ContentComponent"), "contentType") ?? "",
    lastNumber: lastSegmentNumber(set),
  };
}

export function renditionOf(representation: XmlElement, facts: SetFacts): DashRendition {
  const [id, lang] = [attribute(representation, "id"), attribute(facts.set, "lang")];
  const rate = attribute(representation, "bandwidth")?.trim();
  const bandwidth = rate !== undefined && /^\d{1,15}$/.test(rate) ? Number(rate) : undefined;
  const kind = kindOf(representation, facts);
  return { kind, rendition: `${kind}/${id ?? `${lang ?? ""}@${bandwidth ?? ""}`}`, bandwidth, alternative: 0 };
}

function kindOf(representation: XmlElement, { set, component, ...facts }: SetFacts): MediaKind {
  const either = (name: string): string => (attribute(representation, name) ?? attribute(set, name) ?? "").trim().toLowerCase();
  const content = either("contentType") || component.toLowerCase();
  const [mime, codecs] = [either("mimeType"), either("codecs")];
  if (facts.isThumbnails || isThumbnails(representation) || content === "image" || mime.startsWith("image/")) return "image";
  const kind = byType(content, mime, codecs);
  return kind === "video" && (facts.isTrickMode || isTrickMode(representation)) ? "iframe" : kind;
}

const SUBTITLE_CODECS = /^(?:stpp|wvtt|tx3g|c608|c708)/;
/** Tracks of events and metadata, which play nothing (DASH-IF IOP part 10). */
const EVENT_CODECS = /^(?:evte|metx|mett|urim)/;
const VIDEO_CODECS = /^(?:avc|hvc|hev|dvh|dva|vp0?[89]|av01|vvc|vvi|mp4v|evc|lvc)/;
const AUDIO_CODECS = /^(?:mp4a|ac-3|ec-3|ac-4|opus|flac|dts|mha|mhm|alac|vorbis|iamf)/;

/** Subtitles may be in `application/mp4`, where only the codecs tell them from media (DASH-IF IOP). */
function byType(content: string, mime: string, codecs: string): MediaKind {
  if (EVENT_CODECS.test(codecs) || mime === "application/x-emsg") return "event";
  const [type = ""] = mime.split("/");
  if (content === "text" || type === "text" || SUBTITLE_CODECS.test(codecs) || mime === "application/ttml+xml") return "subtitle";
  const stated = [content, type].find((each) => each === "video" || each === "audio");
  if (stated !== undefined) return stated === "video" ? "video" : "audio";
  if (VIDEO_CODECS.test(codecs)) return "video";
  return AUDIO_CODECS.test(codecs) ? "audio" : "main";
}
