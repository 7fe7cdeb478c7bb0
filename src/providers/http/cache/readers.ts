/** Builders of header readers for the vendor files. A reader returns `undefined` when its header is missing or not understood. */

import { type HeaderLines, itemsOf } from "./headers.ts";
import { combineTiers, type Finding, isServed, type Layer, type Verdict, verdictOf } from "./verdict.ts";
import { isKeptMiss, isRemoteHit, isStoredError, stateOf } from "./words.ts";

export type Reader = (headers: HeaderLines) => Finding | undefined;

/** Reads the state from the first words of `text`, e.g. `TCP_MEM_HIT from a1` is a hit. */
export function verdictOfText(text: string, layer: Layer): Verdict | undefined {
  const state = stateOf(text);
  if (state === undefined) return undefined;
  if (state === "error" && isStoredError(text)) return { state, stored: true };
  if (isRemoteHit(text)) return verdictOf(state, "parent");
  const isKept = state === "miss" ? isKeptMiss(text) : undefined;
  return isKept === undefined ? verdictOf(state, layer) : { state: "miss", stored: isKept };
}

/**
 * A header with one word for the response, e.g. `cf-cache-status: HIT`. Some vendors send one word per tier in an undocumented
 * order: if those differ, or one is not understood, the layer is unknown.
 */
export function statusHeader(name: string, layer: Layer = "edge"): Reader {
  return (headers) => {
    const items = itemsOf(headers, name);
    const verdicts = items.flatMap((item) => verdictOfText(item, layer) ?? []);
    const verdict = combineTiers(verdicts);
    if (!verdict) return undefined;
    const allUnderstood = verdicts.length === items.length;
    return { verdict: isServed(verdict) && !allUnderstood ? { ...verdict, layer: "unknown" } : verdict, from: [name] };
  };
}

/** A list with one word per tier and the edge last, e.g. `x-cache: HIT, MISS`. A hit before the last entry is a parent's hit. */
export function edgeLastHeader(name: string): Reader {
  return (headers) => {
    const verdicts = itemsOf(headers, name).map((item) => verdictOfText(item, "edge"));
    const edge = verdicts.at(-1);
    if (edge === undefined) return undefined;
    const parent = verdicts
      .slice(0, -1)
      .filter((verdict) => verdict !== undefined)
      .findLast(isServed);
    if (!parent || isServed(edge) || edge.state === "error") return { verdict: edge, from: [name] };
    return { verdict: { ...parent, layer: "parent", ...(edge.stored === false && { stored: false }) }, from: [name] };
  };
}

/** A header whose words only this vendor uses. The keys of `table` are in lower case. */
export function ownWordsHeader(name: string, table: Readonly<Record<string, Verdict>>): Reader {
  const verdicts = new Map(Object.entries(table));
  return (headers) => {
    const verdict = combineTiers(itemsOf(headers, name).flatMap((item) => verdicts.get(item.toLowerCase()) ?? []));
    return verdict && { verdict, from: [name] };
  };
}

/** The result of the first reader that has one. */
export function firstReader(...readers: readonly Reader[]): Reader {
  return (headers) => {
    for (const reader of readers) {
      const finding = reader(headers);
      if (finding) return finding;
    }
    return undefined;
  };
}
