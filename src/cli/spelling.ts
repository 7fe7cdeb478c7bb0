/** Finds the name that a user probably meant. */

import leven from "leven";

/** Larger: the suggestion is often another thing than the user meant. Smaller: two swapped letters and one more find nothing. */
const MOST_EDITS = 3;

/** The nearest of the known names, or `undefined` when none is near. Case does not count. */
export function nearestName(typed: string, known: Iterable<string>): string | undefined {
  const distances = [...known].map((name) => ({ name, edits: leven(typed.toLowerCase(), name.toLowerCase()) }));
  const [nearest] = distances.sort((a, b) => a.edits - b.edits);
  // A short name resembles every other short name.
  const isNear = nearest !== undefined && nearest.edits <= Math.min(MOST_EDITS, Math.floor(nearest.name.length / 2));
  return isNear ? nearest.name : undefined;
}
