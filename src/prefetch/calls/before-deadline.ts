/** Bounds the time of the look-ups that come before sending. */

import { PrefetchError } from "../../base/errors.ts";

/** Hosts give up on a call after a minute; look-ups of streams, sitemaps and assets leave time to send and to answer. */
const LONGEST_LOOKUP_MS = 40_000;
/** After a wait for publishing of up to 50 s, the last look-up has this long. */
const LAST_LOOKUP_MS = 5_000;

interface LookupWords {
  /** What is looked up. */
  readonly what: string;
  /** What the next call should have fewer of. */
  readonly fewer: string;
}

/** Throws `timeout` when the work takes too long. `waitMs`: what it may wait besides. */
export async function beforeDeadline<Result>(
  called: AbortSignal,
  { what, fewer }: LookupWords,
  work: (signal: AbortSignal) => Promise<Result>,
  waitMs = 0,
): Promise<Result> {
  const deadline = AbortSignal.timeout(Math.max(LONGEST_LOOKUP_MS, waitMs + LAST_LOOKUP_MS));
  try {
    return await work(AbortSignal.any([called, deadline]));
  } catch (error) {
    if (!deadline.aborted || called.aborted) throw error;
    throw new PrefetchError("timeout", `${what} could not all be read in time`, {
      retryable: true,
      hint: `Nothing was sent. Pass fewer ${fewer}.`,
    });
  }
}
