/** Places the segments of an HLS media playlist on a time line. */

import type { MediaContext } from "../manifest.ts";
import { createRangeCursor, readByteRange, type WrittenRange } from "./byte-range.ts";
import { type Attributes, readAttributes, readInteger, readSeconds, type TagHandlers } from "./grammar.ts";
import type { HlsOptions } from "./options.ts";
import { createParts } from "./parts.ts";
import type { HlsUrls } from "./urls.ts";

export interface Timeline {
  /** Handlers of the tags that describe segments and parts. */
  readonly tags: TagHandlers;
  /** Seconds of all segments so far, including gaps and the segments that a delta update omits. */
  readonly time: number;
  readonly targetDuration: number | undefined;
  readonly segments: number;
  addSegment(uri: string): void;
  /** Adds the time of segments that a delta update omits, at the target duration each. */
  addOmittedSegments(count: number): void;
  /** Converts a date to seconds on the time line; `undefined` before the first `EXT-X-PROGRAM-DATE-TIME`. */
  timeOf(date: string | undefined): number | undefined;
}

/** Tags that apply to the next segment only. */
interface NextSegment {
  duration?: number | undefined;
  range?: WrittenRange | undefined;
  isGap?: boolean;
}

/** Eleven days of one-second segments. A larger value lets a hostile playlist push its time line out of all bounds. */
const MOST_OMITTED_SEGMENTS = 1_000_000;
const BYTES_PER_KILOBIT = 125;

export function createTimeline(urls: HlsUrls, context: MediaContext, options: HlsOptions): Timeline {
  const { bandwidth, average } = context;
  const parts = createParts(urls, context, () => time);
  const rangeOfSegment = createRangeCursor();
  let time = 0;
  let segments = 0;
  let targetDuration: number | undefined;
  let next: NextSegment = {};
  let kilobitsPerSecond: number | undefined;
  /** Wall-clock time of time zero, in seconds since the Unix epoch. */
  let epoch: number | undefined;

  const setEpoch = (date: string): void => {
    const seconds = Date.parse(date.trim()) / 1_000;
    if (!Number.isNaN(seconds)) epoch ??= seconds - time;
  };

  const addMap = (attributes: Attributes): void => {
    const range = readByteRange(attributes.get("BYTERANGE"));
    urls.add("init", attributes.get("URI"), { bandwidth, average, range: range && { length: range.length, start: range.start ?? 0 } });
  };

  return {
    tags: {
      "#EXTINF": (value) => {
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
      "#EXT-X-PROGRAM-DATE-TIME": setEpoch,
      "#EXT-X-MAP": (value) => addMap(readAttributes(value)),
      ...(options.parts && parts.tags),
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
      // No segment may be longer than the target duration, so it is the best estimate when EXTINF is missing.
      const duration = next.duration ?? targetDuration;
      const range = rangeOfSegment(uri, next.range);
      const bytesPerSecond = kilobitsPerSecond === undefined ? undefined : kilobitsPerSecond * BYTES_PER_KILOBIT;
      const bytes = bytesPerSecond === undefined || duration === undefined ? undefined : Math.round(bytesPerSecond * duration);
      if (next.isGap) urls.skip(uri, "segment", "is marked as missing (EXT-X-GAP)");
      else urls.add("segment", uri, { bandwidth, average, offset: time, duration, bytes, range });
      segments += 1;
      time += duration ?? 0;
      parts.startSegment();
      next = {};
    },
    addOmittedSegments: (count) => {
      time += Math.min(count, MOST_OMITTED_SEGMENTS) * (targetDuration ?? 0);
    },
    timeOf: (date) => {
      const seconds = Date.parse(date ?? "") / 1_000;
      return epoch === undefined || Number.isNaN(seconds) ? undefined : seconds - epoch;
    },
  };
}
