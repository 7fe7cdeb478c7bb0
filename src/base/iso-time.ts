/** `ms` since the Unix epoch as ISO 8601, such as `2026-11-28T16:00:00.000Z`. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
