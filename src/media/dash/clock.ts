/** Tells which segments exist at this moment (ISO/IEC 23009-1, section 5.3.9.5.3; DASH-IF IOP part 5, availability). */

import { attribute } from "../../documents/attributes.ts";
import type { Offset } from "./base-url.ts";
import { fromMilliseconds, least, parseDateTime, SECOND } from "./instant.ts";
import { durationOf, type PeriodTime } from "./periods.ts";
import { type Span, ticksDown, ticksUp } from "./runs.ts";
import type { XmlElement } from "./xml.ts";

export interface Clock {
  /** The presentation goes on. A dynamic manifest whose presentation has ended is a recording. */
  readonly isLive: boolean;
  readonly isDynamic: boolean;
  /** Now on the presentation's clock; `undefined` when the manifest does not say when it began. */
  readonly now: bigint | undefined;
  /** How long segments stay on the server; `undefined` for ever. */
  readonly depth: bigint | undefined;
  /** How far behind now players play; `undefined` when each decides it. */
  readonly delay: bigint | undefined;
}

/**
 * Players fill their buffer with what exists ahead of now. A larger value lists more of what an infinite
 * `@availabilityTimeOffset` promises; a smaller one leaves out segments that players fetch at once.
 */
const AHEAD = 30n * SECOND;

export function isDynamic(mpd: XmlElement): boolean {
  return attribute(mpd, "type")?.trim() === "dynamic";
}

export function readClock(mpd: XmlElement, periods: readonly PeriodTime[], now: number): Clock {
  const dynamic = isDynamic(mpd);
  const begun = dynamic ? parseDateTime(attribute(mpd, "availabilityStartTime") ?? "") : undefined;
  const elapsed = begun === undefined ? undefined : fromMilliseconds(now) - begun;
  // Without a total duration, an update may add Periods (section 5.3.1.2).
  const isFinal = durationOf(mpd, "mediaPresentationDuration") !== undefined || attribute(mpd, "minimumUpdatePeriod") === undefined;
  const end = isFinal ? periods.at(-1)?.end : undefined;
  const hasEnded = end !== undefined && elapsed !== undefined && elapsed >= end;
  return {
    isLive: dynamic && !hasEnded,
    isDynamic: dynamic,
    now: elapsed,
    depth: dynamic ? durationOf(mpd, "timeShiftBufferDepth") : undefined,
    delay: dynamic ? durationOf(mpd, "suggestedPresentationDelay") : undefined,
  };
}

/** The part of a Period's ticks that is presented and exists. */
export function spanOf({ start = 0n, end }: PeriodTime, { isLive, now }: Clock, offset: Offset, timescale: bigint): Span {
  const before = end === undefined ? undefined : ticksUp(end - start, timescale);
  if (!isLive || now === undefined) return { after: 0n, before, complete: undefined };
  const horizon = now + (offset === "INF" ? AHEAD : least(offset, AHEAD));
  // The last segment of a Period may be shorter than its duration says, and is complete with the Period.
  const complete = end !== undefined && horizon >= end ? undefined : ticksDown(horizon - start, timescale);
  return { after: 0n, before, complete };
}
