/** The sentences that explain a state to users. */

import { explain, type PrefetchError } from "../../../base/errors.ts";
import type { Obstacle } from "../../../prefetch/model/edge.ts";
import type { InterpretedAnswer } from "./observation.ts";

const cacheNames = { edge: "the edge's cache", parent: "a cache behind the edge", unknown: "a cache" };

const filledByOther = (request: string): string =>
  `A cache serves it now, but ${request} may have put it there. The state before the check is unknown.`;

const firstAnswer = ({ reading }: InterpretedAnswer): string =>
  reading.state === "expired"
    ? "The cached copy had expired, so the CDN fetched it again for the first answer."
    : "The first answer did not come from a cache.";

const milliseconds = ({ firstByteMs }: InterpretedAnswer): string => `${Math.round(firstByteMs)} ms`;

/** `cdn` is the name of the CDN, where it is known. */
export const reasons = {
  maybeFilledByThisCheck: filledByOther("an earlier request of this check, whose answer did not mention a cache,"),
  maybeFilledByOtherVariant: filledByOther("this check's request for another variant"),
  maybeFilledAtOtherPop: filledByOther("this check's request at another PoP, which may share a cache with this PoP,"),
  heldByOtherServer:
    "An earlier answer did not come from a cache, but this copy is older than the check: another server at the same place held it.",
  edgeFilledMeanwhile: "The edge has had it since this check requested it.",
  edgeStillEmpty: "The edge still did not have it on the next request.",
  noUsableAnswer: "No request got a usable answer.",

  cacheHit: ({ reading }: InterpretedAnswer, cdn = "The CDN"): string => {
    const { state, layer = "unknown", pop, ageS, stored } = reading;
    const facts = [pop, ageS === undefined ? undefined : `stored ${ageS} s ago`].filter((fact) => fact !== undefined);
    const sentences = [
      `${cdn} served it from ${cacheNames[layer]}${facts.length > 0 ? ` (${facts.join(", ")})` : ""}.`,
      layer === "unknown" && "The headers do not say which tier served it.",
      state === "revalidated" && "Its lifetime had expired, and the origin confirmed that it has not changed.",
      state === "stale" && "Its lifetime has expired (stale), so one of the next requests goes to the origin.",
      stored === false && "The edge did not keep a copy.",
    ];
    return sentences.filter((sentence) => sentence !== false).join(" ");
  },

  filledByThisCheck: (first: InterpretedAnswer, { meaning, reading }: InterpretedAnswer): string => {
    const inParent = reading.layer === "parent" ? "a cache behind the edge has it now" : "it is warm now";
    const state = meaning === "stored-part" ? "a part of it is in the cache now" : inParent;
    return `${firstAnswer(first)} This check's own request has filled the cache meanwhile: ${state}.`;
  },

  storedDuringCheck: ({ reading }: InterpretedAnswer): string =>
    `It was stored ${reading.ageS ?? 0} s ago, after this check began: the check's own request filled the cache, and it is warm now.`,

  storedNow: (first: InterpretedAnswer): string => `${firstAnswer(first)} The CDN reports that it has stored it now.`,

  miss: (first: InterpretedAnswer, { reason }: Obstacle): string =>
    first.reading.state === "expired" ? `${firstAnswer(first)} ${reason}` : reason,

  notStored: (cdn = "The CDN"): string => `${cdn} fetched it and reports that it did not store it.`,

  bypassed: (cdn = "The CDN"): string => `${cdn} reports that it does not store this.`,

  wrongStatus: ({ status, reading }: InterpretedAnswer, { code, reason }: Obstacle): string => {
    const seen = `The CDN answers with status ${status}${reading.stored === true ? ", from its cache" : ""}.`;
    return code === "error-status" || code === "redirect" ? seen : `${seen} ${reason}`;
  },

  forbidden: (obstacle: string, answers: number): string =>
    `${obstacle} ${answers === 1 ? "The answer did not come from a cache." : `None of ${answers} answers came from a cache.`}`,

  /** First-byte times are a hint only: an origin nearby is faster than an edge far away. */
  inconclusive: (first: InterpretedAnswer, second: InterpretedAnswer | undefined, failure: PrefetchError | undefined): string => {
    const finding =
      first.meaning === "stored-part"
        ? "The first byte came from a cache, which says nothing about the rest."
        : "No header says whether it came from a cache.";
    const times = [`after ${milliseconds(first)}`, second && `then after ${milliseconds(second)}`].filter(Boolean).join(", ");
    return `${finding} The first byte arrived ${times}, which proves nothing.${failure ? ` ${explain(failure)}` : ""}`;
  },
};
