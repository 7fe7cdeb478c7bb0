/** What one request of a check brought to light, and what it means for the question whether the object is in the cache. */

import type { PrefetchError } from "../../../base/errors.ts";
import type { Obstacle } from "../../../prefetch/model/edge.ts";
import { type CacheReading, readCache } from "../cache/cache-status.ts";
import type { HeaderLines } from "../cache/headers.ts";
import type { VendorId } from "../cache/vendors.ts";
import { isFetched, isServed } from "../cache/verdict.ts";
import { whyNotCached } from "../cache/why-not-cached.ts";

/** `range`: a GET of the first byte; `whole`: a GET of everything, whose body is given up. */
export const questions = ["head", "range", "whole"] as const;
export type Question = (typeof questions)[number];

export interface Answer {
  readonly asked: Question;
  /** From 1. */
  readonly round: number;
  /** Milliseconds from the beginning of the check to this answer. */
  readonly atMs: number;
  readonly status: number;
  readonly headers: HeaderLines;
  readonly firstByteMs: number;
}

export interface Silence {
  readonly asked: Question;
  readonly round: number;
  readonly error: PrefetchError;
  /** The request may have reached the cache, and so have filled it. */
  readonly sent: boolean;
}

export type Observation = Answer | Silence;

/**
 * `held`: served from a store. `part`: so was the first byte, which says nothing of the rest where a CDN stores by pieces.
 * `fetched`: brought from behind. `passed`: the CDN says that it stores none of it. `nothing`: no word about a cache.
 * `declined`: this way of asking is not answered, which says nothing of the object.
 */
type Word = "held" | "part" | "fetched" | "passed" | "nothing" | "declined" | "redirect" | "error";

export interface Seen extends Answer {
  readonly word: Word;
  readonly reading: CacheReading;
  readonly obstacles: readonly Obstacle[];
}

export interface Asked {
  readonly url: string;
  /** Where headers do not tell it. */
  readonly vendor?: VendorId | undefined;
  readonly authorized?: boolean | undefined;
}

export function see(answer: Answer, { url, vendor, authorized }: Asked): Seen {
  const { status, headers } = answer;
  const reading = readCache({ status, headers, vendor });
  // That only a part was asked for is this check's own doing, and in nobody's way.
  const obstacles = whyNotCached({ status: status === 206 ? 200 : status, headers, url, vendor, authorized });
  return { ...answer, word: wordOf(answer, reading), reading, obstacles };
}

function wordOf({ asked, status }: Answer, reading: CacheReading): Word {
  const isError = status >= 400 || reading.state === "error";
  // Many origins answer HEAD with an error although they answer GET, and an empty object has no first byte.
  if (isError && (asked === "head" || status === 416)) return asked === "whole" ? "error" : "declined";
  if (isError) return "error";
  if (status >= 300 && status !== 304) return "redirect";
  if (isServed(reading)) return status === 206 ? "part" : "held";
  if (isFetched(reading)) return "fetched";
  return reading.state === "unknown" ? "nothing" : "passed";
}
