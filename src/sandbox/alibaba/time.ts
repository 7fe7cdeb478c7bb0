/** Times in headers and parameters of Alibaba Cloud: `2026-11-21T12:00:00Z`, whole seconds in UTC. */

export function writeTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** Milliseconds since the epoch; `undefined` for text of any other form. */
export function readTime(text: string): number | undefined {
  const at = Date.parse(text);
  return !Number.isNaN(at) && writeTime(at) === text ? at : undefined;
}

/** `2026-11-21 12:00:00`: the form of times in jobs, UTC without a zone. */
export function writeTimeWithoutZone(at: number): string {
  return writeTime(at).replace("T", " ").replace("Z", "");
}
