/** Fetches one URL through one route: retries failures, and confirms outcomes that are doubtful. */

import type { Clock } from "../../../base/clock.ts";
import { explain } from "../../../base/errors.ts";
import { InvalidAnswerError } from "../../kit/answer-guard.ts";
import { readCache } from "../cache/cache-status.ts";
import { isServed } from "../cache/verdict.ts";
import type { WarmLimits } from "../limits.ts";
import { failureOf } from "../net/failure.ts";
import { FIRST_RETRY_MS, pauseHost, retryDelayMs } from "./back-off.ts";
import { classifyAnswer, type DoubtfulOutcome, type FinalOutcome } from "./classify.ts";
import type { FetchContext, FetchRoute } from "./fetch-context.ts";
import { type FetchedAnswer, fetchFollowing, type RedirectOptions } from "./redirects.ts";
import { createSendRequest } from "./send-request.ts";

export interface FetcherOptions extends RedirectOptions {
  readonly clock: Clock;
  readonly limits: WarmLimits;
}

/** Rejects with the signal's reason, or with a bug. Every other failure is an outcome. */
type Fetcher = (url: string, route: FetchRoute, context: FetchContext) => Promise<FinalOutcome>;

interface Attempt {
  readonly outcome: FinalOutcome;
  /** `undefined` if another attempt is of no use. */
  readonly retryAfterMs: number | undefined;
  readonly maxAttempts: number;
}

/** More attempts repeat requests that keep failing; fewer fail a URL because of a short fault. */
const MAX_ATTEMPTS = 3;
/** Attempts when the answer cannot be read: software that breaks HTTP seldom stops by itself. */
const MAX_UNREADABLE_ATTEMPTS = 2;
/** Attempts when a redirect leads back: some sites redirect once to set a cookie or while a rule spreads. More repeat the loop. */
const MAX_LOOP_ATTEMPTS = 2;
/** CDNs store an answer a moment after they sent it. A longer wait slows doubtful URLs down; a shorter one asks too early. */
const CONFIRM_AFTER_MS = 500;

export function createFetcher(options: FetcherOptions): Fetcher {
  const { clock, method } = options;
  const send = createSendRequest(options);

  const isStored = async ({ url, route }: FetchedAnswer, context: FetchContext): Promise<boolean> => {
    await clock.sleep(CONFIRM_AFTER_MS, context.signal);
    try {
      return isServed(readCache(await send(url, "HEAD", route, context)));
    } catch {
      // The whole body has arrived, so a failed HEAD is no reason to fetch it again.
      context.signal.throwIfAborted();
      return false;
    }
  };

  const confirm = async (outcome: DoubtfulOutcome, fetched: FetchedAnswer, context: FetchContext): Promise<FinalOutcome> => {
    if (!(await isStored(fetched, context))) return { ...outcome, state: "failed" };
    return { state: "succeeded", reason: "A rule of the CDN stores it, although the origin's headers forbid it." };
  };

  const attempt = async (url: string, route: FetchRoute, context: FetchContext): Promise<Attempt> => {
    try {
      const fetched = await fetchFollowing(url, { route, context }, options, send);
      const { answer, loops } = fetched;
      const authorized = fetched.route.headers.authorization !== undefined;
      const outcome = classifyAnswer(answer, fetched.url.href, { method, loops, authorized });
      return {
        outcome: outcome.state === "doubtful" ? await confirm(outcome, fetched, context) : outcome,
        retryAfterMs: loops ? FIRST_RETRY_MS : retryDelayMs(answer, clock.now()),
        maxAttempts: loops ? MAX_LOOP_ATTEMPTS : MAX_ATTEMPTS,
      };
    } catch (error) {
      context.signal.throwIfAborted();
      return failedAttempt(error, new URL(url).host);
    }
  };

  return async (url, route, context) => {
    for (let count = 1; ; count += 1) {
      const { outcome, retryAfterMs, maxAttempts } = await attempt(url, route, context);
      if (retryAfterMs === undefined || count >= maxAttempts || context.budget.limitReached()) return outcome;
      pauseHost(context.host, retryAfterMs, count, clock.now());
    }
  };
}

function failedAttempt(error: unknown, host: string): Attempt {
  const failure = failureOf(error, host);
  // A bug in this server must end the batch, not fail one URL.
  if (failure.code === "internal") throw error;
  return {
    outcome: { state: "failed", code: failure.code, reason: explain(failure) },
    retryAfterMs: failure.retryable ? FIRST_RETRY_MS : undefined,
    maxAttempts: error instanceof InvalidAnswerError ? MAX_UNREADABLE_ATTEMPTS : MAX_ATTEMPTS,
  };
}
