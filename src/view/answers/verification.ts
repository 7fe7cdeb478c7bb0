/** The answer of `verify_prefetch`. */

import { type Fields, fieldsOf, listOf, numberOf, textOf, textsOf, wordOf } from "./read.ts";

export const warmths = ["warm", "warm-parent-only", "cold", "uncacheable", "unknown"] as const;
export type Warmth = (typeof warmths)[number];

export interface Obstacle {
  readonly code: string;
  readonly reason: string;
  readonly change: string;
}

export interface Check {
  readonly url: string;
  readonly state: Warmth;
  readonly reason: string;
  readonly obstacles: readonly Obstacle[];
  readonly evidence: readonly string[];
  readonly status: number | undefined;
  readonly cdn: string | undefined;
  readonly pop: string | undefined;
  readonly ageSeconds: number | undefined;
  readonly ttlSeconds: number | undefined;
  readonly firstByteMs: number | undefined;
}

export interface Verification {
  readonly counts: Readonly<Record<Warmth, number>>;
  readonly checks: readonly Check[];
  readonly nextCursor: string | undefined;
  readonly nextStep: string;
}

/** `undefined` for fields that are no verification. */
export function verification(fields: Fields): Verification | undefined {
  if (!Array.isArray(fields.results)) return undefined;
  const counts = fieldsOf(fields.counts);
  const count = (state: Warmth) => numberOf(counts[state]) ?? 0;
  return {
    counts: {
      warm: count("warm"),
      "warm-parent-only": count("warm-parent-only"),
      cold: count("cold"),
      uncacheable: count("uncacheable"),
      unknown: count("unknown"),
    },
    checks: checksOf(fields.results),
    nextCursor: textOf(fields.next_cursor),
    nextStep: textOf(fields.next_step) ?? "",
  };
}

/** A row with `like` has the cause and the remedy of the row at that index. */
function checksOf(results: readonly unknown[]): Check[] {
  return results.map((result) => {
    const own = fieldsOf(result);
    const example = fieldsOf(results[numberOf(own.like) ?? -1]);
    return check({ ...example, ...own });
  });
}

function check(fields: Fields): Check {
  return {
    url: textOf(fields.url) ?? "",
    state: wordOf(warmths, fields.state) ?? "unknown",
    reason: textOf(fields.reason) ?? "",
    obstacles: listOf(fields.obstacles, ({ code, reason, change }) => ({
      code: textOf(code) ?? "",
      reason: textOf(reason) ?? "",
      change: textOf(change) ?? "",
    })),
    evidence: textsOf(fields.evidence),
    status: numberOf(fields.status),
    cdn: textOf(fields.cdn),
    pop: textOf(fields.pop),
    ageSeconds: numberOf(fields.age_s),
    ttlSeconds: numberOf(fields.ttl_s),
    firstByteMs: numberOf(fields.first_byte_ms),
  };
}

/** The next page of a verification behind the pages before it. */
export function joined(before: Verification, next: Verification): Verification {
  const sum = (state: Warmth) => before.counts[state] + next.counts[state];
  return {
    counts: {
      warm: sum("warm"),
      "warm-parent-only": sum("warm-parent-only"),
      cold: sum("cold"),
      uncacheable: sum("uncacheable"),
      unknown: sum("unknown"),
    },
    checks: [...before.checks, ...next.checks],
    nextCursor: next.nextCursor,
    nextStep: next.nextStep,
  };
}
