/** Collects the URIs of a manifest that lead to no URL, with the reason for each. */

import { shortened } from "../documents/shortened.ts";
import type { SkippedUri } from "../prefetch/model/left-out.ts";
import type { Skipped } from "./manifest.ts";

/** More reasons help no reader. Without a limit, a hostile manifest could fill the memory with them. */
const MOST_SKIPPED = 1_000;
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
