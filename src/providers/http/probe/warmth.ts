/**
 * From the answers of one check to a state, and why it is that one. What counts is what the first answers say: those after
 * them may owe their hit to this very check.
 */

import { explain } from "../../../base/errors.ts";
import type { Obstacle, Warmth } from "../../../prefetch/model/edge.ts";
import { narrowedFor } from "../cache/why-not-cached.ts";
import { type Asked, type Observation, type Seen, type Silence, see } from "./observation.ts";
import { decisiveFirst, decisiveOf, isByType, notStored, partlyStored, refusalOf, staysMissed } from "./obstacles.ts";
import { doubtsAbout, isOlder, isSeen, isSilence, isYounger, mayHaveFilled } from "./probe-side-effects.ts";
import * as say from "./wording.ts";

export interface Check extends Asked {
  /** The CDN's name, where it is known. */
  readonly name?: string | undefined;
  /** How many milliseconds before this check an earlier request for the same URL may have filled the cache. */
  readonly disturbedMs?: number | undefined;
  /** Nothing more will be asked. */
  readonly over: boolean;
}

export interface Judgement {
  readonly state: Warmth;
  readonly reason: string;
  readonly obstacles: readonly Obstacle[];
  /** The answers that it rests on, the decisive one first. Empty when there was none. */
  readonly by: readonly Seen[];
  /** No further answer would change it. */
  readonly isSettled: boolean;
  /** Some of the requests may have filled the cache. */
  readonly mayHaveFilled: boolean;
}

type Finding = Omit<Judgement, "mayHaveFilled">;

/** `undefined` where it does not apply. */
type Rule = (story: Story) => Finding | undefined;

interface Story {
  readonly all: readonly (Seen | Silence)[];
  /** What says something about the object. */
  readonly answers: readonly Seen[];
  readonly check: Check;
}

/**
 * The first answers that settle it count; those after them change nothing. Never `warm` or `warm-parent-only` without an
 * answer that was served from a store.
 */
export function warmthBy(observations: readonly Observation[], check: Check): Judgement {
  const all = observations.map((one) => (isSilence(one) ? one : see(one, check)));
  const facts = { mayHaveFilled: all.some(mayHaveFilled) };
  for (let count = 1; count < all.length; count += 1) {
    const finding = find(all.slice(0, count), check);
    if (finding.isSettled) return { ...finding, ...facts };
  }
  const finding = find(all, check);
  return { ...finding, ...facts, isSettled: finding.isSettled || check.over };
}

function find(all: readonly (Seen | Silence)[], check: Check): Finding {
  const answers = all.filter(isSeen).filter(({ word }) => word !== "declined");
  const story: Story = { all, answers, check };
  const finding =
    byHit(story) ??
    byRefusal(story) ??
    byOwnDoing(story) ??
    byPart(story) ??
    byStored(story) ??
    byHeaders(story) ??
    byMiss(story) ??
    bySilence(story);
  const last = all.at(-1);
  // A HEAD may fail where a GET does not, but not when there was not even a connection.
  const broken = last !== undefined && isSilence(last) && (last.asked !== "head" || !last.sent);
  return { ...finding, isSettled: finding.isSettled || broken };
}

const settled = (state: Warmth, reason: string, by: readonly Seen[], obstacles: readonly Obstacle[] = []): Finding => ({
  state,
  reason,
  by,
  obstacles,
  isSettled: true,
});

/**
 * A hit that cannot be this check's own doing. What was revalidated or is served stale counts too: the edge answered from
 * its store, and viewers get it from there.
 */
const byHit: Rule = ({ all, answers, check }) => {
  for (const hit of answers.filter(({ word }) => word === "held")) {
    const doubts = doubtsAbout(hit, all, check.disturbedMs);
    if (doubts && !isOlder(hit, doubts)) continue;
    const isElsewhere = doubts?.before.some((one) => isSeen(one) && one.word === "fetched");
    const note = isElsewhere ? ` ${say.elsewhere}` : "";
    if (hit.reading.layer !== "parent") return settled("warm", say.served(hit, check.name) + note, [hit], narrowedFor(hit.headers));
    const later = answers.filter(({ round }) => round > hit.round);
    const now = later.length === 0 ? "" : ` ${say.sinceThen(later.some(({ reading }) => reading.layer === "edge"))}`;
    return { ...settled("warm-parent-only", say.served(hit, check.name) + note + now, [hit]), isSettled: later.length > 0 };
  }
  return undefined;
};

/** An error or a redirect is never a warm object, even from a store; and a CDN that says that it does not store is believed. */
const byRefusal: Rule = ({ answers, check }) => {
  const last = answers.at(-1);
  if (last?.word === "redirect" || last?.word === "error") {
    return settled("uncacheable", say.status(last), [last], [refusalOf(last)]);
  }
  const typed = answers.find(({ word, obstacles }) => word === "passed" && isByType(obstacles));
  // Some CDNs pass a HEAD or a range on that they would store the whole of.
  const passed = typed ?? answers.find(({ word, asked }) => word === "passed" && asked === "whole");
  return passed && settled("uncacheable", say.passed(check.name), [passed], passed.obstacles);
};

/** A hit that this check may have brought about itself. */
const byOwnDoing: Rule = ({ all, answers, check }) => {
  for (const hit of answers.filter(({ word }) => word === "held" || word === "part")) {
    const doubts = doubtsAbout(hit, all, check.disturbedMs);
    if (!doubts || isOlder(hit, doubts)) continue;
    const fetched = doubts.before.filter(isSeen).find(({ word }) => word === "fetched");
    if (fetched) return settled("cold", say.filled(fetched, hit), [fetched, hit]);
    if (hit.word === "part") continue;
    if (isYounger(hit, doubts)) return settled("cold", say.youngerThanCheck(hit), [hit]);
    return settled("unknown", doubts.before.length > 0 ? say.perhapsOwn : say.perhapsOtherVariant, [hit]);
  }
  return undefined;
};

/** A part from the store, and the whole is not there. */
const byPart: Rule = ({ answers }) => {
  const part = answers.find(({ word }) => word === "part");
  const whole = part && answers.slice(answers.indexOf(part)).find(({ asked, word }) => asked === "whole" && word === "fetched");
  return whole && settled("cold", partlyStored.reason, [whole, part], [partlyStored]);
};

/** What the CDN says itself about what has become of the answer that it fetched. */
const byStored: Rule = ({ answers, check }) => {
  const kept = answers.find(({ word, reading }) => word === "fetched" && reading.stored === true);
  if (kept) return settled("cold", say.storedNow(kept), [kept]);
  const left = answers.find(({ word, reading, asked }) => word === "fetched" && reading.stored === false && asked === "whole");
  return left && settled("uncacheable", say.notStored(check.name), [left], [...decisiveOf(left.obstacles), notStored]);
};

/**
 * What the headers forbid. A CDN's own rule may overrule the origin's headers, so it is settled only when the whole was
 * asked for and a GET after it was not served from a store either.
 */
const byHeaders: Rule = ({ answers }) => {
  const last = answers.findLast(({ asked }) => asked !== "head") ?? answers.at(-1);
  if (!last || last.word === "part" || decisiveOf(last.obstacles).length === 0) return undefined;
  const whole = answers.find(({ asked }) => asked === "whole");
  const obstacles = decisiveFirst(last.obstacles);
  const isSettled = whole !== undefined && whole !== last;
  return { ...settled("uncacheable", say.forbidden(obstacles[0]?.reason ?? "", answers.length), [last], obstacles), isSettled };
};

const byMiss: Rule = ({ answers }) => {
  const missed = answers.filter(({ word }) => word === "fetched");
  const [first] = missed;
  if (!first) return undefined;
  const mayBeBypass = missed.some(({ reading }) => "mayBeBypass" in reading && reading.mayBeBypass === true);
  const obstacle = staysMissed(missed.length, mayBeBypass);
  return { ...settled("cold", say.missed(first, obstacle), [first], [obstacle, ...first.obstacles]), isSettled: false };
};

/** Neither hit nor miss: no answer, or none that says anything about a cache. */
const bySilence = ({ all, answers }: Story): Finding => {
  const [first, second] = answers;
  const failure = all.findLast(isSilence);
  const reason = first ? say.silent(first, second, failure?.error) : failure ? explain(failure.error) : say.declined;
  return { ...settled("unknown", reason, first ? [first] : [], first?.obstacles ?? []), isSettled: false };
};
