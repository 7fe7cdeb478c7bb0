/** What the sandbox's edge knows of an answer, before any vendor's way to say it. */

import type { HeaderRecord } from "../server/faults.ts";

/**
 * `bypass`: the answer itself forbids to store it. `uncacheable`: the vendor stores nothing of this kind.
 * `parent-hit`: a parent cache had it, and the edge has it from now on.
 */
export type CacheOutcome = "hit" | "parent-hit" | "revalidated" | "expired" | "miss" | "bypass" | "uncacheable";

export interface CacheFacts {
  readonly outcome: CacheOutcome;
  /** Since it was stored, wherever that was; zero for what comes from the origin. */
  readonly ageS: number;
  /** How long it is kept in all; zero where it is not. */
  readonly lifetimeS: number;
  readonly stored: boolean;
}

export interface AnswerFacts extends CacheFacts {
  /** The origin's: a range of a whole object is the edge's own doing. */
  readonly status: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** The request's headers: some vendors say more when they are asked. */
  readonly asked: Readonly<Record<string, string>>;
}

/** How a vendor's edge tells of its cache. */
export interface Dialect {
  /** Whether there is a parent cache, of which it tells apart from the edge. */
  readonly hasParent?: true;
  /** Whether it has a word for what it stores only when a rule tells it to. */
  readonly hasDynamic?: true;
  headers(facts: AnswerFacts): HeaderRecord;
}

export type Words = Readonly<Record<CacheOutcome, string>>;

/** Stands for an airport code: there is no such airport. */
export const POP = "SBX";

export function isFromStore({ outcome }: CacheFacts): boolean {
  return outcome === "hit" || outcome === "parent-hit" || outcome === "revalidated";
}

/** RFC 9111, section 5.1: with what comes from a store, and with nothing else. */
export function age(facts: CacheFacts): HeaderRecord {
  return isFromStore(facts) ? { age: String(facts.ageS) } : {};
}

export function ttlOf({ lifetimeS, ageS }: CacheFacts): number {
  return lifetimeS - ageS;
}
