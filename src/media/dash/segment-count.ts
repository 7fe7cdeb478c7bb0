/**
 * Predicts how many segments `mpd-parser` will produce for a representation, before it does.
 * A single attribute can ask for billions of segments, or for an endless loop.
 */

import type { DashRepresentation } from "./shape.ts";

type Facts = Readonly<Record<string, unknown>>;

/** Beyond 2^53, adding 1 to a number does not change it, so the parser's loops would never end. */
const LAST_COUNTABLE = 2 ** 52;

/** At least the number of segments that the parser will produce; infinite when it would never stop. */
export function segmentCount({ attributes, segmentInfo }: DashRepresentation): number {
  const { template, base, list, segmentTimeline } = segmentInfo;
  const own = template ?? base ?? list;
  if (own === undefined) return 1;
  const facts: Facts = { ...attributes, ...own };
  const listed = listOf(list?.segmentUrls).length;
  const timed = positive(facts.duration) === undefined ? countByTimeline(facts, listOf(segmentTimeline)) : countByDuration(facts);
  return Math.max(1, listed, timed);
}

/** Segments of one `@duration` (DASH, section 5.3.9.2.1). */
function countByDuration(facts: Facts): number {
  const segmentSeconds = (positive(facts.duration) ?? 0) / (positive(facts.timescale) ?? 1);
  const isDynamic = facts.type === "dynamic";
  if (isDynamic && secondsSinceStart(facts) / segmentSeconds > LAST_COUNTABLE) return Number.POSITIVE_INFINITY;
  const endNumber = Number.parseInt(String(facts.endNumber), 10);
  if (endNumber > 0) return endNumber;
  const seconds = isDynamic
    ? Math.min(secondsSinceStart(facts), numberOf(facts.timeShiftBufferDepth) ?? Number.POSITIVE_INFINITY)
    : (numberOf(facts.periodDuration) ?? numberOf(facts.sourceDuration) ?? 0);
  return Math.ceil(seconds / segmentSeconds);
}

/** Segments of a `SegmentTimeline` (DASH, section 5.3.9.6). */
function countByTimeline(facts: Facts, timeline: readonly Facts[]): number {
  if ((numberOf(facts.startNumber) ?? 1) > LAST_COUNTABLE) return Number.POSITIVE_INFINITY;
  const end = timelineEnd(facts);
  let time = 0;
  let count = 0;
  for (const [index, entry] of timeline.entries()) {
    time = Math.max(time, startOf(entry));
    const next = timeline[index + 1];
    const segments = segmentsOf(entry, time, next ? startOf(next) : end);
    if (segments === Number.POSITIVE_INFINITY) return segments;
    // The parser spends a step even on an entry that produces no segment.
    count += Math.max(1, segments);
    time += segments * durationOf(entry);
  }
  return count;
}

/** A negative repeat count fills the time up to the next entry or the end. */
function segmentsOf(entry: Facts, time: number, until: number): number {
  const repeat = numberOf(entry.r) ?? 0;
  const segments = repeat < 0 ? Math.ceil((until - time) / durationOf(entry)) : repeat + 1;
  // 0 / 0 is NaN.
  return segments > 0 ? segments : 0;
}

function startOf(entry: Facts): number {
  return numberOf(entry.t) ?? 0;
}

function durationOf(entry: Facts): number {
  return numberOf(entry.d) ?? 0;
}

/** In units of the timescale. */
function timelineEnd(facts: Facts): number {
  const seconds = Math.max(numberOf(facts.sourceDuration) ?? 0, facts.type === "dynamic" ? secondsSinceStart(facts) : 0);
  return seconds * (positive(facts.timescale) ?? 1);
}

/** Age of the period of a dynamic manifest, up to its next update. */
function secondsSinceStart(facts: Facts): number {
  const now = (numberOf(facts.NOW) ?? 0) / 1_000 + (numberOf(facts.minimumUpdatePeriod) ?? 0);
  return Math.max(0, now - (numberOf(facts.availabilityStartTime) ?? 0) - (numberOf(facts.periodStart) ?? 0));
}

function listOf(value: unknown): readonly Facts[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "object" && entry !== null) : [];
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" && !Number.isNaN(value) ? value : undefined;
}

function positive(value: unknown): number | undefined {
  const number = numberOf(value);
  return number !== undefined && number > 0 ? number : undefined;
}
