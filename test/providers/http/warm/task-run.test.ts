import { describe, expect, it } from "vitest";
import type { Settled } from "../../../../src/prefetch/model/provider.ts";
import { usualLimits, type WarmLimits } from "../../../../src/providers/http/limits.ts";
import { createRun } from "../../../../src/providers/http/warm/task-run.ts";
import { fakeClock } from "../../../fakes.ts";

function setUp(limits: Partial<WarmLimits> = {}) {
  const clock = fakeClock();
  return { clock, run: createRun({ ...usualLimits, ...limits }, clock) };
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
    const { run } = setUp({ mostBytes: 1_000 });
    run.moved(600);
    run.movedBefore(400);
    run.moved(400);
    expect(run.over()).toBeUndefined();
    run.moved(1);
    expect(run.over()).toMatchObject({ code: "limit_reached", retryable: false, message: "The task's limit of 1,000 bytes is reached" });
    expect(run.over()?.hint).toContain("PREFETCH_HTTP_MAX_BYTES");
    expect(run.enough("a.test")).toMatchObject({ code: "limit_reached" });
    const shared = setUp({ mostBytes: 1_000 }).run;
    shared.moved(1);
    shared.movedBefore(1_001);
    expect(shared.over()).toMatchObject({ code: "limit_reached" });
  });

  it("is over when it has taken longer than it may", async () => {
    const { clock, run } = setUp({ mostMs: 60_000 });
    await clock.advance(60_000);
    expect(run.over()).toBeUndefined();
    await clock.advance(1);
    expect(run.over()).toMatchObject({ code: "limit_reached", message: "The task's limit of 60 seconds is reached" });
    expect(run.over()?.hint).toContain("PREFETCH_HTTP_MAX_SECONDS");
  });
});

describe("what a task has met at a host", () => {
  it("is judged when it is enough, and by what share of it came to nothing", () => {
    const { run } = setUp({ judgedAfter: 4, errorShare: 0.5 });
    for (let nth = 0; nth < 3; nth += 1) run.note("a.test", lost);
    expect(run.enough("a.test")).toBeUndefined();
    run.note("a.test", outcome("succeeded"));
    expect(run.enough("a.test")).toMatchObject({
      code: "vendor_unavailable",
      retryable: true,
      message: "3 of 4 URLs of a.test have come to nothing",
    });
    for (let nth = 0; nth < 2; nth += 1) run.note("a.test", outcome("succeeded"));
    // Half of them is not more than half.
    expect(run.enough("a.test")).toBeUndefined();
    run.note("a.test", lost);
    expect(run.enough("a.test")).toBeDefined();
    expect(run.enough("b.test")).toBeUndefined();
  });

  it.each(["timeout", "rate_limited", "vendor_unavailable"])("counts %s against it", (code) => {
    const { run } = setUp({ judgedAfter: 1 });
    run.note("a.test", outcome("failed", code));
    expect(run.enough("a.test")).toBeDefined();
  });

  it.each(["not_found", "forbidden", "uncacheable", "redirect", "http_error"])("does not count %s against it", (code) => {
    const { run } = setUp({ judgedAfter: 1 });
    for (let nth = 0; nth < 30; nth += 1) run.note("a.test", outcome("failed", code));
    run.note("a.test", outcome("rejected", "vendor_unavailable"));
    expect(run.enough("a.test")).toBeUndefined();
  });
});
