/** Segment information with its inheritance by attribute (ISO/IEC 23009-1, section 5.3.9.1). */

import { attribute } from "../../documents/attributes.ts";
import { unsigned } from "./numbers.ts";
import { Unusable } from "./problem.ts";
import { childOf, type XmlElement } from "./xml.ts";

/** A file that an element names, such as `Initialization`. */
export interface InfoFile {
  readonly sourceUrl: string | undefined;
  readonly range: string | undefined;
}

export interface SegmentInfo {
  readonly type: "SegmentBase" | "SegmentList" | "SegmentTemplate";
  /** The elements of that type, the lowest level first. */
  readonly elements: readonly XmlElement[];
}

const types = ["SegmentBase", "SegmentList", "SegmentTemplate"] as const;

/** `levels`: Representation, AdaptationSet, Period. The lowest level with segment information decides its type. */
export function segmentInfoOf(levels: readonly XmlElement[]): SegmentInfo | undefined {
  for (const level of levels) {
    const type = types.find((each) => childOf(level, each) !== undefined);
    if (type !== undefined) return { type, elements: levels.flatMap((each) => childOf(each, type) ?? []) };
  }
  return undefined;
}

/** An attribute of a lower level replaces that of a higher one. */
export function valueIn({ elements }: SegmentInfo, name: string): string | undefined {
  for (const element of elements) {
    const value = attribute(element, name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Throws `Unusable` for a value that is no number: guessing a default would list wrong segments. */
export function numberOf(info: SegmentInfo, name: string): bigint | undefined {
  const text = valueIn(info, name);
  if (text === undefined) return undefined;
  const value = unsigned(text);
  if (value === undefined) throw new Unusable(`has ${info.type}@${name}="${text.slice(0, 40)}", which is no number of 64 bits`);
  return value;
}

/** A child element is replaced as a whole; lists and timelines are never joined. */
export function fileOf({ elements }: SegmentInfo, name: string): InfoFile | undefined {
  const found = elements.map((element) => childOf(element, name)).find((each) => each !== undefined);
  return found && { sourceUrl: attribute(found, "sourceURL"), range: attribute(found, "range") };
}

export type Timing = { readonly timeline: XmlElement } | { readonly duration: bigint } | undefined;

/** A timeline or a duration, whichever the lowest level has. A timeline is more exact than a duration beside it. */
export function timingOf({ type, elements }: SegmentInfo): Timing {
  for (const element of elements) {
    const timeline = childOf(element, "SegmentTimeline");
    if (timeline !== undefined) return { timeline };
    if (attribute(element, "duration") === undefined) continue;
    const duration = numberOf({ type, elements: [element] }, "duration") ?? 0n;
    if (duration === 0n) throw new Unusable(`has ${type}@duration="0"`);
    return { duration };
  }
  return undefined;
}

export function timescaleOf(info: SegmentInfo): bigint {
  const timescale = numberOf(info, "timescale") ?? 1n;
  if (timescale === 0n) throw new Unusable(`has ${info.type}@timescale="0"`);
  return timescale;
}
