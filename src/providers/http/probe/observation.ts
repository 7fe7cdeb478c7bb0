/** One request of a check, and what its answer says about the cached object. */

import type { PrefetchError } from "../../../base/errors.ts";
import type { Obstacle } from "../../../prefetch/model/edge.ts";
import { type CacheReading, readCache } from "../cache/cache-status.ts";
import { challengerOf } from "../cache/challenge.ts";
import type { HeaderLines } from "../cache/headers.ts";
import type { VendorId } from "../cache/vendors.ts";
import { isFetched, isServed } from "../cache/verdict.ts";
import { whyNotCached } from "../cache/why-not-cached.ts";

/** In the order of a round. `range`: a GET of the first byte. `whole`: a GET that is cut off after the headers. */
export const requestKinds = ["head", "range", "whole"] as const;
export type RequestKind = (typeof requestKinds)[number];

interface SentRequest {
  readonly kind: RequestKind;
  /** From 1. */
  readonly round: number;
}

export interface Answer extends SentRequest {
  /** Milliseconds from the start of the check to this answer. */
  readonly atMs: number;
  readonly status: number;
  readonly headers: HeaderLines;
  readonly firstByteMs: number;
}

interface FailedRequest extends SentRequest {
  readonly error: PrefetchError;
  /** The request may have reached the cache and filled it. */
  readonly sent: boolean;
}

export type Observation = Answer | FailedRequest;

/**
 * Meanings of an answer:
 *
 * | meaning       | the answer                                                                   |
 * |---------------|------------------------------------------------------------------------------|
 * | `stored`      | came from a cache                                                            |
 * | `stored-part` | was a range from a cache; CDNs that store slices may lack the rest           |
 * | `fetched`     | came from the origin or another tier                                         |
 * | `bypassed`    | carries the CDN's statement that it does not store it                        |
 * | `silent`      | does not mention a cache                                                     |
 * | `declined`    | refuses this kind of request, which says nothing about the object            |
 * | `redirect`    | is a redirect                                                                |
 * | `error`       | is an error, or a bot protection's page                                      |
 */
type Meaning = "stored" | "stored-part" | "fetched" | "bypassed" | "silent" | "declined" | "redirect" | "error";

export interface InterpretedAnswer extends Answer {
  readonly meaning: Meaning;
  readonly reading: CacheReading;
  readonly obstacles: readonly Obstacle[];
}

export type InterpretedObservation = InterpretedAnswer | FailedRequest;

export interface AnswerContext {
  readonly url: string;
  /** The vendor, when the headers cannot tell it but a CNAME did. */
  readonly vendor?: VendorId | undefined;
  /** The request carried `Authorization`. */
  readonly authorized?: boolean | undefined;
}

export function interpret(answer: Answer, { url, vendor, authorized }: AnswerContext): InterpretedAnswer {
  const { status, headers } = answer;
  const reading = readCache({ status, headers, vendor });
  // 206 counts as 200: the check itself asked for a part, so that is no obstacle.
  const obstacles = whyNotCached({ status: status === 206 ? 200 : status, headers, url, vendor, authorized });
  return { ...answer, meaning: meaningOf(answer, reading), reading, obstacles };
}

function meaningOf(answer: Answer, reading: CacheReading): Meaning {
  const { kind, status } = answer;
  if (status >= 400 || reading.state === "error" || challengerOf(answer) !== undefined)
    return isDeclined(kind, status) ? "declined" : "error";
  if (status >= 300 && status !== 304) return "redirect";
  if (isServed(reading)) return status === 206 ? "stored-part" : "stored";
  if (isFetched(reading)) return "fetched";
  return reading.state === "unknown" ? "silent" : "bypassed";
}

/** Many origins answer HEAD with an error although they answer GET. An empty object has no first byte (416). */
function isDeclined(kind: RequestKind, status: number): boolean {
  return kind === "head" || (kind === "range" && status === 416);
}

export function isAnswer(observation: InterpretedObservation): observation is InterpretedAnswer {
  return !isFailed(observation);
}

export function isFailed(observation: Observation): observation is FailedRequest {
  return "error" in observation;
}
