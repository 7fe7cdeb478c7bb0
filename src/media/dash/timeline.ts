/** Unrolls `SegmentTimeline` into runs (ISO/IEC 23009-1, section 5.3.9.6). */

import { attribute } from "../../documents/attributes.ts";
import { shortened } from "../../documents/shortened.ts";
import { ceilDiv } from "./instant.ts";
import { LARGEST, unsigned } from "./numbers.ts";
import { tooMany } from "./problem.ts";
import type { TimelineEntry } from "./rows.ts";
import { clip, endOf, type Run, type Span, upTo } from "./runs.ts";
import { childrenOf, type XmlElement } from "./xml.ts";

export interface TimelineRules {
  readonly presentationTimeOffset: bigint;
  readonly startNumber: bigint;
  /** Segments with higher numbers are left out. */
  readonly lastNumber: bigint | undefined;
  /** Segments of a segment sequence, where the entry does not tell. */
  readonly parts: number;
  /** The part of the Period that exists. Where nothing else ends an open repeat, it does. */
  readonly span: Span;
  readonly steps: Steps;
}

/** Counts the entries of all timelines of a manifest, since many representations may share a long one. */
export interface Steps {
  taken: number;
}

/**
 * A timeline that representations share counts once for each set of rules. Ten renditions of half a day in segments of one
 * second make 432,000. A larger value lets a hostile manifest take memory and time.
 */
const MOST_STEPS = 500_000;

export interface Timeline {
  readonly runs: readonly Run[];
  /** The number behind the last segment, presented or not. */
  readonly nextNumber: bigint;
  /** Why the entries end before the element does. */
  readonly problem: string | undefined;
}

export function readTimeline(timeline: XmlElement, rules: TimelineRules): Timeline {
  const patterns = patternsOf(timeline, rules.steps);
  const runs: Run[] = [];
  let time = 0n;
  let number = rules.startNumber;
  for (const [index, entry] of timeline.entries.entries()) {
    takeSteps(rules.steps, 1);
    // Each entry may state its own time, with a gap or an overlap; `$Time$` is that time (section 5.3.9.4.4).
    time = entry.t ?? time;
    number = entry.more.n ?? number;
    const place = { time, start: time - rules.presentationTimeOffset, number, parts: entry.more.k > 1 ? entry.more.k : rules.parts };
    const found = runsOf(entry, place, timeline.entries[index + 1], patterns, rules);
    if (typeof found === "string") return { runs, nextNumber: number, problem: found };
    for (const run of found) {
      addPresented(runs, run, rules);
      time = run.time + run.duration * run.count;
      number = run.number + run.count;
    }
    if (time > LARGEST) return { runs: [], nextNumber: number, problem: "has times beyond 64 bits" };
  }
  return { runs, nextNumber: number, problem: timeline.entries.length === 0 ? "has a SegmentTimeline without an entry" : undefined };
}

/** Adds the presented part of a run, joined with the run before where it goes on in the same way. */
function addPresented(runs: Run[], run: Run, { span, lastNumber }: TimelineRules): void {
  const existing = clip(run, span);
  const added = existing && lastNumber !== undefined ? upTo(existing, lastNumber) : existing;
  if (added === undefined) return;
  const last = runs.at(-1);
  if (last !== undefined && continues(last, added)) runs[runs.length - 1] = { ...last, count: last.count + added.count };
  else runs.push(added);
}

function continues(last: Run, { time, start, duration, number, parts }: Run): boolean {
  const isSame = duration === last.duration && parts === last.parts;
  return isSame && start === endOf(last) && time === last.time + duration * last.count && number === last.number + last.count;
}

type Place = Pick<Run, "time" | "start" | "number" | "parts">;
type Patterns = ReadonlyMap<string, readonly bigint[]>;

/** The reason when the entry cannot be read. */
function runsOf(
  entry: TimelineEntry,
  place: Place,
  next: TimelineEntry | undefined,
  patterns: Patterns,
  rules: TimelineRules,
): readonly Run[] | string {
  const { d, r, more } = entry;
  if (more.isBroken) return "has an entry of its SegmentTimeline (S) with an attribute that is no number";
  if (more.p !== undefined) {
    const durations = patterns.get(more.p);
    return durations === undefined
      ? `refers to the pattern "${shortened(more.p)}", which does not exist`
      : byPattern(entry, place, next, durations, rules);
  }
  if (d === undefined || d === 0n) return "has an entry of its SegmentTimeline (S) without a duration";
  if (r >= 0) return [{ ...place, duration: d, count: BigInt(r) + 1n }];
  const end = openEnd(next, rules);
  if (typeof end === "string") return end;
  const count = ceilDiv(end - place.start, d);
  return count > 0n ? [{ ...place, duration: d, count }] : [];
}

/** A negative repeat count reaches to the next entry, else to the end of the Period or to the live edge. */
function openEnd(next: TimelineEntry | undefined, { span, presentationTimeOffset }: TimelineRules): bigint | string {
  if (next === undefined) return span.before ?? span.complete ?? "repeats a segment up to the end of a Period of unknown length";
  return next.t === undefined
    ? "has an open repeat in its SegmentTimeline before an entry without a time"
    : next.t - presentationTimeOffset;
}

/** Durations of each pattern, which `S@p` names (Pattern, fifth edition). */
function patternsOf(timeline: XmlElement, steps: Steps): Patterns {
  return new Map(
    childrenOf(timeline, "Pattern").map((pattern) => {
      const durations = childrenOf(pattern, "P").flatMap((entry) => {
        const repeats = Number(unsigned(attribute(entry, "r") ?? "0") ?? 0n) + 1;
        takeSteps(steps, repeats);
        return Array.from({ length: repeats }, () => unsigned(attribute(entry, "d") ?? "0") ?? 0n);
      });
      return [attribute(pattern, "id") ?? "", durations];
    }),
  );
}

/** `S@pE` says with which duration of the pattern the entry begins; `S@r` counts segments, not patterns. */
function byPattern(
  { r, more }: TimelineEntry,
  place: Place,
  next: TimelineEntry | undefined,
  durations: readonly bigint[],
  rules: TimelineRules,
): readonly Run[] | string {
  if (durations.length === 0 || durations.some((duration) => duration === 0n)) return "uses a pattern without durations";
  const end = r < 0 ? openEnd(next, rules) : undefined;
  if (typeof end === "string") return end;
  const length = durations.reduce((sum, duration) => sum + duration, 0n);
  const most = end === undefined ? r + 1 : Number(ceilDiv(end - place.start, length)) * durations.length;
  takeSteps(rules.steps, Math.max(0, most));
  let { time, start, number } = place;
  const runs: Run[] = [];
  while (runs.length < most && (end === undefined || start < end)) {
    const duration = durations[(more.pE + runs.length) % durations.length] ?? 0n;
    runs.push({ ...place, time, start, number, duration, count: 1n });
    [time, start, number] = [time + duration, start + duration, number + 1n];
  }
  return runs;
}

function takeSteps(steps: Steps, count: number): void {
  steps.taken += count;
  if (steps.taken > MOST_STEPS) throw tooMany(MOST_STEPS, "entries of timelines");
}
