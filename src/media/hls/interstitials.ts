/**
 * Interstitials, such as advertisements (draft-pantos-hls-rfc8216bis, appendix D): date ranges that name a playlist
 * (`X-ASSET-URI`), or a list that differs for each viewer (`X-ASSET-LIST`).
 */

import { type Attributes, readDate, readSeconds, type TagHandlers } from "./grammar.ts";
import type { HlsUrls } from "./urls.ts";

export interface Interstitials {
  readonly tags: TagHandlers;
  /** Adds the interstitials once the whole time line is known. Players start at `begin`, and the playlist ends at `end`. */
  add(begin: number, end: number): void;
}

/** A point at which the time line has a date, in seconds. */
interface Anchor {
  readonly date: number;
  readonly time: number;
}

/** `timeNow` returns the time of the next segment, in seconds. */
export function createInterstitials(urls: HlsUrls, attributesOf: (value: string) => Attributes, timeNow: () => number): Interstitials {
  const anchors: Anchor[] = [];
  const found: Attributes[] = [];

  const timeOf = (text: string | undefined): number | undefined => {
    const date = readDate(text);
    const anchor = date === undefined ? undefined : lastBefore(anchors, date / 1_000);
    return date === undefined || anchor === undefined ? undefined : anchor.time + date / 1_000 - anchor.date;
  };

  const offsetOf = (attributes: Attributes, begin: number, end: number): number | undefined => {
    const cues = `,${attributes.get("CUE") ?? ""},`;
    if (cues.includes(",PRE,")) return begin;
    return cues.includes(",POST,") ? end : timeOf(attributes.get("START-DATE"));
  };

  return {
    tags: {
      "#EXT-X-PROGRAM-DATE-TIME": (value) => {
        const date = readDate(value);
        if (date !== undefined) anchors.push({ date: date / 1_000, time: timeNow() });
      },
      "#EXT-X-DATERANGE": (value) => {
        const attributes = attributesOf(value);
        if (attributes.has("X-ASSET-URI") || attributes.has("X-ASSET-LIST")) found.push(attributes);
      },
    },
    add: (begin, end) => {
      for (const attributes of found) {
        const offset = offsetOf(attributes, begin, end);
        const duration = readSeconds(attributes.get("DURATION") ?? attributes.get("PLANNED-DURATION"));
        const facts = { kind: "interstitial", rendition: `interstitial/${attributes.get("ID") ?? ""}`, offset, duration } as const;
        urls.add("playlist", attributes.get("X-ASSET-URI"), facts);
        urls.add("asset_list", attributes.get("X-ASSET-LIST"), facts);
      }
    },
  };
}

/** The anchor before a date, since dates may jump at each discontinuity; for an earlier date the first. Dates rise. */
function lastBefore(anchors: readonly Anchor[], date: number): Anchor | undefined {
  let low = 0;
  let high = anchors.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((anchors[middle]?.date ?? 0) <= date) low = middle;
    else high = middle - 1;
  }
  return anchors[low];
}
