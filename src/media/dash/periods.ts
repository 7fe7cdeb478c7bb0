/** Start and end of each Period (ISO/IEC 23009-1, section 5.3.2.1). */

import { attribute } from "../../documents/attributes.ts";
import { parseDuration } from "./instant.ts";
import { childrenOf, type XmlElement } from "./xml.ts";

export interface PeriodTime {
  readonly element: XmlElement;
  /** Time on the presentation's clock; `undefined` for a Period that is only announced. */
  readonly start: bigint | undefined;
  /** Where the next Period or nothing begins; `undefined` when it is not known yet. */
  readonly end: bigint | undefined;
}

/** `isLive` decides what a first Period without a start is: the beginning of a recording, or an announcement. */
export function timePeriods(mpd: XmlElement, isLive: boolean): readonly PeriodTime[] {
  const elements = childrenOf(mpd, "Period").filter((element) => !isRemoved(element));
  const starts = startsOf(elements, isLive);
  const total = durationOf(mpd, "mediaPresentationDuration");
  return elements.map((element, index) => {
    const start = starts[index];
    if (start === undefined) return { element, start, end: undefined };
    const next = starts[index + 1];
    return {
      element,
      start,
      end: next ?? lastEnd(start, starts[0] ?? 0n, durationOf(element, "duration"), total, index === elements.length - 1),
    };
  });
}

function startsOf(elements: readonly XmlElement[], isLive: boolean): readonly (bigint | undefined)[] {
  const starts: (bigint | undefined)[] = [];
  for (const [index, element] of elements.entries()) {
    const previous = elements[index - 1];
    const before = starts[index - 1];
    const length = previous && durationOf(previous, "duration");
    const following = before === undefined || length === undefined ? undefined : before + length;
    starts.push(durationOf(element, "start") ?? (index === 0 && !isLive ? 0n : following));
  }
  return starts;
}

/**
 * The presentation's duration tells where its last Period ends. Some packagers count it from the first Period's start, and
 * one that lies before the last Period says nothing.
 */
function lastEnd(start: bigint, first: bigint, length: bigint | undefined, total: bigint | undefined, isLast: boolean): bigint | undefined {
  const own = length === undefined ? undefined : start + length;
  if (!isLast || total === undefined) return own;
  return [total, own, first + total].find((end) => end !== undefined && end > start);
}

/** A Period of no length holds nothing to present, as after a remote element that resolves to nothing. */
function isRemoved(element: XmlElement): boolean {
  return durationOf(element, "duration") === 0n;
}

/** A duration that cannot be read counts as absent, as in players. */
export function durationOf(element: XmlElement, name: string): bigint | undefined {
  const text = attribute(element, name);
  return text === undefined ? undefined : parseDuration(text);
}
