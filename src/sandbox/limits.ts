/** The limits that emulated vendors keep: so many units a day, so many calls in a stretch of time. */

const DAY_MS = 86_400_000;

export interface DailyQuota {
  /** Units spent on the current day. */
  readonly spent: number;
  readonly left: number;
  /** Spends all of the units or, where they are too many, none. */
  take(units: number): boolean;
}

/** Hours by which clocks in China are ahead of UTC. */
export const CHINA = 8;

/** A quota that comes back at midnight where clocks are so many hours ahead of UTC. */
export function createDailyQuota(limit: number, now: () => number, hoursAhead: number): DailyQuota {
  let day = Number.NaN;
  let used = 0;
  const spent = (): number => {
    const today = Math.floor((now() + hoursAhead * 3_600_000) / DAY_MS);
    if (today !== day) used = 0;
    day = today;
    return used;
  };
  return {
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

/** Whether one more call fits into the sliding stretch of time; a call that does not fit is not counted. */
export function createRateLimit(calls: number, perMs: number, now: () => number): () => boolean {
  let recent: number[] = [];
  return () => {
    recent = recent.filter((at) => at > now() - perMs);
    if (recent.length >= calls) return false;
    recent.push(now());
    return true;
  };
}
