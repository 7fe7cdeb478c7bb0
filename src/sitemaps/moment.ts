/** Dates of sitemaps and feeds as moments. */

import { type Moment, readMoment } from "../base/zoned-time.ts";

/** Longer texts are no dates. */
const LONGEST_DATE = 64;
/** RFC 822, section 5, such as `Sat, 28 Nov 2026 10:30:00 +0800`. RSS dates have this form. */
const RFC_822 =
  /^(?:[A-Za-z]{3,9},?\s+)?(\d{1,2})\s+([A-Za-z]{3})[a-z]*\s+(\d{4}|\d{2})\s+(\d{1,2}:\d{2}(?::\d{2})?)\s*(Z|UTC?|GMT|[ECMP][SD]T|[+-]\d{4})?$/;

/** `undefined` for a text that is no date of these formats: W3C's `2026`, `2026-11`, `2026-11-28`, a date with a time, or RFC 822. */
export function momentOf(text: string | undefined): Moment | undefined {
  const trimmed = text?.trim() ?? "";
  if (trimmed === "" || trimmed.length > LONGEST_DATE) return undefined;
  return readMoment(trimmed, "UTC") ?? monthOrYear(trimmed) ?? rfc822(trimmed);
}

/** A date counts as changed until it ends: a page of today may have changed after any time of today. */
export function isSince({ begins, ends }: Moment, since: number): boolean {
  return begins >= since || ends > since;
}

function monthOrYear(text: string): Moment | undefined {
  const [, year, month] = /^(\d{4})(?:-(\d{2}))?$/.exec(text) ?? [];
  if (year === undefined) return undefined;
  const first = month === undefined ? 1 : Number(month);
  if (first < 1 || first > 12) return undefined;
  const next = month === undefined ? Date.UTC(Number(year) + 1, 0) : Date.UTC(Number(year), first);
  return { begins: Date.UTC(Number(year), first - 1), ends: next };
}

/** `Date` reads a time without a zone in the zone of the machine, so it gets one here. */
function rfc822(text: string): Moment | undefined {
  const [, day, month, year = "", time, zone = "GMT"] = RFC_822.exec(text) ?? [];
  if (day === undefined) return undefined;
  const moment = Date.parse(`${day} ${month} ${year.length === 2 ? `20${year}` : year} ${time} ${zone}`);
  return Number.isNaN(moment) ? undefined : { begins: moment, ends: moment };
}
