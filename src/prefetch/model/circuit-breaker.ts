/**
 * The circuit of a provider account: while its vendor cannot be reached, batches wait unharmed instead of using up
 * their attempts one after the other. Shared by every process on the store. Pure.
 */

import type { PrefetchError } from "../../base/errors.ts";

export interface CircuitBreaker {
  /** Requests in a row that the vendor did not answer properly. */
  readonly failures: number;
  /** Nothing is sent before. */
  readonly openUntil: number;
  /** Whether `openUntil` only waits for the answer to the one batch that was let through. */
  readonly probing: boolean;
}

/** What came of a batch: an answer of whatever kind, no proper one, or the vendor was not asked. */
export type BreakerSignal = "answered" | "failed" | "unasked";

/** What an error says of the vendor's being there. A refusal is an answer, unless it is a fault of the vendor's own. */
export function breakerSignalOf({ code, delivery }: PrefetchError): BreakerSignal {
  if (code === "vendor_unavailable" || code === "timeout") return "failed";
  return delivery === "refused" ? "answered" : "unasked";
}

export const closedBreaker: CircuitBreaker = { failures: 0, openUntil: 0, probing: false };

/** Failures in a row that open it; fewer happen on any day. */
const OPENS_AFTER = 3;
const FIRST_OPEN_MS = 5_000;
const LONGEST_OPEN_MS = 300_000;
/** Longer than a request may take; a process that dies with the probe holds the others up no longer. */
const PROBE_MS = 90_000;

/** The circuit after a batch was let through at `now`; `undefined` when none may pass. */
export function letThrough(circuit: CircuitBreaker, now: number): CircuitBreaker | undefined {
  if (reopensAt(circuit, now) > now) return undefined;
  return circuit.failures < OPENS_AFTER ? circuit : { ...circuit, openUntil: now + PROBE_MS, probing: true };
}

/** When the next batch may pass: `now`, or later. */
export function reopensAt({ openUntil }: CircuitBreaker, now: number): number {
  // Further ahead than that only a clock that was wrong could write it.
  return openUntil > now + LONGEST_OPEN_MS ? now : Math.max(now, openUntil);
}

export function afterSignal(circuit: CircuitBreaker, reach: BreakerSignal, now: number): CircuitBreaker {
  if (reach === "answered") return circuit.failures === 0 ? circuit : closedBreaker;
  if (reach === "unasked") return circuit.probing ? { ...circuit, openUntil: now, probing: false } : circuit;
  // What was sent together fails together, and says no more than the first of it.
  if (!circuit.probing && reopensAt(circuit, now) > now) return circuit;
  const failures = circuit.failures + 1;
  if (failures < OPENS_AFTER) return { ...closedBreaker, failures };
  const openMs = Math.min(LONGEST_OPEN_MS, FIRST_OPEN_MS * 2 ** (failures - OPENS_AFTER));
  return { failures, openUntil: now + openMs, probing: false };
}
