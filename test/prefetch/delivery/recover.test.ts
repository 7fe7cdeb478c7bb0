import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { createRecovery } from "../../../src/prefetch/delivery/recover.ts";
import type { BatchContent, Provider, Reconciliation, Sent } from "../../../src/prefetch/model/provider.ts";
import type { Claim } from "../../../src/prefetch/model/storage.ts";
import { fakeClock, NOON } from "../../fakes/clock.ts";
import { fakeProvider, manyUrls, type ProviderScript } from "../../fakes/provider.ts";
import { retryPolicy, workOf } from "../work-harness.ts";

/** A claimed batch that was in flight when its answer was lost. */
function inFlight(): Claim {
  const work = workOf(manyUrls(2), ["queued", "queued"]);
  const sent = { sentAt: NOON - 10_000, sentMonotonic: NOON - 10_000, sentBoot: fakeClock().boot };
  return { ...work, batch: { ...work.batch, state: "sending", ...sent, leaseUntil: NOON + 300_000 } };
}

function setUp(script: ProviderScript = {}) {
  const stop = new AbortController();
  const reports: string[] = [];
  const paused: PrefetchError[] = [];
  let turns = 0;
  const recover = createRecovery({
    clock: fakeClock(),
    limiter: async (_, signal) => {
      turns += 1;
      expect(signal).toBe(stop.signal);
    },
    report: (error, about) => reports.push(`${about}: ${String(error)}`),
    pause: async (_, error) => void paused.push(error),
    policyFor: (provider: Provider) => retryPolicy({ reconcilable: provider.findSubmitted !== undefined }),
    stopping: stop.signal,
  });
  const provider = fakeProvider(script);
  return { stop, reports, paused, turns: () => turns, recover: () => recover(provider, inFlight()) };
}

describe("createRecovery", () => {
  it("sends the open URLs of a direct provider again", async () => {
    const { recover, reports } = setUp({ work: () => undefined });
    expect(await recover()).toMatchObject({
      change: { kind: "requeue", attempts: 1, items: [{ state: "queued" }, { state: "queued" }], refund: 0 },
      signal: "unasked",
    });
    expect(reports).toEqual([]);
  });

  it("ends the batch as unknown when the vendor keeps no records", async () => {
    const { recover, turns } = setUp({ findSubmitted: undefined });
    const reason = "The server stopped while this was being sent, so its outcome is not known.";
    const unknown = { state: "unknown", code: "timeout", reason };
    expect(await recover()).toMatchObject({ change: { kind: "end", items: [unknown, unknown], refund: 0 }, signal: "unasked" });
    expect(turns()).toBe(0);
  });

  it("asks the vendor for the batch by its content and the time that it was sent at", async () => {
    const questions: (readonly [BatchContent, Sent])[] = [];
    const { recover, turns, stop } = setUp({
      findSubmitted: async (batch, sent, { turn, signal }) => {
        questions.push([batch, sent]);
        expect(signal).toBe(stop.signal);
        await turn();
        return { state: "unclear" };
      },
    });
    await recover();
    expect(questions).toEqual([
      [
        { kind: "urls", urls: manyUrls(2) },
        { notBefore: NOON - 10_000, elapsedMs: 10_000 },
      ],
    ]);
    expect(turns()).toBe(1);
  });

  it.each<readonly [string, Reconciliation, string]>([
    ["accepts the batch when the vendor has it", { state: "found", vendorTaskIds: ["vendor-7"], urls: manyUrls(2) }, "accept"],
    ["sends the batch again when the vendor never got it", { state: "absent" }, "requeue"],
    ["keeps the batch in flight when the records do not say", { state: "unclear" }, "await-reconciliation"],
  ])("%s", async (_, found, kind) => {
    const { recover, reports } = setUp({ findSubmitted: async () => found });
    expect(await recover()).toMatchObject({ change: { kind }, signal: "answered" });
    expect(reports).toEqual([]);
  });

  it.each([
    ["failed", new PrefetchError("vendor_unavailable", "Down", { retryable: true }), "await-reconciliation"],
    ["answered", new PrefetchError("auth_failed", "Bad key", { delivery: "refused" }), "end"],
    ["unasked", new TypeError("answer.data is undefined"), "end"],
  ])("reports a failed look-up and signals %s to the circuit breaker after %s", async (signal, error, kind) => {
    const { recover, reports, paused } = setUp({ findSubmitted: () => Promise.reject(error) });
    expect(await recover()).toMatchObject({ change: { kind }, signal });
    expect(reports).toEqual([`asking fake-cdn for a batch whose answer was lost: ${String(error)}`]);
    expect(paused).toEqual([]);
  });

  it("pauses the account when the vendor throttles the look-up", async () => {
    const throttled = new PrefetchError("rate_limited", "Too fast", { delivery: "refused", retryable: true });
    const { recover, paused } = setUp({ findSubmitted: () => Promise.reject(throttled) });
    expect(await recover()).toMatchObject({ change: { kind: "await-reconciliation" }, signal: "answered" });
    expect(paused).toEqual([throttled]);
  });

  it("keeps the batch in flight for the next process, without a report, when the server stops during the look-up", async () => {
    const { recover, stop, reports, paused } = setUp({
      findSubmitted: async () => {
        stop.abort();
        throw new PrefetchError("rate_limited", "Too fast", { retryable: true });
      },
    });
    expect(await recover()).toMatchObject({
      change: { kind: "await-reconciliation", leaseUntil: NOON + 12_000, refund: 0 },
      signal: "unasked",
    });
    expect([reports, paused]).toEqual([[], []]);
  });
});
