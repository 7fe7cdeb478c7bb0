/** How much a manifest unrolls to, before anything does so: one attribute could ask for billions, or for a loop without end. */

import type { DashRepresentation } from "./shape.ts";

type Facts = Readonly<Record<string, unknown>>;

/** Beyond it, adding one changes nothing, and a loop that counts so never ends. */
const LAST_COUNTABLE = 2 ** 52;

/** Not less than the segments that the parser will look at; infinite where it would never end. */
export function segmentCount({ attributes, segmentInfo }: DashRepresentation): number {
  const { template, base, list, segmentTimeline } = segmentInfo;
  const own = template ?? base ?? list;
  if (own === undefined) return 1;
  const facts: Facts = { ...attributes, ...own };
  const listed = listOf(list?.segmentUrls).length;
  const timed = positive(facts.duration) === undefined ? byTimeline(facts, listOf(segmentTimeline)) : byDuration(facts);
  return Math.max(1, listed, timed);
}

/** DASH, section 5.3.9.2.1: `@duration`. */
function byDuration(facts: Facts): number {
  const each = (positive(facts.duration) ?? 0) / (positive(facts.timescale) ?? 1);
  if (facts.type === "dynamic" && sinceStart(facts) / each > LAST_COUNTABLE) return Number.POSITIVE_INFINITY;
  const last = Number.parseInt(String(facts.endNumber), 10);
  if (last > 0) return last;
  const length =
    facts.type === "dynamic"
      ? Math.min(sinceStart(facts), numberOf(facts.timeShiftBufferDepth) ?? Number.POSITIVE_INFINITY)
      : (numberOf(facts.periodDuration) ?? numberOf(facts.sourceDuration) ?? 0);
  return Math.ceil(length / each);
}

/** DASH, section 5.3.9.6: `SegmentTimeline`, where a repeat count below zero goes on to the next entry or the end. */
function byTimeline(facts: Facts, timeline: readonly Facts[]): number {
  if ((numberOf(facts.startNumber) ?? 1) > LAST_COUNTABLE) return Number.POSITIVE_INFINITY;
  const timescale = positive(facts.timescale) ?? 1;
  const end = Math.max(numberOf(facts.sourceDuration) ?? 0, facts.type === "dynamic" ? sinceStart(facts) : 0) * timescale;
  let time = 0;
  let count = 0;
  for (const [index, entry] of timeline.entries()) {
    const duration = numberOf(entry.d) ?? 0;
    const repeat = numberOf(entry.r) ?? 0;
    time = Math.max(time, numberOf(entry.t) ?? 0);
    const next = timeline[index + 1];
    const until = next ? (numberOf(next.t) ?? 0) : end;
    const times = repeat < 0 ? Math.ceil((until - time) / duration) : repeat + 1;
    if (times === Number.POSITIVE_INFINITY) return times;
    // An entry that comes to nothing has been looked at all the same.
    count += times > 0 ? times : 1;
    if (times > 0) time += duration * times;
  }
  return count;
}

function sinceStart(facts: Facts): number {
  const now = (numberOf(facts.NOW) ?? 0) / 1_000 + (numberOf(facts.minimumUpdatePeriod) ?? 0);
  return Math.max(0, now - (numberOf(facts.availabilityStartTime) ?? 0) - (numberOf(facts.periodStart) ?? 0));
}

/**
 * Hears of a manifest's elements and says how many representations it can come to at most: every level may offer several
 * base URLs, and each of them is combined with each of the level below.
 */
export class BaseUrlCount {
  #representations = 0;
  readonly #siblings: number[] = [];
  readonly #most: number[] = [];

  hear(name: string, depth: number): void {
    if (name === "Representation") this.#representations += 1;
    if (name === "BaseURL") {
      const count = (this.#siblings[depth] ?? 0) + 1;
      this.#siblings[depth] = count;
      this.#most[depth] = Math.max(this.#most[depth] ?? 1, count);
    }
    this.#siblings[depth + 1] = 0;
  }

  get combinations(): number {
    return this.#most.reduce((product, most) => product * most, this.#representations);
  }
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
