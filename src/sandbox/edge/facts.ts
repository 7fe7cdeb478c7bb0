/** The facts of an answer, which each vendor's dialect writes into headers. */

import type { HeaderRecord } from "../server/answer.ts";

/**
 * `parent-hit`: the edge has stored the object from a parent cache just now. `bypass`: the answer forbids storing it.
 * `uncacheable`: the vendor stores no objects of this kind.
 */
export type CacheOutcome = "hit" | "parent-hit" | "revalidated" | "expired" | "miss" | "bypass" | "uncacheable";

export interface CacheFacts {
  readonly outcome: CacheOutcome;
  /** Seconds since the first cache stored it; 0 for an answer from the origin. */
  readonly ageS: number;
  /** Seconds from storing to expiry; 0 for an answer that is not stored. */
  readonly lifetimeS: number;
  readonly stored: boolean;
}

export interface AnswerFacts extends CacheFacts {
  /** The origin's status. For a range of the object, the edge itself sends 206 instead of 200. */
  readonly status: number;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Some vendors send more headers when the request has a debug header. */
  readonly requestHeaders: ReadonlyMap<string, string>;
}

/** How a vendor's edge describes its cache in headers. */
export interface Dialect {
  /** Whether the vendor has a parent cache and reports its hits apart from the edge's. */
  readonly hasParent?: true;
  /** Whether the vendor reports objects that it stores only by a customer's rule, such as Cloudflare's `DYNAMIC`. */
  readonly hasDynamic?: true;
  headers(facts: AnswerFacts): HeaderRecord;
}

export type Words = Readonly<Record<CacheOutcome, string>>;

/** In the place of an airport code. IATA has no airport of this code. */
export const POP = "SBX";

export function isFromStore({ outcome }: CacheFacts): boolean {
  return outcome === "hit" || outcome === "parent-hit" || outcome === "revalidated";
}

/** Only answers from a store have an `Age` (RFC 9111, section 5.1). */
export function ageHeader(facts: CacheFacts): HeaderRecord {
  return isFromStore(facts) ? { age: String(facts.ageS) } : {};
}

export function ttlOf({ lifetimeS, ageS }: CacheFacts): number {
  return lifetimeS - ageS;
}
