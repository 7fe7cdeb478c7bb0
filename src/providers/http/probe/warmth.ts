/**
 * Derives the state of an object from the answers of one check. The first answers decide: a later hit may be a result of
 * the check's own requests.
 */

import { interpret, isAnswer, isFailed, type Observation } from "./observation.ts";
import { mayHaveFilledCache } from "./probe-side-effects.ts";
import { type Check, type CheckEvidence, type Finding, findState } from "./warmth-rules.ts";

export interface Assessment extends Finding {
  readonly mayHaveFilledCache: boolean;
}

/**
 * Stops at the first answers that settle the state; answers after them change nothing. The state is `warm` or
 * `warm-parent-only` only if an answer came from a cache.
 */
export function assessWarmth(observations: readonly Observation[], check: Check): Assessment {
  const all = observations.map((observation) => (isFailed(observation) ? observation : interpret(observation, check)));
  const facts = { mayHaveFilledCache: all.some(mayHaveFilledCache) };
  for (let count = 1; count < all.length; count += 1) {
    const finding = findingFrom(all.slice(0, count), check);
    if (finding.isSettled) return { ...finding, ...facts };
  }
  const finding = findingFrom(all, check);
  return { ...finding, ...facts, isSettled: finding.isSettled || check.isOver };
}

function findingFrom(all: CheckEvidence["all"], check: Check): Finding {
  const answers = all.filter(isAnswer).filter(({ meaning }) => meaning !== "declined");
  const finding = findState({ all, answers, check });
  const last = all.at(-1);
  // A GET may succeed after a HEAD failed, but not if even the connection failed.
  const isHopeless = last !== undefined && isFailed(last) && (last.kind !== "head" || !last.sent);
  return { ...finding, isSettled: finding.isSettled || isHopeless };
}
