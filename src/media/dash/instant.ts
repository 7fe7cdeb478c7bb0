/**
 * Exact times. Every time of the presentation is a whole number of attoseconds: segment numbers come from divisions of
 * times, and a rounding error there names a segment that does not exist.
 */

/** xs:duration allows any number of digits. Digits beyond the 18th are cut off; no packager writes them. */
export const SECOND = 10n ** 18n;
const DIGITS = 18;

const DURATION = /^P(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})D)?(?:T(?:(\d{1,12})H)?(?:(\d{1,12})M)?(?:(\d{1,15})(?:\.(\d{1,40}))?S)?)?$/;
/** Seconds of each unit. Years and months have no fixed length; players count them as 365 and 30 days. */
const UNITS = [31_536_000n, 2_592_000n, 86_400n, 3_600n, 60n, 1n] as const;

/** xs:duration (XML Schema 1.1, part 2, section 3.3.6); `undefined` when it is malformed or negative. */
export function parseDuration(text: string): bigint | undefined {
  const match = DURATION.exec(text.trim());
  if (match === null || text.trim().endsWith("T") || match.slice(1, 7).every((part) => part === undefined)) return undefined;
  const whole = UNITS.reduce((sum, unit, index) => sum + unit * BigInt(match[index + 1] ?? "0"), 0n);
  return whole * SECOND + fraction(match[7]);
}

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,40}))?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * xs:dateTime, since the Unix epoch. A time without a zone is in UTC (ISO/IEC 23009-1, section 5.3.1.2). Players also read a
 * zone without its colon.
 */
export function parseDateTime(text: string): bigint | undefined {
  const match = DATE_TIME.exec(text.trim());
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, decimals, zone = "Z"] = match;
  const milliseconds = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`);
  return Number.isNaN(milliseconds) ? undefined : fromMilliseconds(milliseconds) + fraction(decimals);
}

export function fromMilliseconds(milliseconds: number): bigint {
  return (BigInt(Math.round(milliseconds)) * SECOND) / 1_000n;
}

/** A number of seconds as xs:double writes it. */
export function parseSeconds(text: string): bigint | undefined {
  const match = /^([+-]?)(\d{1,15})(?:\.(\d{0,40}))?$/.exec(text.trim());
  if (match === null) return undefined;
  const size = BigInt(match[2] ?? "0") * SECOND + fraction(match[3]);
  return match[1] === "-" ? -size : size;
}

export function toSeconds(time: bigint): number {
  return Number(time) / Number(SECOND);
}

/** Both round toward negative infinity or up from it; BigInt division rounds toward zero. `divisor` is positive. */
export function floorDiv(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value < 0n && quotient * divisor !== value ? quotient - 1n : quotient;
}

export function ceilDiv(value: bigint, divisor: bigint): bigint {
  return -floorDiv(-value, divisor);
}

export function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function most(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function fraction(decimals = ""): bigint {
  return BigInt(decimals.slice(0, DIGITS).padEnd(DIGITS, "0"));
}
