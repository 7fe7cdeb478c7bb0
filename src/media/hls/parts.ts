/** Reads the parts and preload hints of a low-latency HLS playlist (draft-pantos-hls-rfc8216bis, sections 4.4.4.9 and 4.4.5.3). */

import type { MediaContext } from "../manifest.ts";
import { createRangeCursor, readByteRange } from "./byte-range.ts";
import { type Attributes, readAttributes, readInteger, readSeconds, type TagHandlers } from "./grammar.ts";
import type { HlsUrls } from "./urls.ts";

export interface Parts {
  readonly tags: TagHandlers;
  /** The parts so far belong to a finished segment; the next part begins a new one. */
  startSegment(): void;
}

/** `segmentStart` returns the time at which the current segment begins, in seconds. */
export function createParts(urls: HlsUrls, { bandwidth, average }: MediaContext, segmentStart: () => number): Parts {
  const rangeOf = createRangeCursor();
  /** Seconds of the current segment's parts. */
  let elapsed = 0;

  const addPart = (attributes: Attributes): void => {
    const uri = attributes.get("URI");
    const duration = readSeconds(attributes.get("DURATION"));
    const offset = segmentStart() + elapsed;
    elapsed += duration ?? 0;
    if (uri === undefined) return;
    const range = rangeOf(uri, readByteRange(attributes.get("BYTERANGE")));
    if (attributes.get("GAP") === "YES") urls.skip(uri, "part", "is marked as missing (GAP=YES)");
    else urls.add("part", uri, { bandwidth, average, offset, duration, range });
  };

  const addHint = (attributes: Attributes): void => {
    const start = readInteger(attributes.get("BYTERANGE-START"));
    const length = readInteger(attributes.get("BYTERANGE-LENGTH"));
    const range = start === undefined && length === undefined ? undefined : { start: start ?? 0, length };
    urls.add("hint", attributes.get("URI"), { bandwidth, average, offset: segmentStart() + elapsed, range });
  };

  return {
    tags: {
      "#EXT-X-PART": (value) => addPart(readAttributes(value)),
      "#EXT-X-PRELOAD-HINT": (value) => addHint(readAttributes(value)),
    },
    startSegment: () => {
      elapsed = 0;
    },
  };
}
