/** The rules that turn the answers of a check into a state. The first rule that applies decides. */

import { explain } from "../../../base/errors.ts";
import type { Obstacle, Warmth } from "../../../prefetch/model/edge.ts";
import { withRule } from "../cache/cache-rules.ts";
import { notStored, remarksOn } from "../cache/why-not-cached.ts";
import { type AnswerContext, type InterpretedAnswer, type InterpretedObservation, isAnswer, isFailed } from "./observation.ts";
import { decisiveFirst, decisiveOf, isByFileType, missObstacle, partlyStored, shortLivedIn, wrongAnswer } from "./obstacles.ts";
import { isOlderThan, isYoungerThan, possibleFillsBefore } from "./probe-side-effects.ts";
import { reasons } from "./reasons.ts";

export interface Finding {
  readonly state: Warmth;
  readonly reason: string;
  readonly obstacles: readonly Obstacle[];
  /** The answers that decided, the most important first; empty when there was none. */
  readonly decidedBy: readonly InterpretedAnswer[];
  /** Further answers cannot change it. */
  readonly isSettled: boolean;
}

export interface Check extends AnswerContext {
  /** The CDN's name, where it is known. */
  readonly cdnName?: string | undefined;
  /** Milliseconds from an earlier request for the same URL, which may have filled the cache, to the start of this check. */
  readonly msSinceOtherFill?: number | undefined;
  /** No further request follows. */
  readonly isOver: boolean;
}

export interface CheckEvidence {
  readonly all: readonly InterpretedObservation[];
  /** The answers that say something about the object. */
  readonly answers: readonly InterpretedAnswer[];
  readonly check: Check;
}

/** Returns `undefined` if the rule does not apply. */
type Rule = (evidence: CheckEvidence) => Finding | undefined;

const settled = (state: Warmth, reason: string, decidedBy: readonly InterpretedAnswer[], obstacles: readonly Obstacle[] = []): Finding => ({
  state,
  reason,
  decidedBy,
  obstacles,
  isSettled: true,
});

/**
 * A hit that this check cannot have caused: `warm` or `warm-parent-only`. Revalidated and stale copies count, because the
 * edge served them and viewers get them from there.
 */
const storedBeforeCheck: Rule = ({ all, answers, check }) => {
  for (const hit of answers.filter(({ meaning }) => meaning === "stored")) {
    const fills = possibleFillsBefore(hit, all, check.msSinceOtherFill);
    if (fills && !isOlderThan(fills, hit)) continue;
    const missedElsewhere = fills?.requests.some((each) => isAnswer(each) && each.meaning === "fetched");
    const reason = [reasons.cacheHit(hit, check.cdnName), missedElsewhere && reasons.heldByOtherServer].filter(Boolean).join(" ");
    if (hit.reading.layer === "parent") return storedBehindEdge(hit, reason, answers);
    return settled("warm", reason, [hit], remarksOn({ headers: hit.headers, url: check.url }, hit.reading));
  }
  return undefined;
};

/** Settled only after the next round, which shows whether the edge has filled itself from the tier behind it. */
function storedBehindEdge(hit: InterpretedAnswer, reason: string, answers: readonly InterpretedAnswer[]): Finding {
  const later = answers.filter(({ round }) => round > hit.round);
  if (later.length === 0) return { ...settled("warm-parent-only", reason, [hit]), isSettled: false };
  const isAtEdge = later.some(({ reading }) => reading.layer === "edge");
  return settled("warm-parent-only", `${reason} ${isAtEdge ? reasons.edgeFilledMeanwhile : reasons.edgeStillEmpty}`, [hit]);
}

/** An error or a redirect is `uncacheable`, even from a cache. */
const wrongStatus: Rule = ({ answers }) => {
  const last = answers.at(-1);
  if (last?.meaning !== "redirect" && last?.meaning !== "error") return undefined;
  const obstacle = wrongAnswer(last);
  return settled("uncacheable", reasons.wrongStatus(last, obstacle), [last], [obstacle]);
};

/** The CDN reports that it does not store the object. Some CDNs bypass HEAD and ranges, but store a whole GET. */
const bypassedByCdn: Rule = ({ answers, check }) => {
  const bypassed = answers.filter(({ meaning }) => meaning === "bypassed");
  const decisive = bypassed.find(({ obstacles }) => isByFileType(obstacles)) ?? bypassed.find(({ kind }) => kind === "whole");
  return decisive && settled("uncacheable", reasons.bypassed(check.cdnName), [decisive], decisive.obstacles);
};

/** A hit that this check may have caused: `cold` if the earlier answers prove it, else `unknown`. */
const filledByCheck: Rule = ({ all, answers, check }) => {
  for (const hit of answers.filter(({ meaning }) => meaning === "stored" || meaning === "stored-part")) {
    const fills = possibleFillsBefore(hit, all, check.msSinceOtherFill);
    if (!fills || isOlderThan(fills, hit)) continue;
    const fetched = fills.requests.filter(isAnswer).find(({ meaning }) => meaning === "fetched");
    if (fetched) return settled("cold", reasons.filledByThisCheck(fetched, hit), [fetched, hit], shortLivedIn(fetched));
    if (hit.meaning === "stored-part") continue;
    if (isYoungerThan(fills, hit)) {
      const remarks = shortLivedIn({ obstacles: remarksOn({ headers: hit.headers, url: check.url }, hit.reading) });
      return settled("cold", reasons.storedDuringCheck(hit), [hit], remarks);
    }
    return settled("unknown", fills.requests.length > 0 ? reasons.maybeFilledByThisCheck : reasons.maybeFilledByOtherVariant, [hit]);
  }
  return undefined;
};

/** A range came from the cache, but the whole object did not. */
const onlyPartStored: Rule = ({ answers }) => {
  const part = answers.find(({ meaning }) => meaning === "stored-part");
  const whole = part && answers.slice(answers.indexOf(part)).find(({ kind, meaning }) => kind === "whole" && meaning === "fetched");
  return whole && settled("cold", partlyStored.reason, [whole, part], [partlyStored]);
};

/** The CDN reports whether it stored the answer that it fetched. */
const storingReported: Rule = ({ answers, check }) => {
  const fetched = answers.filter(({ meaning }) => meaning === "fetched");
  const stored = fetched.find(({ reading }) => reading.stored === true);
  if (stored) return settled("cold", reasons.storedNow(stored), [stored], shortLivedIn(stored));
  const dropped = fetched.find(({ reading, kind }) => reading.stored === false && kind === "whole");
  const others = decisiveOf(dropped?.obstacles ?? []).filter(({ code }) => code !== notStored.code);
  return (
    dropped &&
    settled("uncacheable", reasons.notStored(check.cdnName), [dropped], [...others, withRule(notStored, dropped.headers, dropped.reading)])
  );
};

/**
 * The headers forbid storing. A rule of the CDN may overrule them, so this is settled only after a GET of the whole object
 * and one further GET that did not come from a cache.
 */
const forbiddenByHeaders: Rule = ({ answers }) => {
  const last = answers.findLast(({ kind }) => kind !== "head") ?? answers.at(-1);
  if (!last || last.meaning === "stored-part" || decisiveOf(last.obstacles).length === 0) return undefined;
  const whole = answers.find(({ kind }) => kind === "whole");
  const obstacles = decisiveFirst(last.obstacles);
  const reason = reasons.forbidden(obstacles[0]?.reason ?? "", answers.length);
  return { ...settled("uncacheable", reason, [last], obstacles), isSettled: whole !== undefined && whole !== last };
};

/** Misses only. A later answer may still be a hit. A lifetime that is too short explains them, so checking again is no advice. */
const missed: Rule = ({ answers, check }) => {
  const misses = answers.filter(({ meaning }) => meaning === "fetched");
  const [first] = misses;
  if (!first) return undefined;
  const [shortLived] = shortLivedIn(first);
  const obstacle = shortLived ?? missObstacle(misses, first, check.url);
  const rest = first.obstacles.filter((each) => each !== shortLived);
  return { ...settled("cold", reasons.miss(first, obstacle), [first], [obstacle, ...rest]), isSettled: false };
};

/** No answer, or no answer that mentions a cache. */
const inconclusive = ({ all, answers }: CheckEvidence): Finding => {
  const [first, second] = answers;
  const failure = all.findLast(isFailed)?.error;
  if (first) return { ...settled("unknown", reasons.inconclusive(first, second, failure), [first], first.obstacles), isSettled: false };
  return { ...settled("unknown", failure ? explain(failure) : reasons.noUsableAnswer, []), isSettled: false };
};

/** In the order in which they apply, with the states that they give. `inconclusive` (unknown) is the fallback. */
const rules: readonly Rule[] = [
  storedBeforeCheck, // warm, warm-parent-only
  wrongStatus, // uncacheable
  bypassedByCdn, // uncacheable
  filledByCheck, // cold, unknown
  onlyPartStored, // cold
  storingReported, // cold, uncacheable
  forbiddenByHeaders, // uncacheable
  missed, // cold
];

export function findState(evidence: CheckEvidence): Finding {
  for (const rule of rules) {
    const finding = rule(evidence);
    if (finding) return finding;
  }
  return inconclusive(evidence);
}
