/** The segments of a representation as runs, and the addresses of each segment (ISO/IEC 23009-1, sections 5.3.9.3 to 5.3.9.6). */

import { SECOND } from "./instant.ts";
import { Unusable } from "./problem.ts";
import type { SegmentUrl } from "./rows.ts";
import { clip, type Run, type Span, upTo } from "./runs.ts";
import { numberOf, type SegmentInfo, type Timing, timescaleOf, timingOf, valueIn } from "./segment-info.ts";
import { parseTemplate } from "./template.ts";
import type { Timeline, TimelineRules } from "./timeline.ts";

/** An address of a segment; without a URI it is the base URL. */
export interface Address {
  readonly uri: string | undefined;
  readonly range: string | undefined;
}

export interface Segments {
  readonly timescale: bigint;
  readonly runs: readonly Run[];
  /** False for segments whose place in time the manifest does not tell. */
  readonly isTimed: boolean;
  /** `time`, `number` and `part` of one segment. */
  readonly addressesOf: (time: bigint, number: bigint, part: number) => readonly Address[];
  readonly addressesEach: number;
  /** Whether each part of a segment sequence has an address of its own. */
  readonly hasParts: boolean;
  /** Why there are fewer segments than the manifest means. */
  readonly problem: string | undefined;
}

export interface Setting {
  /** The part of the Period that exists, in the ticks of a timescale. */
  readonly span: (timescale: bigint) => Span;
  /** Length of the Period; `undefined` when it is open. */
  readonly length: bigint | undefined;
  /** Reads a timeline, or takes the runs that another representation has read from it with the same rules. */
  readonly timeline: (timing: Extract<Timing, { timeline: unknown }>, rules: Omit<TimelineRules, "steps">) => Timeline;
  readonly isClockless: boolean;
}

interface Described {
  readonly id: string | undefined;
  readonly bandwidth: string | undefined;
  /** `last-segment-number`. */
  readonly lastNumber: bigint | undefined;
}

export function bySegmentTemplate(info: SegmentInfo, described: Described, setting: Setting): Segments {
  const text = valueIn(info, "media");
  if (text === undefined) throw new Unusable("has a SegmentTemplate without @media");
  const media = parseTemplate(text, described);
  const indexText = valueIn(info, "index");
  const index = indexText === undefined ? undefined : parseTemplate(indexText, described);
  const timescale = timescaleOf(info);
  const numbers = {
    startNumber: numberOf(info, "startNumber") ?? 1n,
    lastNumber: [numberOf(info, "endNumber"), described.lastNumber].filter((number) => number !== undefined).reduce(lesser, undefined),
    parts: partsOf(info),
  };
  const timed = timedRuns(info, timescale, numbers, setting);
  return {
    ...timed,
    timescale,
    // Segments that share one address are one file.
    runs: media.varies ? timed.runs : timed.runs.slice(0, 1).map((run) => ({ ...run, count: 1n })),
    addressesOf: (time, number, part) => {
      const uri = media.fill({ time, number, part });
      if (index?.varies !== true) return [{ uri, range: undefined }];
      return [uri, index.fill({ time, number, part })].map((each) => ({ uri: each, range: undefined }));
    },
    addressesEach: index?.varies === true ? 2 : 1,
    hasParts: media.hasParts,
  };
}

function lesser(a: bigint | undefined, b: bigint): bigint {
  return a === undefined || b < a ? b : a;
}

/** `SegmentTemplate@k`: segments of each segment sequence. */
function partsOf(info: SegmentInfo): number {
  return Number(numberOf(info, "k") ?? 1n) || 1;
}

interface Numbers {
  readonly startNumber: bigint;
  readonly lastNumber: bigint | undefined;
  readonly parts: number;
}

type TimedRuns = Pick<Segments, "runs" | "isTimed" | "problem">;

/** One segment needs neither a timeline nor a duration (section 5.3.9.2.2); it lasts as long as its Period. */
function timedRuns(info: SegmentInfo, timescale: bigint, numbers: Numbers, setting: Setting): TimedRuns {
  const { startNumber, lastNumber, parts } = numbers;
  const span = setting.span(timescale);
  const timing = timingOf(info);
  if (timing === undefined) {
    const duration = setting.length === undefined ? 1n : (setting.length * timescale) / SECOND || 1n;
    const run: Run = { time: 0n, start: 0n, duration, count: 1n, number: startNumber, parts };
    return { runs: [run], isTimed: setting.length !== undefined, problem: undefined };
  }
  if ("timeline" in timing) {
    const presentationTimeOffset = numberOf(info, "presentationTimeOffset") ?? 0n;
    return { ...setting.timeline(timing, { presentationTimeOffset, ...numbers, span }), isTimed: true };
  }
  if (setting.isClockless) throw new Unusable("counts its segments from MPD@availabilityStartTime, which is missing or no date");
  // Times count from the Period's start, whatever @presentationTimeOffset says (section 5.3.9.5.3).
  const count = countOf(timing.duration, numbers, span);
  const run = clip({ time: 0n, start: 0n, duration: timing.duration, count, number: startNumber, parts }, span);
  const cut = run === undefined || lastNumber === undefined ? run : upTo(run, lastNumber);
  return { runs: cut === undefined ? [] : [cut], isTimed: true, problem: undefined };
}

/** The span cuts the run, so any count that is large enough is right. */
function countOf(duration: bigint, { startNumber, lastNumber }: Numbers, { before, complete }: Span): bigint {
  const end = before ?? complete;
  if (end !== undefined) return end < 0n ? 0n : end / duration + 1n;
  if (lastNumber === undefined) throw new Unusable("has segments of one duration in a Period of unknown length");
  return lastNumber - startNumber + 1n;
}

export function bySegmentList(info: SegmentInfo, setting: Setting): Segments {
  const urls = info.elements.find(({ segmentUrls }) => segmentUrls.length > 0)?.segmentUrls ?? [];
  if (urls.length === 0) throw new Unusable("has a SegmentList without a SegmentURL");
  return {
    ...listRuns(info, urls, setting),
    addressesOf: (_, number) => addressesIn(urls[Number(number)]),
    addressesEach: urls.some(({ index }) => index !== undefined) ? 2 : 1,
    hasParts: false,
  };
}

/** The numbers of these runs are places in the list. */
function listRuns(info: SegmentInfo, urls: readonly SegmentUrl[], setting: Setting): TimedRuns & Pick<Segments, "timescale"> {
  const count = BigInt(urls.length);
  const timing = timingOf(info);
  const whole = { time: 0n, start: 0n, count, number: 0n, parts: 1 };
  if (timing === undefined && setting.length !== undefined) {
    // Without any times, the list spreads evenly over its Period.
    const run: Run = { ...whole, duration: setting.length / count || 1n };
    return { runs: [run], isTimed: true, timescale: SECOND, problem: undefined };
  }
  if (timing === undefined) return { runs: [{ ...whole, duration: 1n }], isTimed: false, timescale: 1n, problem: undefined };
  const timescale = timescaleOf(info);
  if ("timeline" in timing) {
    return { ...timedList(info, timing, count, setting, timescale), timescale };
  }
  // A list names what exists, so the clock does not matter.
  const run = clip({ ...whole, duration: timing.duration }, { ...setting.span(timescale), complete: undefined });
  return { runs: run === undefined ? [] : [run], isTimed: true, timescale, problem: undefined };
}

function timedList(
  info: SegmentInfo,
  timing: Extract<Timing, { timeline: unknown }>,
  count: bigint,
  { timeline, span }: Setting,
  timescale: bigint,
): TimedRuns {
  const presentationTimeOffset = numberOf(info, "presentationTimeOffset") ?? 0n;
  const rules = { presentationTimeOffset, startNumber: 0n, lastNumber: count - 1n, parts: 1, span: span(timescale) };
  const { runs, nextNumber, problem } = timeline(timing, rules);
  const untimed = nextNumber < count ? `lists ${count} segments, and its SegmentTimeline has times for ${nextNumber} of them` : undefined;
  return { runs, isTimed: true, problem: problem ?? untimed };
}

/** A segment without `@media` is the base URL (section 5.3.9.3.2). */
function addressesIn(url: SegmentUrl | undefined): readonly Address[] {
  if (url === undefined) return [];
  const { media, mediaRange, index, indexRange } = url;
  const segment = { uri: media, range: mediaRange };
  if (index !== undefined) return [segment, { uri: index, range: indexRange }];
  // An index in the segment's own file only matters when the segment is a part of that file.
  return indexRange === undefined || mediaRange === undefined ? [segment] : [segment, { uri: media, range: indexRange }];
}
