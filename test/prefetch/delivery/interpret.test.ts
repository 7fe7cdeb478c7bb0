import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Delivery, type ErrorCode, errorCodes, PrefetchError } from "../../../src/base/errors.ts";
import { type Answer, type Attempt, interpret } from "../../../src/prefetch/delivery/interpret.ts";
import type { TurnState } from "../../../src/prefetch/delivery/turn.ts";
import type { Claim } from "../../../src/prefetch/model/storage.ts";
import { NOON } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { retryPolicy, workOf } from "../work-harness.ts";

const turnStates: readonly TurnState[] = ["claimed", "sending", "lost", "over_quota", "suspended", "not_ready"];
const work: Claim = workOf(manyUrls(2), ["queued", "queued"]);

const submission: Answer = { ok: true, submission: { vendorTaskIds: ["vendor-1"], refused: [] } };
const failure = (error: unknown): Answer => ({ ok: false, error });
const refusal = failure(new PrefetchError("forbidden_domain", "Not your domain", { delivery: "refused" }));
const busy = failure(new PrefetchError("queue_full", "Busy", { delivery: "refused", retryable: true, retryAfterMs: 7_000 }));
const oneIsBad = failure(new PrefetchError("invalid_argument", "Bad URL", { delivery: "refused", divisible: true }));
const lostAnswer = failure(new PrefetchError("timeout", "No answer", { delivery: "unknown" }));
const cancelledUnsent = failure(new PrefetchError("cancelled", "The batch may not be sent now"));
const bug = failure(new TypeError("answer.data is undefined"));

const backInQueue = { kind: "requeue", items: [], refund: 0 };
const unknownOutcome = { kind: "end", items: [{ state: "unknown" }, { state: "unknown" }], refund: 0 };
const rejectedAs = (code: ErrorCode) => ({ kind: "end", items: [{ state: "rejected", code }, { state: "rejected" }], refund: 2 });

function interpreted(attempt: Partial<Attempt>, policy = retryPolicy()) {
  return interpret(
    work,
    { state: "sending", answer: submission, stopping: false, direct: false, trackable: true, ...attempt },
    NOON,
    policy,
  );
}

describe("interpret", () => {
  describe("when the turn is lost", () => {
    it.each([
      ["a submission", submission],
      ["a refusal", refusal],
      ["a lost answer", lostAnswer],
      ["an unforeseen error", bug],
    ])("leaves the batch to the process that has it after %s", (_, answer) => {
      for (const stopping of [false, true]) {
        expect(interpreted({ state: "lost", answer, stopping })).toEqual({ change: undefined, signal: "unasked" });
      }
    });
  });

  it.each(turnStates.filter((state) => state !== "lost"))("accepts the batch when the vendor submits it in the state %s", (state) => {
    for (const stopping of [false, true]) {
      expect(interpreted({ state, stopping })).toMatchObject({ change: { kind: "accept", followed: true, refund: 0 }, signal: "answered" });
    }
  });

  it("accepts the batch without following it when the provider cannot tell outcomes later", () => {
    expect(interpreted({ trackable: false }).change).toMatchObject({ kind: "accept", followed: false });
  });

  describe("when nothing was sent", () => {
    const errors = [refusal, cancelledUnsent, bug];

    it("puts the batch back into the queue at once after the machine slept", () => {
      for (const answer of errors) expect(interpreted({ state: "suspended", answer })).toEqual({ change: backInQueue, signal: "unasked" });
    });

    it("puts the batch back into the queue for five seconds when the store or the rate limiter failed", () => {
      for (const answer of errors) {
        const change = { ...backInQueue, notBefore: NOON + 5_000 };
        expect(interpreted({ state: "not_ready", answer })).toEqual({ change, signal: "unasked", heed: "report-preparation" });
      }
    });

    it("refuses the batch for quota when its day has no room for it", () => {
      for (const answer of errors) {
        expect(interpreted({ state: "over_quota", answer })).toMatchObject({ change: rejectedAs("quota_exhausted"), signal: "unasked" });
      }
    });
  });

  describe("when the server stops", () => {
    it("puts a claimed batch back into the queue after any error", () => {
      for (const answer of [refusal, lostAnswer, cancelledUnsent, bug]) {
        expect(interpreted({ state: "claimed", answer, stopping: true })).toEqual({ change: backInQueue, signal: "unasked" });
      }
    });

    it("puts a sending batch back into the queue when the provider cancelled it before it was sent", () => {
      expect(interpreted({ answer: cancelledUnsent, stopping: true })).toEqual({ change: backInQueue, signal: "unasked" });
    });

    it("applies the vendor's refusal of a sending batch", () => {
      expect(interpreted({ answer: refusal, stopping: true })).toMatchObject({
        change: rejectedAs("forbidden_domain"),
        signal: "answered",
      });
    });

    it.each([
      ["lost", lostAnswer],
      ["cut off by an unforeseen error", bug],
    ])("ends a sending batch as unknown when its answer was %s", (_, answer) => {
      expect(interpreted({ answer, stopping: true }).change).toMatchObject(unknownOutcome);
    });
  });

  describe.each(["claimed", "sending"] as const)("in the state %s", (state) => {
    it("ends the batch when the vendor refuses it", () => {
      expect(interpreted({ state, answer: refusal })).toMatchObject({ change: rejectedAs("forbidden_domain"), signal: "answered" });
    });

    it("sends the batch again later when the vendor is busy", () => {
      expect(interpreted({ state, answer: busy })).toMatchObject({
        change: { kind: "requeue", notBefore: NOON + 7_000, refund: 0 },
        signal: "answered",
      });
    });

    it("divides the batch when the vendor refuses one URL without naming it", () => {
      expect(interpreted({ state, answer: oneIsBad })).toMatchObject({ change: { kind: "divide", refund: 0 }, signal: "answered" });
    });

    it("ends the batch as unknown when the provider reports a lost answer", () => {
      expect(interpreted({ state, answer: lostAnswer })).toMatchObject({ change: unknownOutcome, signal: "failed" });
    });

    it("refuses the batch when the provider cancels it although the server runs", () => {
      expect(interpreted({ state, answer: cancelledUnsent })).toMatchObject({ change: rejectedAs("cancelled"), signal: "unasked" });
    });
  });

  it("refuses a claimed batch as internal, without the error's text, after an unforeseen error", () => {
    const { change, signal } = interpreted({ state: "claimed", answer: bug });
    expect(change).toMatchObject(rejectedAs("internal"));
    expect(signal).toBe("unasked");
    expect(JSON.stringify(change)).not.toContain("answer.data");
  });

  it("ends a sending batch as unknown, without the error's text, after an unforeseen error", () => {
    const { change, signal } = interpreted({ answer: bug });
    expect(change).toMatchObject(unknownOutcome);
    expect(signal).toBe("unasked");
    expect(JSON.stringify(change)).not.toContain("answer.data");
  });

  it.each([
    ["the provider reports a lost answer", lostAnswer],
    ["an unforeseen error hides the answer", bug],
  ])("keeps the batch in flight for reconciliation when %s and the vendor keeps records", (_, answer) => {
    for (const stopping of [false, true]) {
      expect(interpreted({ answer, stopping }, retryPolicy({ reconcilable: true })).change).toMatchObject({ kind: "await-reconciliation" });
    }
  });

  it("never sends a batch again that can be in flight, for any turn, answer and stop", () => {
    const error = fc.oneof(
      fc.constant<unknown>(new TypeError("answer.data is undefined")),
      fc
        .record({
          code: fc.constantFrom(...errorCodes),
          delivery: fc.constantFrom<Delivery>("not_sent", "refused", "unknown"),
          retryable: fc.boolean(),
          divisible: fc.boolean(),
        })
        .map(({ code, ...facts }): unknown => new PrefetchError(code, "It went wrong", facts)),
    );
    const answer = fc.oneof({ weight: 1, arbitrary: fc.constant(submission) }, { weight: 6, arbitrary: error.map(failure) });
    const attempt = fc.record({
      state: fc.constantFrom(...turnStates),
      answer,
      stopping: fc.boolean(),
      direct: fc.constant(false),
      trackable: fc.boolean(),
    });
    const policy = fc.record({ reconcilable: fc.boolean(), early: fc.boolean() }).map(retryPolicy);
    fc.assert(
      fc.property(attempt, policy, fc.nat({ max: 12 }), fc.boolean(), (tried, rules, attempts, deferrable) => {
        const claim = { ...work, batch: { ...work.batch, attempts, deferrable } };
        const { change } = interpret(claim, tried, NOON, rules);
        const { state, answer } = tried;
        if (state === "lost") {
          expect(change).toBeUndefined();
          return;
        }
        if (answer.ok) {
          expect(change?.kind).toBe("accept");
          return;
        }
        const mayBeInFlight = state === "sending" && !(answer.error instanceof PrefetchError && answer.error.delivery !== "unknown");
        if (!mayBeInFlight) return;
        expect(["await-reconciliation", "end"]).toContain(change?.kind);
        expect(change?.refund).toBe(0);
        const expected = change?.kind === "end" ? "unknown" : "queued";
        expect(change?.items.map((item) => item.state)).toEqual([expected, expected]);
        expect(change?.kind === "await-reconciliation").toBe(rules.reconcilable);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("interpret, for a direct provider", () => {
  const direct = (attempt: Partial<Attempt>) => interpreted({ direct: true, ...attempt });

  it.each([
    ["a refusal", refusal],
    ["a lost answer", lostAnswer],
    ["an unforeseen error", bug],
  ])("puts the batch back into the queue when the server stops during %s", (_, answer) => {
    for (const state of ["claimed", "sending"] as const) {
      expect(direct({ state, answer, stopping: true })).toEqual({ change: backInQueue, signal: "unasked" });
    }
  });

  it.each([
    ["a lost answer", lostAnswer],
    ["an unforeseen error", bug],
  ])("fetches the unreported URLs again later after %s", (_, answer) => {
    for (const state of ["claimed", "sending"] as const) {
      expect(direct({ state, answer }).change).toMatchObject({ kind: "requeue", attempts: 1, refund: 0 });
    }
  });

  it("ends the batch when the provider refuses it", () => {
    expect(direct({ answer: refusal }).change).toMatchObject(rejectedAs("forbidden_domain"));
  });
});

describe("interpret, for the whole account", () => {
  const throttled = failure(new PrefetchError("rate_limited", "Slow down", { delivery: "refused", retryable: true }));
  const spent = failure(new PrefetchError("quota_exhausted", "Used up", { delivery: "refused" }));

  it.each([
    ["pause", "throttles", throttled],
    ["forget", "contradicts its quota", spent],
    ["report", "causes an unforeseen error", bug],
    ["forget-host", "refuses a host that its list has", refusal],
    [undefined, "does not know an asset", failure(new PrefetchError("not_found", "No such asset", { delivery: "refused" }))],
  ])("says %s when the vendor %s", (heed, _, answer) => {
    for (const state of ["claimed", "sending"] as const) expect(interpreted({ state, answer }).heed).toBe(heed);
  });

  it("says nothing when another process has the batch or the server stops before sending", () => {
    for (const answer of [throttled, spent, bug]) {
      expect(interpreted({ state: "lost", answer }).heed).toBeUndefined();
      expect(interpreted({ state: "claimed", answer, stopping: true }).heed).toBeUndefined();
    }
  });
});
