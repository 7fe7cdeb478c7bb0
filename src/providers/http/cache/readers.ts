/** Ways to read a status header, for the rows of the vendor table. Each gives nothing when its header says nothing. */

import { type HeaderLines, itemsOf } from "./headers.ts";
import { combined, type Finding, isServed, type Layer, type Verdict, verdictOf } from "./verdict.ts";
import { isStoredError, stateOf } from "./words.ts";

export type Reader = (headers: HeaderLines) => Finding | undefined;

export function verdictOfText(text: string, layer: Layer): Verdict | undefined {
  const state = stateOf(text);
  if (state === undefined) return undefined;
  return state === "error" && isStoredError(text) ? { state, stored: true } : verdictOf(state, layer);
}

/**
 * A header with one word for the answer. Where a vendor writes one for each tier, on lines or in a list, and does not say
 * which end the edge is at, they have to agree; else the layer stays open.
 */
export function word(name: string, layer: Layer = "edge"): Reader {
  return (headers) => {
    const items = itemsOf(headers, name);
    const verdicts = items.flatMap((item) => verdictOfText(item, layer) ?? []);
    const verdict = combined(verdicts);
    if (!verdict) return undefined;
    const isClear = verdicts.length === items.length;
    return { verdict: isServed(verdict) && !isClear ? { ...verdict, layer: "unknown" } : verdict, from: [name] };
  };
}

/** A list to which every tier adds its word, the edge last: a hit anywhere before is a parent's. */
export function lastOf(name: string): Reader {
  return (headers) => {
    const verdicts = itemsOf(headers, name).map((item) => verdictOfText(item, "edge"));
    const edge = verdicts.at(-1);
    if (edge === undefined) return undefined;
    const parent = verdicts
      .slice(0, -1)
      .filter((one) => one !== undefined)
      .findLast(isServed);
    if (!parent || isServed(edge) || edge.state === "error") return { verdict: edge, from: [name] };
    return { verdict: { ...parent, layer: "parent", ...(edge.stored === false && { stored: false }) }, from: [name] };
  };
}

/** Words that are a vendor's alone, each with its verdict. */
export function ownWords(name: string, own: Readonly<Record<string, Verdict>>): Reader {
  const verdicts = new Map(Object.entries(own));
  return (headers) => {
    const verdict = combined(itemsOf(headers, name).flatMap((item) => verdicts.get(item.toLowerCase()) ?? []));
    return verdict && { verdict, from: [name] };
  };
}

/** The first reader that has something to say. */
export function firstReader(...readers: readonly Reader[]): Reader {
  return (headers) => {
    for (const reader of readers) {
      const finding = reader(headers);
      if (finding) return finding;
    }
    return undefined;
  };
}
