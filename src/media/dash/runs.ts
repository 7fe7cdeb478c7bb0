/**
 * Runs: segments of one duration that follow each other. Everything about segments is computed on runs, so that a manifest
 * takes no more time or memory than it has entries until its segments are counted, cut and found to be few enough.
 */

import { ceilDiv, floorDiv, least, most, SECOND } from "./instant.ts";

export interface Run {
  /** `$Time$` of the first segment. */
  readonly time: bigint;
  /** Ticks from the Period's start to the first segment. */
  readonly start: bigint;
  /** Ticks of each segment, more than 0. */
  readonly duration: bigint;
  readonly count: bigint;
  /** `$Number$` of the first segment. */
  readonly number: bigint;
  /** Segments of each segment sequence (`$SubNumber$`). */
  readonly parts: number;
}

/** A span of time within a Period, in ticks. */
export interface Span {
  /** Segments that end at or before it are out. */
  readonly after: bigint;
  /** Segments that begin at or after it are out; `undefined` for an open end. */
  readonly before: bigint | undefined;
  /** Segments that end after it are out; `undefined` when the clock does not matter. */
  readonly complete: bigint | undefined;
}

/** The segments of a run that lie in the span; `undefined` when there is none. */
export function clip(run: Run, { after, before, complete }: Span): Run | undefined {
  const { start, duration } = run;
  const first = most(0n, floorDiv(after - start, duration));
  let end = run.count;
  if (before !== undefined) end = least(end, ceilDiv(before - start, duration));
  if (complete !== undefined) end = least(end, floorDiv(complete - start, duration));
  return end > first ? part(run, first, end - first) : undefined;
}

/** The segments up to a number (`@endNumber`). */
export function upTo(run: Run, number: bigint): Run | undefined {
  const count = least(run.count, number - run.number + 1n);
  return count > 0n ? { ...run, count } : undefined;
}

function part(run: Run, first: bigint, count: bigint): Run {
  const { time, start, duration, number } = run;
  return { ...run, time: time + first * duration, start: start + first * duration, number: number + first, count };
}

/** The first tick at or after a time, for comparisons with `<` and `>=`. */
export function ticksUp(time: bigint, timescale: bigint): bigint {
  return ceilDiv(time * timescale, SECOND);
}

/** The last tick at or before a time, for comparisons with `<=` and `>`. */
export function ticksDown(time: bigint, timescale: bigint): bigint {
  return floorDiv(time * timescale, SECOND);
}

export function toTime(ticks: bigint, timescale: bigint): bigint {
  return (ticks * SECOND) / timescale;
}

export function endOf({ start, duration, count }: Run): bigint {
  return start + duration * count;
}
