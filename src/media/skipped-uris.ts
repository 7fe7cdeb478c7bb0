/** Collects the URIs of a manifest that lead to no URL, with the reason for each. */

import type { SkippedUri } from "../prefetch/model/stream.ts";
import type { Skipped } from "./manifest.ts";

/** More reasons help no reader. Without a limit, a hostile manifest could fill the memory with them. */
const MOST_SKIPPED = 1_000;
/** A smaller value cuts off file names; a larger one lets foreign text fill a result. */
const LONGEST_SHOWN_CHARACTERS = 200;
/** Reasons quote foreign text. A smaller value cuts off the reader's own words. */
const LONGEST_REASON_CHARACTERS = 400;

export interface SkippedUris extends Skipped {
  add(uri: string, reason: string): void;
  /** Adds those of another list. */
  join(other: Skipped): void;
  result(): Skipped;
}

export function createSkippedUris(): SkippedUris {
  const list: SkippedUri[] = [];
  let count = 0;
  return {
    list,
    get count() {
      return count;
    },
    add: (uri, reason) => {
      count += 1;
      if (list.length < MOST_SKIPPED) list.push({ uri: shortened(uri), reason: shortened(reason, LONGEST_REASON_CHARACTERS) });
    },
    join: (other) => {
      count += other.count;
      for (const each of other.list) if (list.length < MOST_SKIPPED) list.push(each);
    },
    result: () => ({ list, count }),
  };
}

/** Foreign text, such as a URI, as an answer shows it. */
export function shortened(text: string, most = LONGEST_SHOWN_CHARACTERS): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
