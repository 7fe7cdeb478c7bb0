/** Ages and lifetimes that vendors express in other headers than `Age`. */

import { firstOf, type HeaderLines, secondsOf } from "./headers.ts";

/** Seconds from the date in header `name` to the response's own `Date`. Our clock may differ from the edge's. */
export function secondsSince(headers: HeaderLines, name: string): number | undefined {
  const since = Date.parse(headers.get(name)?.[0] ?? "");
  const now = Date.parse(headers.get("date")?.[0] ?? "");
  return now >= since ? secondsOf(String(Math.floor((now - since) / 1_000))) : undefined;
}

/** The rest of a lifetime that started when the cache stored the object. */
export function remainingLifetimeS(headers: HeaderLines, lifetimeS: number | undefined): number | undefined {
  const ageS = secondsOf(firstOf(headers, "age"));
  return lifetimeS === undefined || ageS === undefined ? undefined : Math.max(0, lifetimeS - ageS);
}
