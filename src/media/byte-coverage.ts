/** Adds up byte ranges of one file. */

import type { MediaRange } from "./manifest.ts";

/** Bytes that the ranges cover together, overlaps counted once; `undefined` when a range reaches to the unknown end of the file. */
export function coveredBytes(ranges: readonly MediaRange[]): number | undefined {
  let bytes = 0;
  let reached = 0;
  for (const { start, length } of ranges.toSorted((a, b) => a.start - b.start)) {
    if (length === undefined) return undefined;
    const end = start + length;
    bytes += Math.max(0, end - Math.max(start, reached));
    reached = Math.max(reached, end);
  }
  return bytes;
}
