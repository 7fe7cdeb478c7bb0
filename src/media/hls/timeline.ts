/** Places the segments of an HLS media playlist on a time line. */

import type { MediaContext } from "../manifest.ts";
import { createRangeCursor, readByteRange, type WrittenRange } from "./byte-range.ts";
import { type Attributes, readInteger, readSeconds, type TagHandlers } from "./grammar.ts";
import type { HlsUrls } from "./urls.ts";

export interface Timeline {
  /** Handlers of the tags that describe segments. */
  readonly tags: TagHandlers;
  /** Seconds of all segments so far, including gaps and the segments that a delta update omits. */
  readonly time: number;
  readonly targetDuration: number | undefined;
  /** Segments so far, gaps included. */
  readonly segments: number;
  /** Returns `false` for a line that is no segment. */
  addSegment(uri: string): boolean;
  /** Adds the time of segments that a delta update omits, at the target duration each. */
  addOmittedSegments(count: number): void;
}

/** Tags that apply to the next segment only. */
interface NextSegment {
  hasDuration?: boolean;
  duration?: number | undefined;
  range?: WrittenRange | undefined;
  isGap?: boolean;
}

/** Eleven days of one-second segments. A larger value lets a hostile playlist push its time line out of all bounds. */
const MOST_OMITTED_SEGMENTS = 1_000_000;
const BYTES_PER_KILOBIT = 125;

export function createTimeline(urls: HlsUrls, { bandwidth, average }: MediaContext, attributesOf: (value: string) => Attributes): Timeline {
  const rangeOfSegment = createRangeCursor();
  let time = 0;
  let segments = 0;
  let targetDuration: number | undefined;
  let next: NextSegment = {};
  let kilobitsPerSecond: number | undefined;

  const addMap = (attributes: Attributes): void => {
    const range = readByteRange(attributes.get("BYTERANGE"));
    const facts = { bandwidth, average, range: range && { length: range.length, start: range.start ?? 0 } };
    urls.add("init", attributes.get("URI"), facts, "#EXT-X-MAP");
  };

  return {
    tags: {
      "#EXTINF": (value) => {
        next.hasDuration = true;
        next.duration = readSeconds(value);
      },
      "#EXT-X-BYTERANGE": (value) => {
        next.range = readByteRange(value);
      },
      "#EXT-X-GAP": () => {
        next.isGap = true;
      },
      "#EXT-X-TARGETDURATION": (value) => {
        targetDuration ??= readSeconds(value);
      },
      "#EXT-X-BITRATE": (value) => {
        kilobitsPerSecond = readInteger(value);
      },
      "#EXT-X-MAP": (value) => addMap(attributesOf(value)),
    },
    get time() {
      return time;
    },
    get targetDuration() {
      return targetDuration;
    },
    get segments() {
      return segments;
    },
    addSegment: (uri) => {
      // Players also fetch a segment without EXTINF, but a line of words, such as the trace of a tool, is no URI.
      if (!next.hasDuration && /\s/.test(uri)) return false;
      // No segment may be longer than the target duration, so it is the best estimate when EXTINF is missing.
      const duration = next.duration ?? targetDuration;
      const range = rangeOfSegment(uri, next.range);
      const bytesPerSecond = kilobitsPerSecond === undefined ? undefined : kilobitsPerSecond * BYTES_PER_KILOBIT;
      const bytes = bytesPerSecond === undefined || duration === undefined ? undefined : Math.round(bytesPerSecond * duration);
      if (!next.isGap) urls.add("segment", uri, { bandwidth, average, offset: time, duration, bytes, range });
      segments += 1;
      time += duration ?? 0;
      next = {};
      return true;
    },
    addOmittedSegments: (count) => {
      time += Math.min(count, MOST_OMITTED_SEGMENTS) * (targetDuration ?? 0);
    },
  };
}
