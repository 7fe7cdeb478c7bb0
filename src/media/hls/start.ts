/** The place where players start (draft-pantos-hls-rfc8216bis, sections 4.4.2.2, 4.4.3.8 and 6.3.3). */

import { type Attributes, readSeconds, type TagHandlers } from "./grammar.ts";

export interface PlaylistTimes {
  readonly live: boolean;
  /** Seconds of `EXT-X-START`; a negative value counts from the end. */
  readonly start: number | undefined;
  /** Seconds after the first segment at which the playlist ends, parts included. */
  readonly end: number;
  readonly targetDuration: number | undefined;
}

export interface HoldBack {
  readonly tags: TagHandlers;
  /** Seconds before the live edge at which players start. */
  regular(targetDuration: number | undefined): number;
  /** The same for players of low latency; `undefined` for a playlist without parts. */
  readonly lowLatency: number | undefined;
}

/** Players start three target durations before the live edge (RFC 8216, section 6.3.3), or three part targets (bis, 4.4.3.8). */
const TARGETS = 3;

export function createHoldBack(attributesOf: (value: string) => Attributes): HoldBack {
  let stated: number | undefined;
  let ofParts: number | undefined;
  let partTarget: number | undefined;
  return {
    tags: {
      "#EXT-X-SERVER-CONTROL": (value) => {
        const attributes = attributesOf(value);
        stated = readSeconds(attributes.get("HOLD-BACK"));
        ofParts = readSeconds(attributes.get("PART-HOLD-BACK"));
      },
      "#EXT-X-PART-INF": (value) => {
        partTarget = readSeconds(attributesOf(value).get("PART-TARGET"));
      },
    },
    regular: (targetDuration) => Math.max(stated ?? 0, TARGETS * (targetDuration ?? 0)),
    get lowLatency() {
      return ofParts ?? (partTarget === undefined ? undefined : TARGETS * partTarget);
    },
  };
}

/** Seconds after the first segment at which players start. */
export function startOf({ live, start, end, targetDuration }: PlaylistTimes, holdBack: HoldBack): number {
  if (start !== undefined) return start < 0 ? Math.max(0, end + start) : within(start, end, targetDuration);
  return live ? Math.max(0, end - holdBack.regular(targetDuration)) : 0;
}

/** Players that are told to start at the end or beyond it fetch the last segment. */
function within(start: number, end: number, targetDuration: number | undefined): number {
  return start < end ? start : Math.max(0, end - (targetDuration ?? 0));
}
