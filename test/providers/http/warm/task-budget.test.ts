import { describe, expect, it } from "vitest";
import type { Settled } from "../../../../src/prefetch/model/provider.ts";
import { defaultWarmLimits, type WarmLimits } from "../../../../src/providers/http/limits.ts";
import { createTaskBudget } from "../../../../src/providers/http/warm/task-budget.ts";
import { fakeClock } from "../../../fakes/clock.ts";

function setUp(limits: Partial<WarmLimits> = {}) {
  const clock = fakeClock();
  return { clock, budget: createTaskBudget({ ...defaultWarmLimits, ...limits }, clock) };
}

const outcome = (state: Settled["state"], code?: string): Settled => ({
  url: "https://a.test/",
  state,
  reason: "A reason.",
  ...(code !== undefined && { code }),
});
const failure = outcome("failed", "vendor_unavailable");

describe("TaskBudget.limitReached", () => {
  it("reports the byte limit, whichever process received the bytes", () => {
    const { budget } = setUp({ maxTaskBytes: 1_000 });
    budget.addBytes(600);
    budget.raiseBytesTo(400);
    budget.addBytes(400);
    expect(budget.limitReached()).toBeUndefined();
    budget.addBytes(1);
    expect(budget.limitReached()).toMatchObject({
      code: "limit_reached",
      retryable: false,
      message: "The task has reached its limit of 1,000 bytes",
    });
    expect(budget.limitReached()?.hint).toContain("PREFETCH_HTTP_MAX_BYTES");
    expect(budget.stopReason("a.test")).toMatchObject({ code: "limit_reached" });
    const shared = setUp({ maxTaskBytes: 1_000 }).budget;
    shared.addBytes(1);
    shared.raiseBytesTo(1_001);
    expect(shared.limitReached()).toMatchObject({ code: "limit_reached" });
  });

  it("reports the time limit", async () => {
    const { clock, budget } = setUp({ maxTaskMs: 60_000 });
    await clock.advance(60_000);
    expect(budget.limitReached()).toBeUndefined();
    await clock.advance(1);
    expect(budget.limitReached()).toMatchObject({ code: "limit_reached", message: "The task has reached its limit of 60 seconds" });
    expect(budget.limitReached()?.hint).toContain("PREFETCH_HTTP_MAX_SECONDS");
  });

  it("counts at most a minute of a longer gap, in which the task was idle or the machine suspended", async () => {
    const { clock, budget } = setUp({ maxTaskMs: 100_000 });
    await clock.advance(3_600_000);
    expect(budget.limitReached()).toBeUndefined();
    await clock.advance(3_600_000);
    expect(budget.limitReached()).toMatchObject({ code: "limit_reached" });
  });
});

describe("TaskBudget.stopReason", () => {
  it("applies the failure share once the sample is large enough", () => {
    const { budget } = setUp({ minFailureSample: 4, maxFailureShare: 0.5 });
    for (let nth = 0; nth < 3; nth += 1) budget.record("a.test", failure);
    expect(budget.stopReason("a.test")).toBeUndefined();
    budget.record("a.test", outcome("succeeded"));
    expect(budget.stopReason("a.test")).toMatchObject({
      code: "vendor_unavailable",
      retryable: true,
      message: "3 of 4 URLs at a.test failed, so the task skips the rest of them",
    });
    for (let nth = 0; nth < 2; nth += 1) budget.record("a.test", outcome("succeeded"));
    // Three of six is not more than half.
    expect(budget.stopReason("a.test")).toBeUndefined();
    budget.record("a.test", failure);
    expect(budget.stopReason("a.test")).toBeDefined();
    expect(budget.stopReason("b.test")).toBeUndefined();
  });

  it.each(["timeout", "rate_limited", "vendor_unavailable", "challenge"])("counts %s as a failure of the host", (code) => {
    const { budget } = setUp({ minFailureSample: 1 });
    budget.record("a.test", outcome("failed", code));
    expect(budget.stopReason("a.test")).toBeDefined();
  });

  it.each(["not_found", "forbidden", "uncacheable", "redirect", "http_error"])("does not count %s as a failure of the host", (code) => {
    const { budget } = setUp({ minFailureSample: 1 });
    for (let nth = 0; nth < 30; nth += 1) budget.record("a.test", outcome("failed", code));
    budget.record("a.test", outcome("rejected", "vendor_unavailable"));
    expect(budget.stopReason("a.test")).toBeUndefined();
  });
});
