/**
 * Reads the parts of a low-latency HLS playlist (draft-pantos-hls-rfc8216bis, sections 4.4.4.9 and 4.4.5.3). The segments
 * hold the same media, so only the parts at the live edge count: those of the segment that is still growing, and those
 * behind the place where players of low latency begin.
 */

import type { MediaContext } from "../manifest.ts";
import { type ByteRange, createRangeCursor, readByteRange } from "./byte-range.ts";
import { type Attributes, readSeconds, type TagHandlers } from "./grammar.ts";
import type { HlsUrls } from "./urls.ts";

export interface Parts {
  readonly tags: TagHandlers;
  /** Seconds of the segment that is still growing. */
  readonly growing: number;
  /** The parts so far belong to a finished segment; the next part begins a new one. */
  startSegment(): void;
  /** Adds the parts at the live edge. `from` is the place where players of low latency begin. */
  addAtEdge(from: number): void;
}

interface Part {
  readonly uri: string;
  readonly offset: number;
  readonly duration: number;
  readonly range: ByteRange | undefined;
}

/** `segmentStart` returns the time at which the current segment begins, in seconds. */
export function createParts(
  urls: HlsUrls,
  { bandwidth, average }: MediaContext,
  attributesOf: (value: string) => Attributes,
  segmentStart: () => number,
): Parts {
  const rangeOf = createRangeCursor();
  const finished: Part[] = [];
  let current: Part[] = [];
  /** Seconds of the current segment's parts. */
  let elapsed = 0;

  const readPart = (attributes: Attributes): void => {
    const uri = attributes.get("URI");
    const duration = readSeconds(attributes.get("DURATION")) ?? 0;
    const offset = segmentStart() + elapsed;
    elapsed += duration;
    if (uri === undefined) {
      urls.skip("#EXT-X-PART", "has no URI");
      return;
    }
    const range = rangeOf(uri, readByteRange(attributes.get("BYTERANGE")));
    if (attributes.get("GAP") !== "YES") current.push({ uri, offset, duration, range });
  };

  return {
    tags: {
      "#EXT-X-PART": (value) => readPart(attributesOf(value)),
      "#EXT-X-PRELOAD-HINT": (value) => urls.add("hint", attributesOf(value).get("URI")),
    },
    get growing() {
      return elapsed;
    },
    startSegment: () => {
      for (const part of current) finished.push(part);
      current = [];
      elapsed = 0;
    },
    addAtEdge: (from) => {
      for (const { uri, range, ...times } of finished) {
        // A range of a finished segment is in the segment's own file.
        if (times.offset + times.duration > from && !range) urls.add("part", uri, { bandwidth, average, ...times });
      }
      for (const { uri, range, ...times } of current) {
        if (!range) urls.add("part", uri, { bandwidth, average, ...times });
        else urls.skip(uri, "is a byte range of a segment that is still growing, so no cache can hold the whole file");
      }
    },
  };
}
