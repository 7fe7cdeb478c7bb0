/** Numbers and times in the viewer's language and time zone. */

export interface Format {
  count(value: number): string;
  /** Such as "Nov 30, 16:00"; with the year where it is another than today's. */
  moment(ms: number): string;
  /** The time of day, such as "16:00:12". */
  clock(ms: number): string;
  /** Such as "in 3 hours". */
  distance(ms: number, now: number): string;
  /** Such as "3 min". */
  span(seconds: number): string;
  bytes(value: number): string;
}

const MINUTE_S = 60;
const HOUR_S = 3_600;
const DAY_S = 86_400;
const BYTE_UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;

/** Without a time zone, or with an unknown one, times are those of the viewer's machine. */
export function createFormat(locale: string, timeZone: string | undefined, now: () => number): Format {
  const zone = isTimeZone(timeZone) ? { timeZone } : {};
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  const numbers = new Intl.NumberFormat(locale);
  const moments = new Intl.DateTimeFormat(locale, { ...zone, ...time, month: "short", day: "numeric" });
  const farMoments = new Intl.DateTimeFormat(locale, { ...zone, ...time, month: "short", day: "numeric", year: "numeric" });
  const clock = new Intl.DateTimeFormat(locale, { ...zone, ...time, second: "2-digit" });
  const years = new Intl.DateTimeFormat("en", { ...zone, year: "numeric" });
  const distances = new Intl.RelativeTimeFormat(locale, { numeric: "always" });
  const unit = (value: number, name: string) =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: 1 }).format(value);

  return {
    count: (value) => numbers.format(value),
    moment: (ms) => (years.format(ms) === years.format(now()) ? moments : farMoments).format(ms),
    clock: (ms) => clock.format(ms),
    distance: (ms, from) => {
      const [value, name] = largest((ms - from) / 1_000);
      return distances.format(Math.round(value), name);
    },
    span: (seconds) => {
      const [value, name] = largest(seconds);
      return unit(Math.round(value), name);
    },
    bytes: (value) => {
      const power = value < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log10(value) / 3));
      return unit(value / 1_000 ** power, BYTE_UNITS[power] ?? "byte");
    },
  };
}

function largest(seconds: number): [value: number, unit: "day" | "hour" | "minute" | "second"] {
  const size = Math.abs(seconds);
  if (size >= 2 * DAY_S) return [seconds / DAY_S, "day"];
  if (size >= 2 * HOUR_S) return [seconds / HOUR_S, "hour"];
  return size >= 2 * MINUTE_S ? [seconds / MINUTE_S, "minute"] : [seconds, "second"];
}

function isTimeZone(name: string | undefined): name is string {
  if (name === undefined) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    // The host's text names no time zone that this browser knows.
    return false;
  }
}
