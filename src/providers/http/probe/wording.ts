/** The sentences in which a check tells what it has seen. */

import { explain, type PrefetchError } from "../../../base/errors.ts";
import type { Obstacle } from "../../../prefetch/model/edge.ts";
import type { Seen } from "./observation.ts";

export const elsewhere =
  "An earlier answer was not from a store, but this one had been stored before the check began: another server of the place held it.";
export const perhapsOwn =
  "It is served from a store now, but nothing tells whether it was before: an earlier request of this check, which told nothing, may have filled it.";
export const perhapsOtherVariant =
  "It is served from a store now, but nothing tells whether it was before: this check's request for another variant may have filled it.";
export const perhapsOtherPlace =
  "It is served from a store now, but nothing tells whether it was before: this check's request at another PoP may have filled a cache that both have behind them.";
export const declined = "No way of asking for it was answered.";

export function served({ reading: { state, layer, pop, ageS, stored } }: Seen, name = "The cache"): string {
  const place = layer === "edge" ? "the edge's store" : layer === "parent" ? "a cache behind the edge" : "a store";
  const facts = [pop, ageS === undefined ? undefined : `stored ${ageS} s ago`].filter((fact) => fact !== undefined);
  return [
    `${name} served it from ${place}${facts.length > 0 ? ` (${facts.join(", ")})` : ""}.`,
    layer === "unknown" ? "Its headers do not tell which tier's that is." : "",
    state === "revalidated" ? "Its lifetime was over, and the origin confirmed that it has not changed." : "",
    state === "stale" ? "Its lifetime is over (stale), so one of the next requests goes to the origin." : "",
    stored === false ? "The edge has not kept a copy." : "",
  ]
    .filter(Boolean)
    .join(" ");
}

export function sinceThen(isAtEdge: boolean): string {
  return isAtEdge ? "The edge has it since this check asked for it." : "Asked again, the edge still did not have it.";
}

/** How the first answer was that did not come from a store. */
function opening({ reading }: Seen): string {
  return reading.state === "expired"
    ? "Its lifetime in the cache was over, so the first answer was fetched anew."
    : "The first answer was not from a store.";
}

export function filled(first: Seen, { word, reading }: Seen): string {
  const now =
    word === "part"
      ? "a part of it is in the store now"
      : reading.layer === "parent"
        ? "a cache behind the edge has it now"
        : "it is warm now";
  return `${opening(first)} This check's own request has filled the cache meanwhile: ${now}.`;
}

export function youngerThanCheck({ reading }: Seen): string {
  return `It was stored ${reading.ageS ?? 0} s ago, which is after this check began: its own request has filled the cache, and it is warm now.`;
}

export function storedNow(first: Seen): string {
  return `${opening(first)} The CDN says that it has stored it by now.`;
}

export function missed(first: Seen, { reason }: Obstacle): string {
  return first.reading.state === "expired" ? `${opening(first)} ${reason}` : reason;
}

export function notStored(name = "The CDN"): string {
  return `${name} fetched it and says that it has not stored it.`;
}

export function passed(name = "The cache"): string {
  return `${name} says that it does not store this.`;
}

export function status({ status: code, reading }: Seen): string {
  return `It answers ${code}${reading.stored === true ? ", from the cache's store" : ""}.`;
}

export function forbidden(obstacle: string, answers: number): string {
  return `${obstacle} ${answers === 1 ? "The answer was not from a store." : `None of ${answers} answers was from a store.`}`;
}

/** First-byte times are a hint only: a near origin is faster than a far edge. */
export function silent(first: Seen, second: Seen | undefined, failure: PrefetchError | undefined): string {
  const ms = ({ firstByteMs }: Seen): string => `${Math.round(firstByteMs)} ms`;
  const times = second ? `The first byte came after ${ms(first)}, then after ${ms(second)}` : `The first byte came after ${ms(first)}`;
  const told =
    first.word === "part"
      ? "Its first byte came from a store, which says nothing of the rest."
      : "No header tells whether it came from a store.";
  return `${told} ${times}, which proves nothing.${failure ? ` ${explain(failure)}` : ""}`;
}
