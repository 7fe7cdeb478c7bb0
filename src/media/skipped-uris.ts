/** Collects the URIs of a manifest that lead to no URL, with the reason for each. */

import type { MediaRole, SkippedUri } from "./manifest.ts";

/** More reasons help no reader. Without a limit, a hostile manifest could fill the memory with them. */
const MOST_SKIPPED = 1_000;
/** A smaller value cuts off file names; a larger one lets foreign text fill a result. */
const LONGEST_SHOWN_CHARACTERS = 200;

export interface SkippedUris {
  readonly list: readonly SkippedUri[];
  add(uri: string, role: MediaRole, reason: string): void;
}

export function createSkippedUris(): SkippedUris {
  const list: SkippedUri[] = [];
  return {
    list,
    add: (uri, role, reason) => {
      if (list.length < MOST_SKIPPED) list.push({ uri: shortened(uri), role, reason });
    },
  };
}

function shortened(uri: string): string {
  return uri.length > LONGEST_SHOWN_CHARACTERS ? `${uri.slice(0, LONGEST_SHOWN_CHARACTERS)}…` : uri;
}
