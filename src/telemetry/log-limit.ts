/** Bounds how many lines of one kind the log gets, so that a cause that repeats does not fill it. */

import type { Clock } from "../base/clock.ts";

/** Lines per kind and period. More fill the log; fewer hide that causes differ. */
const MOST_LINES = 3;
/** Longer: the log tells later that a cause goes on. Shorter: a lasting cause fills more of the log. */
const PERIOD_MS = 60_000;
/** Kinds that are counted. More hold more memory; fewer forget a kind that repeats slowly. */
const MOST_KINDS = 1_000;

/** What an admitted line says besides its message. */
export interface LineNotes {
  /** Lines of its kind that were left out since the last one. */
  readonly leftOut?: number;
  /** It is the last one of its kind in this period. */
  readonly further?: string;
}

/** Asks for one more line of a kind. Returns `undefined` when the log has enough of them. */
export type AdmitLine = (kind: string) => LineNotes | undefined;

const LAST_LINE: LineNotes = { further: `lines of this kind are left out for up to ${PERIOD_MS / 1_000} s` };

interface Period {
  readonly endsAt: number;
  lines: number;
  leftOut: number;
}

export function createLogLimit({ monotonic }: Pick<Clock, "monotonic">): AdmitLine {
  /** In the order of their begin. */
  const periods = new Map<string, Period>();

  const begin = (kind: string, now: number): LineNotes => {
    const leftOut = periods.get(kind)?.leftOut ?? 0;
    periods.delete(kind);
    const [oldest] = periods.size < MOST_KINDS ? [] : periods.keys();
    if (oldest !== undefined) periods.delete(oldest);
    periods.set(kind, { endsAt: now + PERIOD_MS, lines: 1, leftOut: 0 });
    return leftOut > 0 ? { leftOut } : {};
  };

  return (kind) => {
    const now = monotonic();
    const period = periods.get(kind);
    if (!period || now >= period.endsAt) return begin(kind, now);
    if (period.lines < MOST_LINES) {
      period.lines += 1;
      return period.lines === MOST_LINES ? LAST_LINE : {};
    }
    period.leftOut += 1;
    return undefined;
  };
}
