/** `ms` since the Unix epoch as ISO 8601, such as `2026-11-28T16:00:00.000Z`. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

const MINUTE_MS = 60_000;

/** A moment with its distance, such as `2026-11-28T16:00:00.000Z (in 19 h 35 min)`; without one for a moment that is over. */
export function momentFrom(now: number, ms: number): string {
  return ms > now ? `${isoTime(ms)} (in ${span(ms - now)})` : isoTime(ms);
}

/** A length of time in its two largest units, rounded up to minutes: `2 d 3 h`, `19 h 35 min`, `1 min`. */
export function span(ms: number): string {
  const minutes = Math.ceil(ms / MINUTE_MS);
  const [days, hours] = [Math.floor(minutes / 1_440), Math.floor((minutes % 1_440) / 60)];
  const parts =
    days > 0
      ? [
          [days, "d"],
          [hours, "h"],
        ]
      : [
          [hours, "h"],
          [minutes % 60, "min"],
        ];
  return parts
    .filter(([count]) => count !== 0)
    .map((part) => part.join(" "))
    .join(" ");
}
