/** Vendor days: the calendar days in a vendor's time zone, at whose midnight its quota starts anew. */

const formats = new Map<string, Intl.DateTimeFormat>();
/** The known part of each zone's latest day. Formatting a date takes microseconds, and every answer needs some. */
const known = new Map<string, { readonly from: number; readonly until: number; readonly day: string }>();

/** The calendar day, `YYYY-MM-DD`, in `timeZone` (IANA name) at `now` (milliseconds since the epoch). */
export function vendorDay(now: number, timeZone: string): string {
  const span = known.get(timeZone);
  if (span && now >= span.from && now < span.until) return span.day;
  let format = formats.get(timeZone);
  if (!format) {
    // The Swedish locale writes dates as ISO 8601 does.
    format = new Intl.DateTimeFormat("sv-SE", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
    formats.set(timeZone, format);
  }
  return format.format(now);
}

/** The first millisecond of the next day in `timeZone`. A search, because days of 23 and 25 hours exist. */
export function nextReset(now: number, timeZone: string): number {
  const span = known.get(timeZone);
  if (span && now >= span.from && now < span.until) return span.until;
  const today = vendorDay(now, timeZone);
  let before = now;
  let after = now + 3_600_000;
  while (vendorDay(after, timeZone) === today) {
    before = after;
    after += 3_600_000;
  }
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (vendorDay(middle, timeZone) === today) before = middle;
    else after = middle;
  }
  known.set(timeZone, { from: now, until: after, day: today });
  return after;
}

/** The vendor's next days and the milliseconds since the epoch at which each begins. */
export function nextDays(now: number, timeZone: string, count: number): { readonly day: string; readonly begins: number }[] {
  const days: { day: string; begins: number }[] = [];
  for (let begins = nextReset(now, timeZone); days.length < count; begins = nextReset(begins, timeZone)) {
    days.push({ day: vendorDay(begins, timeZone), begins });
  }
  return days;
}
