/** Elements that a manifest may hold in many thousands, in few bytes each. */

import { attribute, type WithAttributes } from "../../documents/attributes.ts";
import { integer, unsigned } from "./numbers.ts";

/** `S` (ISO/IEC 23009-1, section 5.3.9.6). An attribute that cannot be read is `undefined`, as an absent one. */
export interface TimelineEntry {
  readonly t: bigint | undefined;
  readonly d: bigint | undefined;
  readonly r: number;
  /** The rarer attributes; one shared object while there are none. */
  readonly more: EntryMore;
}

export interface EntryMore {
  /** Number of the first segment. */
  readonly n: bigint | undefined;
  /** Segments of a segment sequence. */
  readonly k: number;
  /** Pattern of durations, and the entry of it that comes first. */
  readonly p: string | undefined;
  readonly pE: number;
  /** `t` or `r` is there and cannot be read. */
  readonly isBroken: boolean;
}

export interface SegmentUrl {
  readonly media: string | undefined;
  readonly mediaRange: string | undefined;
  readonly index: string | undefined;
  readonly indexRange: string | undefined;
}

const plain: EntryMore = { n: undefined, k: 1, p: undefined, pE: 0, isBroken: false };
/** A repeat count beyond this is beyond every bound on segments. */
const MOST_REPEATS = 2_000_000_000;

export function timelineEntryOf(element: WithAttributes, previous: TimelineEntry | undefined): TimelineEntry {
  const [t, d, r] = [attribute(element, "t"), attribute(element, "d"), attribute(element, "r")];
  const time = t === undefined ? undefined : unsigned(t);
  const repeats = r === undefined ? 0 : integer(r);
  const duration = d === undefined ? undefined : unsigned(d);
  return {
    t: time,
    // Most entries have the duration of the one before; they share one number.
    d: duration === previous?.d ? previous?.d : duration,
    r: Math.min(repeats ?? 0, MOST_REPEATS),
    more: moreOf(element, (t !== undefined && time === undefined) || repeats === undefined),
  };
}

function moreOf(element: WithAttributes, isBroken: boolean): EntryMore {
  const [n, k, p, pE] = ["n", "k", "p", "pE"].map((name) => attribute(element, name));
  if (n === undefined && k === undefined && p === undefined && pE === undefined && !isBroken) return plain;
  const [parts, first] = [k === undefined ? 1 : integer(k), pE === undefined ? 0 : integer(pE)];
  const isBad = parts === undefined || parts < 1 || first === undefined || first < 0;
  return { n: n === undefined ? undefined : unsigned(n), k: parts ?? 1, p, pE: first ?? 0, isBroken: isBroken || isBad };
}

export function segmentUrlOf(element: WithAttributes): SegmentUrl {
  return {
    media: attribute(element, "media"),
    mediaRange: attribute(element, "mediaRange"),
    index: attribute(element, "index"),
    indexRange: attribute(element, "indexRange"),
  };
}
