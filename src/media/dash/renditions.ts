/** Kind, name and bit rate of DASH representations. */

import type { MediaKind, MediaUrl } from "../manifest.ts";
import type { DashRepresentation } from "./shape.ts";

export type DashRendition = Pick<MediaUrl, "kind" | "rendition" | "bandwidth" | "alternative">;

/** Names representations. The parser lists a representation once for each host, so repeated ones get rising `alternative` numbers. */
export function createRenditionNames(): (representation: DashRepresentation) => DashRendition {
  const seen = new Map<string, number>();
  return ({ attributes }) => {
    const { id, bandwidth, lang, periodStart } = attributes;
    const kind = kindOf(attributes);
    const rendition = `${kind}/${id ?? `${lang ?? ""}@${bandwidth ?? ""}`}`;
    const key = JSON.stringify([periodStart, rendition, lang, bandwidth]);
    const alternative = seen.get(key) ?? 0;
    seen.set(key, alternative + 1);
    return { kind, rendition, bandwidth: bandwidth !== undefined && bandwidth >= 0 ? bandwidth : undefined, alternative };
  };
}

/** Subtitles may be in `application/mp4`, where only the codecs tell them from media (DASH-IF IOP). */
function kindOf({ contentType, mimeType, codecs }: DashRepresentation["attributes"]): MediaKind {
  const type = contentType ?? mimeType?.split("/")[0] ?? "";
  if (type === "video" || type === "audio" || type === "image") return type;
  const isSubtitle = type === "text" || /^(?:stpp|wvtt)/.test(codecs ?? "") || mimeType === "application/ttml+xml";
  return isSubtitle ? "subtitle" : "main";
}
