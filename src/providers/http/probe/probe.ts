/** Checks one URL at one place, with as few requests as the answer takes. */

import type { Dispatcher } from "undici";
import { abortable } from "../../../base/abortable.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Verification } from "../../../prefetch/model/edge.ts";
import { debugHeadersFor } from "../cache/debug-headers.ts";
import type { HeaderLines } from "../cache/headers.ts";
import { ask } from "./ask.ts";
import { evidenceLines, versionLines } from "./evidence.ts";
import { isFailed, type Observation, type RequestKind, requestKinds } from "./observation.ts";
import type { Recognised } from "./recognise.ts";
import { ttlOf } from "./ttl.ts";
import { type Assessment, assessWarmth } from "./warmth.ts";

export interface ProbeTools {
  readonly clock: Clock;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Finds the CDN that sent the headers. */
  readonly recognise: (headers: HeaderLines, host: string) => Promise<Recognised | undefined>;
}

interface ProbeRequest {
  readonly url: URL;
  readonly dispatcher: Dispatcher;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** When a request for another variant may have filled this cache, by the clock. */
  readonly possibleFillAt?: number | undefined;
  readonly signal: AbortSignal;
}

interface ProbeResult {
  readonly verification: Omit<Verification, "url" | "edge" | "variant">;
  /** When the first request that may have filled the cache was sent, by the clock. */
  readonly possibleFillAt: number | undefined;
}

/** More rounds cost requests and time; fewer miss copies that a CDN stores with a delay. */
const MAX_ROUNDS = 3;
/** The wait between rounds is random, so that checks of several URLs do not stay in step. */
const MIN_WAIT_MS = 300;
const MAX_WAIT_MS = 1_000;

/** Rejects only with the signal's reason. Every other failure gives the state `unknown`. */
export async function probe(request: ProbeRequest, { clock, random, recognise }: ProbeTools): Promise<ProbeResult> {
  const { url, dispatcher, headers, possibleFillAt, signal } = request;
  const [startedAt, startedMonotonic] = [clock.now(), clock.monotonic()];
  const observations: Observation[] = [];
  let recognition: { readonly cdn: Recognised | undefined } | undefined;

  const observe = async (kind: RequestKind, round: number): Promise<void> => {
    const debugHeaders = round > 1 ? debugHeadersFor(recognition?.cdn?.vendor) : {};
    const observation = await ask(
      { kind, round, headers: { ...headers, ...debugHeaders } },
      { url, dispatcher, clock, startedMonotonic, signal },
    );
    observations.push(observation);
    if (recognition || isFailed(observation)) return;
    recognition = { cdn: await abortable(recognise(observation.headers, url.hostname), signal) };
  };

  const assess = (isOver: boolean): Assessment =>
    assessWarmth(observations, {
      url: url.href,
      ...namesOf(recognition?.cdn),
      authorized: Object.hasOwn(headers, "authorization"),
      msSinceOtherFill: possibleFillAt === undefined ? undefined : startedAt - possibleFillAt,
      isOver,
    });

  const runRound = async (round: number): Promise<Assessment> => {
    for (const kind of requestKinds) {
      await observe(kind, round);
      const assessment = assess(false);
      // A hit of a parent tier: the next round shows whether the edge has filled itself from it.
      if (assessment.isSettled || assessment.state === "warm-parent-only") return assessment;
    }
    return assess(false);
  };

  const runRounds = async (): Promise<Assessment> => {
    for (let round = 1; round <= MAX_ROUNDS; round += 1) {
      if (round > 1) await clock.sleep(MIN_WAIT_MS + random() * (MAX_WAIT_MS - MIN_WAIT_MS), signal);
      const assessment = await runRound(round);
      if (assessment.isSettled) return assessment;
    }
    return assess(true);
  };

  const assessment = await runRounds();
  return {
    verification: verificationOf(assessment, recognition?.cdn),
    possibleFillAt: possibleFillAt ?? (assessment.mayHaveFilledCache ? startedAt : undefined),
  };
}

/** Headers name the vendor again when they are read; only a vendor that a CNAME named must be passed on. */
function namesOf(recognised: Recognised | undefined) {
  return {
    vendor: recognised?.cdn.by === "cname" ? recognised.vendor : undefined,
    cdnName: recognised?.cdn.name,
  };
}

function verificationOf(assessment: Assessment, recognised: Recognised | undefined): ProbeResult["verification"] {
  const { state, reason, obstacles, decidedBy } = assessment;
  const [decisive] = decidedBy;
  const { layer, pop, ageS } = decisive?.reading ?? {};
  const ttlS = decisive && ttlOf(decisive, state);
  const version = decisive ? versionLines(decisive) : [];
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
    evidence: evidenceLines(decidedBy, obstacles),
    ...(version.length > 0 && { version }),
  };
}
