/**
 * Whether a check's own requests have put into the cache what it finds there. Many caches turn even a HEAD into a GET, so
 * asking for a cold object warms it; only the first answer, or an age greater than the check's, tells how it was before.
 */

import { firstOf, secondsOf } from "../cache/headers.ts";
import type { Observation, Seen, Silence } from "./observation.ts";

/** Ages are whole seconds, and the clocks of several servers. */
const LEEWAY_S = 2;

/** Requests before this one that may have filled the cache; a request of another variant counts by its age alone. */
interface Doubts {
  readonly before: readonly (Seen | Silence)[];
  /** Milliseconds from the first of them to the answer in question. */
  readonly forMs: number;
}

/** `disturbedMs`: how long before the check another request may have filled the cache. `undefined` where nothing can have. */
export function doubtsAbout(answer: Seen, all: readonly (Seen | Silence)[], disturbedMs: number | undefined): Doubts | undefined {
  const before = all.slice(0, all.indexOf(answer)).filter(mayHaveFilled);
  if (before.length === 0 && disturbedMs === undefined) return undefined;
  return { before, forMs: answer.atMs + (disturbedMs ?? 0) };
}

export function mayHaveFilled(one: Seen | Silence): boolean {
  if (isSilence(one)) return one.sent;
  // What a parent had fills the edge on its way.
  return one.word === "fetched" || one.word === "nothing" || (one.word === "held" && one.reading.layer === "parent");
}

/** Whether something of that age may have been stored within the last so many milliseconds. */
export function mayBeSince(ageS: number | undefined, ms: number): boolean {
  return ms >= 0 && (ageS === undefined || ageS <= ms / 1_000 + LEEWAY_S);
}

/** It was stored long before the first request: then the place has another server that held it all the time. */
export function isOlder({ reading }: Seen, { before, forMs }: Doubts): boolean {
  if (reading.ageS === undefined || reading.ageS <= forMs / 1_000 + LEEWAY_S) return false;
  // What was fetched with an age of its own came from a cache behind, and keeps counting from there.
  return !before.filter(isSeen).some(({ headers }) => (secondsOf(firstOf(headers, "age")) ?? 0) > 0);
}

/** It was stored after the first request, whose answer, unlike this one, carried no age at all. */
export function isYounger({ reading }: Seen, { before, forMs }: Doubts): boolean {
  const [first] = before;
  if (first === undefined || isSilence(first) || first.headers.has("age")) return false;
  return reading.ageS !== undefined && reading.ageS <= forMs / 1_000 + LEEWAY_S;
}

export function isSeen(one: Seen | Silence): one is Seen {
  return !isSilence(one);
}

export function isSilence(one: Observation): one is Silence {
  return "error" in one;
}
