/** Byte ranges of HLS playlists, written as `length[@start]` (RFC 8216, section 4.3.2.2). */

import { readInteger } from "./grammar.ts";

export interface WrittenRange {
  readonly length: number;
  /** `undefined`: directly after the previous range of the same URI. */
  readonly start: number | undefined;
}

export interface ByteRange {
  readonly length: number;
  readonly start: number;
}

export function readByteRange(text: string | undefined): WrittenRange | undefined {
  const length = readInteger(text);
  const at = text?.indexOf("@") ?? -1;
  return length === undefined ? undefined : { length, start: at < 0 ? undefined : readInteger(text?.slice(at + 1)) };
}

/** Fills in the start of each range from the range before it. */
export type RangeCursor = (uri: string, written: WrittenRange | undefined) => ByteRange | undefined;

export function createRangeCursor(): RangeCursor {
  let previous = { uri: "", end: 0 };
  return (uri, written) => {
    const range = written && { length: written.length, start: written.start ?? (previous.uri === uri ? previous.end : 0) };
    previous = { uri, end: range ? range.start + range.length : 0 };
    return range;
  };
}
