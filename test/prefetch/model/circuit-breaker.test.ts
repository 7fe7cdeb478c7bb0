import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ErrorCode, PrefetchError } from "../../../src/base/errors.ts";
import {
  afterSignal,
  type BreakerSignal,
  breakerSignalOf,
  type CircuitBreaker,
  closedBreaker,
  letThrough,
  reopensAt,
} from "../../../src/prefetch/model/circuit-breaker.ts";
import { NOON } from "../../fakes/clock.ts";

const signals: readonly BreakerSignal[] = ["answered", "failed", "unasked"];
const FIVE_MINUTES = 300_000;

function breakerAfter(...events: readonly BreakerSignal[]): CircuitBreaker {
  return events.reduce((breaker, signal) => afterSignal(breaker, signal, NOON), closedBreaker);
}

describe("circuit breaker", () => {
  it("lets every batch through after at most two failures", () => {
    for (const breaker of [closedBreaker, breakerAfter("failed"), breakerAfter("failed", "failed")])
      expect(letThrough(breaker, NOON)).toBe(breaker);
  });

  it("opens for five seconds at the third failure in a row", () => {
    const open = breakerAfter("failed", "failed", "failed");
    expect(letThrough(open, NOON + 4_999)).toBeUndefined();
    expect(reopensAt(open, NOON)).toBe(NOON + 5_000);
    expect(letThrough(open, NOON + 5_000)).toBeDefined();
  });

  it("starts counting anew after an answer, and ignores batches without a request", () => {
    expect(reopensAt(breakerAfter("failed", "failed", "answered", "failed", "failed"), NOON)).toBe(NOON);
    expect(reopensAt(breakerAfter("failed", "unasked", "failed", "unasked", "failed"), NOON)).toBe(NOON + 5_000);
  });

  it("lets one probe through when half open, until the probe is answered or 90 s have passed", () => {
    const probing = letThrough(breakerAfter("failed", "failed", "failed"), NOON + 5_000);
    if (!probing) throw new Error("No batch may pass.");
    expect(letThrough(probing, NOON + 5_001)).toBeUndefined();
    expect(letThrough(probing, NOON + 95_000)).toBeDefined();
    expect(afterSignal(probing, "answered", NOON + 6_000)).toEqual(closedBreaker);
    // A probe without a request makes room for the next one at once.
    expect(letThrough(afterSignal(probing, "unasked", NOON + 6_000), NOON + 6_000)).toMatchObject({ probing: true });
  });

  it("doubles the time that it stays open with each failure, up to five minutes", () => {
    let breaker = breakerAfter("failed", "failed", "failed");
    let now = NOON;
    const waits: number[] = [];
    for (let time = 0; time < 9; time += 1) {
      waits.push(reopensAt(breaker, now) - now);
      now = reopensAt(breaker, now);
      breaker = afterSignal(letThrough(breaker, now) ?? closedBreaker, "failed", now);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300].map((seconds) => seconds * 1_000));
  });

  it("counts batches that fail together as one failure", () => {
    expect(breakerAfter(...Array<BreakerSignal>(20).fill("failed"))).toEqual(breakerAfter("failed", "failed", "failed"));
  });

  it("ignores an open time beyond five minutes, which only a wrong clock writes", () => {
    expect(letThrough({ failures: 9, openUntil: NOON + 86_400_000, probing: false }, NOON)).toBeDefined();
  });

  it("never stays open for more than five minutes, and closes at any answer", () => {
    const event = fc.record({ signal: fc.constantFrom(...signals), pass: fc.boolean(), later: fc.nat({ max: 400_000 }) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let breaker = closedBreaker;
        let now = NOON;
        for (const { signal, pass, later } of events) {
          now += later;
          if (pass) breaker = letThrough(breaker, now) ?? breaker;
          breaker = afterSignal(breaker, signal, now);
          expect(reopensAt(breaker, now)).toBeLessThanOrEqual(now + FIVE_MINUTES);
          if (signal === "answered") expect(letThrough(breaker, now)).toBe(breaker);
        }
      }),
    );
  });
});

describe("breakerSignalOf", () => {
  const signalOf = (code: ErrorCode, delivery: "not_sent" | "refused" | "unknown") =>
    breakerSignalOf(new PrefetchError(code, "No", { delivery }));

  it("is failed when the vendor is down or does not answer", () => {
    for (const delivery of ["not_sent", "refused", "unknown"] as const) {
      expect([signalOf("vendor_unavailable", delivery), signalOf("timeout", delivery)]).toEqual(["failed", "failed"]);
    }
  });

  it("is answered when the vendor refuses with a reason", () => {
    for (const code of ["rate_limited", "queue_full", "quota_exhausted", "invalid_argument", "auth_failed", "not_found"] as const) {
      expect(signalOf(code, "refused")).toBe("answered");
    }
  });

  it("is unasked when this server sent nothing", () => {
    for (const code of ["cancelled", "quota_exhausted", "auth_failed", "internal"] as const)
      expect(signalOf(code, "not_sent")).toBe("unasked");
  });
});
