/** Dates and times as callers write them, in a time zone, as moments. */

const PATTERN = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;

/** The zone's name as IANA writes it; `undefined` for an unknown one. */
export function zoneNamed(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** A stretch of time: a day for a date, and an empty one for a time. */
export interface Moment {
  readonly begins: number;
  readonly ends: number;
}

/**
 * Reads `2026-11-28`, `2026-11-28T10:30`, and with an offset of its own `2026-11-28T10:30:00+08:00`. The first two are in `zone`.
 * `undefined` for other text and for a date that no calendar has, such as `2026-02-30`.
 */
export function readMoment(text: string, zone: string): Moment | undefined {
  const [, year, month, day, hour, minute, second, offset] = PATTERN.exec(text.trim()) ?? [];
  if (year === undefined) return undefined;
  const date = `${year}-${month}-${day}`;
  const clock = `${hour ?? "00"}:${minute ?? "00"}:${second ?? "00"}`;
  const asUtc = Date.parse(`${date}T${clock}Z`);
  // `Date` reads the 30th of February as the 2nd of March.
  if (Number.isNaN(asUtc) || new Date(asUtc).toISOString().slice(0, 19) !== `${date}T${clock}`) return undefined;
  if (offset !== undefined) return at(asUtc - offsetMs(offset));
  const begins = fromZone(asUtc, zone);
  return hour === undefined ? { begins, ends: fromZone(asUtc + DAY_MS, zone) } : at(begins);
}

function at(moment: number): Moment {
  return { begins: moment, ends: moment };
}

/** `+0800` or `+08:00`; 0 for `Z`. */
function offsetMs(offset: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(offset) ?? [];
  const ms = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE_MS;
  return sign === "-" ? -ms : ms;
}

/** The moment at which the clocks of `zone` show what those of UTC show at `asUtc`. A time that the clocks skip stands for the one after. */
function fromZone(asUtc: number, zone: string): number {
  // Asking for the zone takes as long as parsing a thousand dates.
  if (zone === "UTC") return asUtc;
  const first = asUtc - aheadOfUtc(asUtc, zone);
  return asUtc - aheadOfUtc(first, zone);
}

/** By how much the clocks of `zone` are ahead of UTC at `moment`. */
function aheadOfUtc(moment: number, zone: string): number {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  return Date.parse(`${format.format(moment).replace(" ", "T")}Z`) - Math.floor(moment / 1_000) * 1_000;
}
