/** For how long a copy may still be served. */

import type { Warmth } from "../../../prefetch/model/edge.ts";
import { sharedLifetimeS } from "../cache/cache-control.ts";
import { firstOf, secondsOf } from "../cache/headers.ts";
import { vendorOf } from "../cache/vendors.ts";
import { isServed } from "../cache/verdict.ts";
import type { InterpretedAnswer } from "./observation.ts";

/** States with a copy, or with an answer that a cache may keep. */
const keptStates: readonly Warmth[] = ["warm", "warm-parent-only", "cold"];

/** Seconds: by the cache's own word, or the lifetime that the headers give minus the age. `undefined` if neither tells it. */
export function ttlOf({ headers, reading }: InterpretedAnswer, state: Warmth): number | undefined {
  if (reading.ttlS !== undefined) return reading.ttlS;
  if (!keptStates.includes(state)) return undefined;
  const lifetimeS = sharedLifetimeS(headers, vendorOf(reading.vendor));
  const ageS = reading.ageS ?? secondsOf(firstOf(headers, "age")) ?? (isServed(reading) ? undefined : 0);
  if (lifetimeS === undefined || ageS === undefined) return undefined;
  const leftS = lifetimeS - ageS;
  // A copy that is older than its lifetime lives by a rule of the CDN.
  return leftS >= 0 ? leftS : undefined;
}
