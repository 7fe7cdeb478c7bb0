/** Limits of one task over all its batches: bytes, time, and hosts that keep failing. */

import { describe, expect, it } from "vitest";
import { startOrigin } from "../origin-harness.ts";
import { cacheable, instantClock, numbered, statesIn, until, urlsIn, warming } from "../warming-harness.ts";

const MIB = 1_048_576;
const startLargeFiles = () => startOrigin((_, response) => response.writeHead(200, cacheable).end(Buffer.alloc(MIB / 2)));
const skipped = { state: "rejected", code: "limit_reached", reason: expect.stringMatching(/^Not fetched\. .*PREFETCH_HTTP_MAX_BYTES/) };

describe("a task", () => {
  it("stops at its byte limit over all its batches, and rejects the remaining URLs", async () => {
    const origin = await startLargeFiles();
    const { warm } = warming({ limits: { maxTaskBytes: 2 * MIB, requestsPerHost: 1 } });
    const first = await warm(numbered(3, origin.url), { taskId: "pf_a" });
    expect(statesIn(first.outcomes)).toEqual({ succeeded: 3 });
    const second = await warm(numbered(5, origin.url), { taskId: "pf_a", taskBytes: 1 });
    expect(second.outcomes.slice(0, 2)).toMatchObject([{ state: "succeeded" }, { state: "rejected", code: "limit_reached" }]);
    expect(second.outcomes.slice(2)).toMatchObject([skipped, skipped, skipped]);
    expect(first.bytes + second.bytes).toBeLessThan(2 * MIB + 200_000);
    const other = await warm(numbered(2, origin.url), { taskId: "pf_b" });
    expect(statesIn(other.outcomes)).toEqual({ succeeded: 2 });
  });

  it("counts bytes of earlier and other processes against its limit", async () => {
    const origin = await startLargeFiles();
    const { warm } = warming({ limits: { maxTaskBytes: 2 * MIB, requestsPerHost: 1 } });
    const restarted = await warm(numbered(2, origin.url), { taskId: "pf_a", taskBytes: 1.5 * MIB });
    expect(restarted.outcomes.map(({ state }) => state)).toEqual(["succeeded", "rejected"]);
    expect(statesIn((await warm([origin.url("/")], { taskId: "pf_b" })).outcomes)).toEqual({ succeeded: 1 });
    const shared = await warm([origin.url("/")], { taskId: "pf_b", taskBytes: 3 * MIB });
    expect(shared.outcomes).toMatchObject([skipped]);
  });

  it("stops at its time limit, even within an answer", async () => {
    const origin = await startOrigin((request, response) => {
      response.writeHead(200, cacheable);
      const dripping = setInterval(() => response.write("x"), 2);
      request.socket.once("close", () => clearInterval(dripping));
    });
    const clock = instantClock();
    const { warm } = warming({ clock, limits: { maxTaskMs: 50_000, requestsPerHost: 2 } });
    const warmed = warm(numbered(10, origin.url));
    await until(() => origin.seen.length).toBe(2);
    await clock.sleep(60_001);
    const { outcomes } = await warmed;
    expect(urlsIn(outcomes)).toEqual(numbered(10, origin.url).sort());
    expect(statesIn(outcomes)).toEqual({ rejected: 10 });
    expect(outcomes[0]).toMatchObject({ code: "limit_reached", reason: expect.stringContaining("PREFETCH_HTTP_MAX_SECONDS") });
    expect(origin.seen).toHaveLength(2);
  });

  it("skips a host that keeps failing, over all its batches, and warms other hosts", async () => {
    const origin = await startOrigin((request, response) =>
      response.writeHead(request.headers.host?.startsWith("bad.test") ? 500 : 200, cacheable).end("x"),
    );
    const { warm } = warming({ limits: { minFailureSample: 10, requestsPerHost: 1 } });
    const bad = (batch: number) => numbered(20, (path) => origin.url(`/${batch}${path}`, "bad.test"));
    const good = numbered(40, (path) => origin.url(path, "good.test"));
    const [first, other] = await Promise.all([warm(bad(1), { taskId: "pf_a" }), warm(good, { taskId: "pf_a" })]);
    expect(statesIn(other.outcomes)).toEqual({ succeeded: 40 });
    expect(statesIn(first.outcomes)).toEqual({ failed: 10, rejected: 10 });
    expect(first.outcomes.at(-1)).toMatchObject({
      code: "vendor_unavailable",
      reason: expect.stringMatching(/^Not fetched\. 10 of 10 URLs at bad\.test:\d+ failed, so the task skips the rest of them\. /),
    });
    expect(statesIn((await warm(bad(2), { taskId: "pf_a" })).outcomes)).toEqual({ rejected: 20 });
    // Each task counts failures for itself.
    expect(statesIn((await warm(bad(3), { taskId: "pf_b" })).outcomes)).toEqual({ failed: 10, rejected: 10 });
  });

  it.each([404, 403, 400])("does not count status %i as a failure of the host", async (status) => {
    const origin = await startOrigin((_, response) => response.writeHead(status).end());
    const { warm } = warming({ limits: { minFailureSample: 5 } });
    expect(statesIn((await warm(numbered(30, origin.url))).outcomes)).toEqual({ failed: 30 });
    expect(origin.seen).toHaveLength(30);
  });

  it("counts status 429 as a failure of the host", async () => {
    const origin = await startOrigin((_, response) => response.writeHead(429, { "retry-after": "0" }).end());
    const { warm } = warming({ limits: { minFailureSample: 4, requestsPerHost: 1 } });
    expect(statesIn((await warm(numbered(12, origin.url))).outcomes)).toEqual({ failed: 4, rejected: 8 });
  });

  it("counts a slow answer as a failure of the host", async () => {
    const clock = instantClock();
    const origin = await startOrigin((request, response) => {
      void clock.sleep(11);
      response.writeHead(200, cacheable).write("x");
      const dripping = setInterval(() => response.write("x"), 1);
      request.socket.once("close", () => clearInterval(dripping));
    });
    const { warm } = warming({ clock, limits: { minFailureSample: 4, requestsPerHost: 1, slowAnswerGraceMs: 10 } });
    expect(statesIn((await warm(numbered(12, origin.url))).outcomes)).toEqual({ failed: 4, rejected: 8 });
  });
});
