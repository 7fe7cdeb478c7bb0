/** Asks one place for one URL, as seldom as it takes to know whether the object is in its cache. */

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { abortable } from "../../../base/abortable.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Verification } from "../../../prefetch/model/edge.ts";
import { debugHeadersFor } from "../cache/debug-headers.ts";
import type { HeaderLines } from "../cache/headers.ts";
import { failureOf } from "../net/failure.ts";
import { get } from "../net/get.ts";
import { type Observation, type Question, questions } from "./observation.ts";
import { evidenceLines } from "./obstacles.ts";
import { isSilence } from "./probe-side-effects.ts";
import type { Recognised } from "./recognise.ts";
import { type Check, type Judgement, warmthBy } from "./warmth.ts";

export interface ProbeTools {
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Whose answer it is. */
  readonly recognise: (headers: HeaderLines, host: string) => Promise<Recognised | undefined>;
}

interface ProbeRequest {
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** When an earlier request for the same URL may have filled this cache, by the clock. */
  readonly disturbedAt?: number | undefined;
  readonly signal: AbortSignal;
}

interface Probed {
  readonly verification: Omit<Verification, "url" | "edge" | "variant">;
  /** When the first request was made that may have filled the cache, by the clock. */
  readonly disturbedAt: number | undefined;
}

const ROUNDS = 3;
const SHORTEST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 1_000;
/** Where a server does not know ranges, the first byte would bring everything. */
const MOST_OF_A_RANGE = 4_096;

/** Rejects with the signal's reason when that is aborted, and else never: what fails is told as `unknown`. */
export async function probe({ url, dispatcher, headers, disturbedAt, signal }: ProbeRequest, tools: ProbeTools): Promise<Probed> {
  const { clock, random, recognise } = tools;
  const begun = clock.now();
  const observations: Observation[] = [];
  let recognised: Recognised | undefined;
  let isRecognised = false;

  const ask = async (asked: Question, round: number): Promise<Observation> => {
    const debug = round > 1 && recognised?.cdn.confidence !== "guess" ? debugHeadersFor(recognised?.vendor) : {};
    const range: Record<string, string> = asked === "range" ? { range: "bytes=0-0" } : {};
    const mostBytes = asked === "range" ? MOST_OF_A_RANGE : 0;
    try {
      const method = asked === "head" ? "HEAD" : "GET";
      const got = await get(dispatcher, { url, method, headers: { ...headers, ...debug, ...range }, signal, mostBytes });
      const answer = { asked, round, atMs: clock.now() - begun, status: got.status, headers: got.headers, firstByteMs: got.firstByteMs };
      // undici gives a connection to the next request only a turn after its answer; asked sooner, it would make another.
      await nextTurn();
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      const failure = failureOf(error, url.host);
      return { asked, round, error: failure, sent: failure.delivery !== "not_sent" };
    }
  };

  const assess = (over: boolean): Judgement => {
    const check: Check = {
      url: url.href,
      vendor: recognised?.cdn.by === "cname" ? recognised.vendor : undefined,
      name: recognised && recognised.cdn.confidence !== "guess" ? recognised.cdn.name : undefined,
      authorized: Object.hasOwn(headers, "authorization"),
      disturbedMs: disturbedAt === undefined ? undefined : begun - disturbedAt,
      over,
    };
    return warmthBy(observations, check);
  };

  const askAll = async (): Promise<Judgement> => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      if (round > 1) await clock.sleep(SHORTEST_WAIT_MS + random() * (LONGEST_WAIT_MS - SHORTEST_WAIT_MS), signal);
      for (const asked of questions) {
        const observation = await ask(asked, round);
        observations.push(observation);
        if (!isRecognised && !isSilence(observation)) {
          recognised = await abortable(recognise(observation.headers, url.hostname), signal);
          isRecognised = true;
        }
        const judgement = assess(false);
        if (judgement.isSettled) return judgement;
        // A parent's hit: whether the edge has it the next time is a question for the next round.
        if (judgement.state === "warm-parent-only") break;
      }
    }
    return assess(true);
  };

  const judgement = await askAll();
  return {
    verification: verificationOf(judgement, recognised),
    disturbedAt: disturbedAt ?? (judgement.mayHaveFilled ? begun : undefined),
  };
}

function verificationOf({ state, reason, obstacles, by }: Judgement, recognised: Recognised | undefined): Probed["verification"] {
  const [decisive] = by;
  const { layer, pop, ageS, ttlS } = decisive?.reading ?? {};
  return {
    state,
    reason,
    obstacles,
    ...(recognised && { cdn: recognised.cdn }),
    ...(decisive && { status: decisive.status, firstByteMs: Math.round(decisive.firstByteMs) }),
    ...(layer !== undefined && { layer }),
    ...(pop !== undefined && { pop }),
    ...(ageS !== undefined && { ageS }),
    ...(ttlS !== undefined && { ttlS }),
    evidence: evidenceLines(by, obstacles),
  };
}
