import { describe, expect, it } from "vitest";
import type { Settled } from "../../../../src/prefetch/model/provider.ts";
import { defaultWarmLimits, type WarmLimits } from "../../../../src/providers/http/limits.ts";
import { createTaskBudget } from "../../../../src/providers/http/warm/task-budget.ts";
import { fakeClock } from "../../../fakes.ts";

function setUp(limits: Partial<WarmLimits> = {}) {
  const clock = fakeClock();
  return { clock, budget: createTaskBudget({ ...defaultWarmLimits, ...limits }, clock) };
}

const outcome = (state: Settled["state"], code?: string): Settled => ({
  url: "https://a.test/",
  state,
  reason: "So it is.",
  ...(code !== undefined && { code }),
});
const lost = outcome("failed", "vendor_unavailable");

describe("what a task may use", () => {
  it("is over when more bytes were moved than it may, whoever moved them", () => {
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

  it("is over when it has taken longer than it may", async () => {
    const { clock, budget } = setUp({ maxTaskMs: 60_000 });
    await clock.advance(60_000);
    expect(budget.limitReached()).toBeUndefined();
    await clock.advance(1);
    expect(budget.limitReached()).toMatchObject({ code: "limit_reached", message: "The task has reached its limit of 60 seconds" });
    expect(budget.limitReached()?.hint).toContain("PREFETCH_HTTP_MAX_SECONDS");
  });
});

describe("what a task has met at a host", () => {
  it("is judged when it is enough, and by what share of it came to nothing", () => {
    const { budget } = setUp({ minFailureSample: 4, maxFailureShare: 0.5 });
    for (let nth = 0; nth < 3; nth += 1) budget.record("a.test", lost);
    expect(budget.stopReason("a.test")).toBeUndefined();
    budget.record("a.test", outcome("succeeded"));
    expect(budget.stopReason("a.test")).toMatchObject({
      code: "vendor_unavailable",
      retryable: true,
      message: "3 of 4 URLs at a.test failed, so the task skips the rest of them",
    });
    for (let nth = 0; nth < 2; nth += 1) budget.record("a.test", outcome("succeeded"));
    // Half of them is not more than half.
    expect(budget.stopReason("a.test")).toBeUndefined();
    budget.record("a.test", lost);
    expect(budget.stopReason("a.test")).toBeDefined();
    expect(budget.stopReason("b.test")).toBeUndefined();
  });

  it.each(["timeout", "rate_limited", "vendor_unavailable"])("counts %s against it", (code) => {
    const { budget } = setUp({ minFailureSample: 1 });
    budget.record("a.test", outcome("failed", code));
    expect(budget.stopReason("a.test")).toBeDefined();
  });

  it.each(["not_found", "forbidden", "uncacheable", "redirect", "http_error"])("does not count %s against it", (code) => {
    const { budget } = setUp({ minFailureSample: 1 });
    for (let nth = 0; nth < 30; nth += 1) budget.record("a.test", outcome("failed", code));
    budget.record("a.test", outcome("rejected", "vendor_unavailable"));
    expect(budget.stopReason("a.test")).toBeUndefined();
  });
});
