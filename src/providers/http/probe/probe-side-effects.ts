/**
 * Decides whether a check found an object that its own requests put into the cache. Many caches turn even a HEAD into a
 * GET, so a question about a cold object warms it. Only the first answer, or an age greater than the check's, shows the
 * state before the check.
 */

import { firstOf, secondsOf } from "../cache/headers.ts";
import { type InterpretedAnswer, type InterpretedObservation, isAnswer, isFailed } from "./observation.ts";

/** Ages are in whole seconds, and several servers with different clocks set them. */
const TOLERANCE_S = 2;

/** The requests before an answer that may have filled the cache. */
interface PossibleFills {
  /** Those of this check; empty when only a request for another variant may have filled the cache. */
  readonly requests: readonly InterpretedObservation[];
  /** Milliseconds from the first possible fill to the answer. */
  readonly sinceMs: number;
}

/**
 * `undefined` if no request before the answer can have filled the cache. `msSinceOtherFill` is the time from a possible
 * fill by another variant to the start of this check.
 */
export function possibleFillsBefore(
  answer: InterpretedAnswer,
  all: readonly InterpretedObservation[],
  msSinceOtherFill: number | undefined,
): PossibleFills | undefined {
  const requests = all.slice(0, all.indexOf(answer)).filter(mayHaveFilledCache);
  if (requests.length === 0 && msSinceOtherFill === undefined) return undefined;
  return { requests, sinceMs: answer.atMs + (msSinceOtherFill ?? 0) };
}

export function mayHaveFilledCache(observation: InterpretedObservation): boolean {
  if (isFailed(observation)) return observation.sent;
  const { meaning, reading } = observation;
  // A hit of a parent tier fills the edge on its way.
  return meaning === "fetched" || meaning === "silent" || (meaning === "stored" && reading.layer === "parent");
}

/** Whether a copy of this age may have been stored within the last `ms` milliseconds. */
export function mayBeStoredWithin(ms: number, ageS: number): boolean {
  return ageS <= ms / 1_000 + TOLERANCE_S;
}

/** The copy is older than the first possible fill, so another server of the PoP must have held it all the time. */
export function isOlderThan({ requests, sinceMs }: PossibleFills, { reading }: InterpretedAnswer): boolean {
  if (reading.ageS === undefined || mayBeStoredWithin(sinceMs, reading.ageS)) return false;
  // A fetched answer with an age came from a cache behind the edge. The edge's copy continues that age.
  return !requests.filter(isAnswer).some(({ headers }) => (secondsOf(firstOf(headers, "age")) ?? 0) > 0);
}

/** The copy is younger than the first request, and the age is the edge's: the first answer carried none. */
export function isYoungerThan({ requests, sinceMs }: PossibleFills, { reading }: InterpretedAnswer): boolean {
  const [first] = requests;
  if (first === undefined || isFailed(first) || first.headers.has("age")) return false;
  return reading.ageS !== undefined && mayBeStoredWithin(sinceMs, reading.ageS);
}
