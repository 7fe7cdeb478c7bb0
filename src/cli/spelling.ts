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

/** Shorter names resemble those of other programs: `HW_ACCESS_KEY` and `AWS_ACCESS_KEY`. Longer: PREFECTH_STORE finds nothing. */
const LEAST_LETTERS = 13;
/** Letters for each edit. Fewer: names of other programs count as misspelt. More: two swapped letters of PREFETCH_STORE find nothing. */
const LETTERS_PER_EDIT = 6;

/**
 * The nearest of the known names for a name that may belong to another program, such as `HUAWEICLOUD_SDK_AK` for
 * `HuaweiCloud_SDK_AKK`. Case and separators do not count. Names that begin with different letters are not near.
 */
export function nearestSpelling(typed: string, known: Iterable<string>): string | undefined {
  const letters = lettersOf(typed);
  let nearest: { readonly name: string; readonly edits: number } | undefined;
  for (const name of known) {
    const wanted = lettersOf(name);
    const most = wanted.length < LEAST_LETTERS ? 0 : Math.min(MOST_EDITS, Math.floor(wanted.length / LETTERS_PER_EDIT));
    if (letters[0] !== wanted[0] || Math.abs(letters.length - wanted.length) > most) continue;
    const edits = leven(letters, wanted);
    if (edits <= most && edits < (nearest?.edits ?? Number.POSITIVE_INFINITY)) nearest = { name, edits };
  }
  return nearest?.name;
}

function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z\d]/g, "");
}
