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

const reaches: readonly BreakerSignal[] = ["answered", "failed", "unasked"];
const FIVE_MINUTES = 300_000;

function circuitAfter(...events: readonly BreakerSignal[]): CircuitBreaker {
  return events.reduce((circuit, reach) => afterSignal(circuit, reach, NOON), closedBreaker);
}

describe("a circuit", () => {
  it("lets everything through, also after two failures", () => {
    for (const circuit of [closedBreaker, circuitAfter("failed"), circuitAfter("failed", "failed")])
      expect(letThrough(circuit, NOON)).toBe(circuit);
  });

  it("opens at the third failure in a row, for five seconds", () => {
    const open = circuitAfter("failed", "failed", "failed");
    expect(letThrough(open, NOON + 4_999)).toBeUndefined();
    expect(reopensAt(open, NOON)).toBe(NOON + 5_000);
    expect(letThrough(open, NOON + 5_000)).toBeDefined();
  });

  it("counts failures in a row only, and nobody's silence", () => {
    expect(reopensAt(circuitAfter("failed", "failed", "answered", "failed", "failed"), NOON)).toBe(NOON);
    expect(reopensAt(circuitAfter("failed", "unasked", "failed", "unasked", "failed"), NOON)).toBe(NOON + 5_000);
  });

  it("then lets one through at a time, until there is an answer or nobody can expect one any more", () => {
    const probing = letThrough(circuitAfter("failed", "failed", "failed"), NOON + 5_000);
    if (!probing) throw new Error("Nobody may pass.");
    expect(letThrough(probing, NOON + 5_001)).toBeUndefined();
    expect(letThrough(probing, NOON + 95_000)).toBeDefined();
    expect(afterSignal(probing, "answered", NOON + 6_000)).toEqual(closedBreaker);
    // Whoever did not ask after all makes room for the next at once.
    expect(letThrough(afterSignal(probing, "unasked", NOON + 6_000), NOON + 6_000)).toMatchObject({ probing: true });
  });

  it("stays open for twice as long after each failure, but no longer than five minutes", () => {
    let circuit = circuitAfter("failed", "failed", "failed");
    let now = NOON;
    const waits: number[] = [];
    for (let time = 0; time < 9; time += 1) {
      waits.push(reopensAt(circuit, now) - now);
      now = reopensAt(circuit, now);
      circuit = afterSignal(letThrough(circuit, now) ?? closedBreaker, "failed", now);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300].map((seconds) => seconds * 1_000));
  });

  it("is no longer open for what had been sent together and failed together", () => {
    expect(circuitAfter(...Array<BreakerSignal>(20).fill("failed"))).toEqual(circuitAfter("failed", "failed", "failed"));
  });

  it("is not believed when a clock that was wrong wrote it", () => {
    expect(letThrough({ failures: 9, openUntil: NOON + 86_400_000, probing: false }, NOON)).toBeDefined();
  });

  it("never keeps anybody out for longer than five minutes, and is closed by any answer", () => {
    const event = fc.record({ reach: fc.constantFrom(...reaches), pass: fc.boolean(), later: fc.nat({ max: 400_000 }) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let circuit = closedBreaker;
        let now = NOON;
        for (const { reach, pass, later } of events) {
          now += later;
          if (pass) circuit = letThrough(circuit, now) ?? circuit;
          circuit = afterSignal(circuit, reach, now);
          expect(reopensAt(circuit, now)).toBeLessThanOrEqual(now + FIVE_MINUTES);
          if (reach === "answered") expect(letThrough(circuit, now)).toBe(circuit);
        }
      }),
    );
  });
});

describe("what an error says of the vendor's being there", () => {
  const says = (code: ErrorCode, delivery: "not_sent" | "refused" | "unknown") =>
    breakerSignalOf(new PrefetchError(code, "No", { delivery }));

  it("is nothing good, of a vendor that is down, does not answer or breaks off", () => {
    for (const delivery of ["not_sent", "refused", "unknown"] as const) {
      expect([says("vendor_unavailable", delivery), says("timeout", delivery)]).toEqual(["failed", "failed"]);
    }
  });

  it("is that it is there, of every refusal with reasons", () => {
    for (const code of ["rate_limited", "queue_full", "quota_exhausted", "invalid_argument", "auth_failed", "not_found"] as const) {
      expect(says(code, "refused")).toBe("answered");
    }
  });

  it("is nothing, of what was never sent for reasons of our own", () => {
    for (const code of ["cancelled", "quota_exhausted", "auth_failed", "internal"] as const) expect(says(code, "not_sent")).toBe("unasked");
  });
});
