/** Limits of emulated vendors: units a day, and calls in a sliding window. */

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export interface DailyQuota {
  readonly limit: number;
  /** Units spent on the current day. */
  readonly spent: number;
  readonly left: number;
  /** Spends all of the units, or none if they exceed the rest. */
  take(units: number): boolean;
}

/** China has one time zone and no daylight saving time. */
export const CHINA_UTC_OFFSET_HOURS = 8;

/** A quota that starts anew at midnight in the time zone of the given offset. */
export function createDailyQuota(limit: number, now: () => number, utcOffsetHours: number): DailyQuota {
  let day = Number.NaN;
  let used = 0;
  const spent = (): number => {
    const today = Math.floor((now() + utcOffsetHours * HOUR_MS) / DAY_MS);
    if (today !== day) used = 0;
    day = today;
    return used;
  };
  return {
    limit,
    get spent() {
      return spent();
    },
    get left() {
      return Math.max(0, limit - spent());
    },
    take: (units) => {
      if (spent() + units > limit) return false;
      used += units;
      return true;
    },
  };
}

/** Returns whether one more call fits into the sliding window. A refused call does not count. */
export function createRateLimit(calls: number, windowMs: number, now: () => number): () => boolean {
  let recent: number[] = [];
  return () => {
    recent = recent.filter((at) => at > now() - windowMs);
    if (recent.length >= calls) return false;
    recent.push(now());
    return true;
  };
}
