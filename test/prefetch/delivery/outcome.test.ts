import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Delivery, errorCodes, PrefetchError } from "../../../src/base/errors.ts";
import { accepted, failed, lost, requeued } from "../../../src/prefetch/delivery/outcome.ts";
import type { Submission } from "../../../src/prefetch/model/provider.ts";
import { NOON } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { assetWork, retryPolicy, workOf } from "../work-harness.ts";

const policy = retryPolicy();
const submission: Submission = { vendorTaskIds: ["vendor-1"], requestId: "request-1", refused: [] };

describe("accepted", () => {
  it("follows the batch under the vendor's ids", () => {
    expect(accepted(workOf(["https://a.example/1", "https://a.example/2"]), submission, true, NOON)).toEqual({
      kind: "accept",
      followed: true,
      sentAt: NOON,
      vendorTaskIds: ["vendor-1"],
      requestId: "request-1",
      items: [
        { index: 0, state: "processing" },
        { index: 1, state: "processing" },
      ],
      refund: 0,
    });
  });

  it.each([
    ["the vendor gives no id", { ...submission, vendorTaskIds: [] }, true],
    ["the vendor cannot be asked", submission, false],
  ])("ends the batch as untracked when %s", (_, given, trackable) => {
    const change = accepted(workOf(["https://a.example/1"]), given, trackable, NOON);
    expect(change).toMatchObject({ kind: "accept", followed: false, sentAt: NOON });
    expect(change.items).toMatchObject([{ index: 0, state: "untracked", reason: expect.stringContaining("no id to ask") }]);
    expect(change.refund).toBe(0);
  });

  it("rejects a URL that the vendor refuses, with the vendor's reason, and refunds its unit", () => {
    const change = accepted(
      workOf(["https://a.example/%E8%A7%86.mp4", "https://a.example/2"]),
      { ...submission, refused: [{ url: "https://a.example/视.mp4", code: "forbidden_domain", reason: "Not your domain." }] },
      true,
      NOON,
    );
    expect(change.items).toEqual([
      { index: 0, state: "rejected", code: "forbidden_domain", reason: "Not your domain." },
      { index: 1, state: "processing" },
    ]);
    expect(change).toMatchObject({ kind: "accept", followed: true, refund: 1 });
  });

  it("rejects only the refused URL when another URL differs from it in its scheme alone", () => {
    const change = accepted(
      workOf(["http://a.example/1", "https://a.example/1"]),
      { ...submission, refused: [{ url: "http://a.example/1", code: "invalid_argument", reason: "Only https." }] },
      true,
      NOON,
    );
    expect(change.items.map((item) => item.state)).toEqual(["rejected", "processing"]);
    expect(change.refund).toBe(1);
  });

  it("ends the batch when the vendor refuses every URL", () => {
    const urls = ["https://a.example/1", "https://a.example/2"];
    const refused = urls.map((url) => ({ url, code: "forbidden_domain", reason: "Not your domain." }));
    expect(accepted(workOf(urls), { ...submission, refused }, true, NOON)).toMatchObject({ kind: "accept", followed: false, refund: 2 });
  });

  it("refunds nothing for an accepted asset", () => {
    expect(accepted(assetWork(4), submission, true, NOON).refund).toBe(0);
  });

  it("changes each item once and refunds one unit for each refused URL", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10 }),
        fc.array(fc.nat({ max: 12 }), { maxLength: 12 }),
        fc.boolean(),
        (count, refused, trackable) => {
          const urls = manyUrls(count);
          const work = workOf(urls);
          // Some refusals name URLs that are not in the batch.
          const refusals = refused.map((index) => ({ url: manyUrls(13)[index] ?? "", code: "invalid_argument", reason: "No." }));
          const change = accepted(work, { ...submission, refused: refusals }, trackable, NOON);
          expect(change.items.map((item) => item.index)).toEqual(work.items.map((item) => item.index));
          const expected = new Set(refused.filter((index) => index < count));
          for (const item of change.items) expect(item.state === "rejected").toBe(expected.has(item.index));
          expect(change.refund).toBe(expected.size);
          expect(change.refund).toBeLessThanOrEqual(work.batch.cost);
        },
      ),
    );
  });
});

describe("failed", () => {
  const anyError = fc
    .record({
      code: fc.constantFrom(...errorCodes),
      delivery: fc.constantFrom<Delivery>("not_sent", "refused", "unknown"),
      retryable: fc.boolean(),
      retryAfterMs: fc.option(fc.integer({ min: 0, max: 600_000 }), { nil: undefined }),
    })
    .map(({ code, ...facts }) => new PrefetchError(code, "It went wrong", { ...facts, retryAfterMs: facts.retryAfterMs ?? undefined }));

  it("sends the batch again after the vendor's Retry-After when the error is retryable", () => {
    const error = new PrefetchError("rate_limited", "Too many requests", { delivery: "refused", retryable: true, retryAfterMs: 7_000 });
    const change = failed(workOf(["https://a.example/1"]), error, NOON, policy);
    expect(change).toEqual({
      kind: "requeue",
      attempts: 1,
      notBefore: NOON + 7_000,
      items: [{ index: 0, state: "queued", code: "rate_limited", reason: "Will be sent again. Too many requests." }],
      refund: 0,
    });
  });

  it("ends the batch with a full refund and the vendor's request id when the error is not retryable", () => {
    const error = new PrefetchError("forbidden_domain", "Not your domain", {
      delivery: "refused",
      vendorCode: "VOD.10088",
      requestId: "r-1",
    });
    const change = failed(workOf(["https://a.example/1", "https://a.example/2"]), error, NOON, policy);
    expect(change).toMatchObject({ kind: "end", requestId: "r-1", refund: 2, exhausted: false });
    expect(change.items).toMatchObject([
      { index: 0, state: "rejected", code: "forbidden_domain", reason: "Not your domain (VOD.10088, request id r-1)." },
      { index: 1, state: "rejected", code: "forbidden_domain" },
    ]);
  });

  it("says that the vendor named no URL when it gives up dividing a refused batch", () => {
    const error = new PrefetchError("invalid_argument", "Not taken", { delivery: "refused", divisible: true });
    const change = failed({ ...workOf(manyUrls(3)), divisions: 64 }, error, NOON, policy);
    expect(change).toMatchObject({ kind: "end", refund: 3 });
    const reason = "Not taken. The vendor refused 3 URLs together without naming the one at fault.";
    expect(change.items.map((item) => [item.state, item.reason])).toEqual(Array(3).fill(["rejected", reason]));
    // One URL, or a refusal of the whole request, leaves no doubt about the cause.
    expect(failed(workOf(manyUrls(1)), error, NOON, policy).items).toMatchObject([{ state: "rejected", reason: "Not taken." }]);
    const whole = new PrefetchError("not_published", "Not taken", { delivery: "refused" });
    expect(failed(workOf(manyUrls(3)), whole, NOON, policy).items[0]?.reason).toBe("Not taken.");
  });

  it("refunds all units of a refused asset", () => {
    expect(failed(assetWork(4), new PrefetchError("not_published", "Not published"), NOON, policy).refund).toBe(4);
  });

  it("marks the day as exhausted when the vendor says that its quota is used up", () => {
    const spent = new PrefetchError("quota_exhausted", "Used up", { delivery: "refused" });
    expect(failed(workOf(["https://a.example/1"]), spent, NOON, policy)).toMatchObject({ exhausted: true, refund: 1 });
  });

  it("never sends again, and never refunds, a batch with an unknown delivery", () => {
    fc.assert(
      fc.property(anyError, fc.nat({ max: 12 }), fc.integer({ min: 1, max: 4 }), (error, attempts, count) => {
        const work = workOf(manyUrls(count), ["queued", "queued", "queued", "queued"]);
        const change = failed({ ...work, batch: { ...work.batch, attempts } }, error, NOON, policy);
        const states = new Set(change.items.map((item) => item.state));
        expect(change.items.map((item) => item.index)).toEqual(work.items.map((item) => item.index));
        expect(states).toHaveLength(1);
        if (error.delivery === "unknown") {
          expect(change).toMatchObject({ kind: "end", refund: 0 });
          expect(states).toContain("unknown");
          return;
        }
        expect(states).not.toContain("unknown");
        const again = change.kind === "requeue";
        expect(states).toContain(again ? "queued" : "rejected");
        expect(change.refund).toBe(again ? 0 : work.batch.cost);
        if (change.kind === "requeue") {
          expect(error.retryable).toBe(true);
          expect(change.attempts).toBeLessThan(12);
          expect(change.notBefore).toBeGreaterThanOrEqual(NOON);
        } else expect(change).toMatchObject({ kind: "end", exhausted: error.code === "quota_exhausted" });
      }),
      { numRuns: 500 },
    );
  });
});

describe("failed, when the vendor keeps records of submits", () => {
  const reconcilable = retryPolicy({ reconcilable: true });
  const timedOut = new PrefetchError("timeout", "No answer in 30 s", { delivery: "unknown", retryable: true });

  it("keeps a batch with an unknown delivery in flight until it is reconciled", () => {
    const work = workOf(manyUrls(2));
    const change = failed({ ...work, batch: { ...work.batch, state: "sending", sentAt: NOON } }, timedOut, NOON + 1_000, reconcilable);
    const reason = "No answer in 30 s. The vendor's own records are being asked before anything is sent again.";
    expect(change).toEqual({
      kind: "await-reconciliation",
      leaseUntil: NOON + 4_000,
      items: [
        { index: 0, state: "queued", code: "timeout", reason },
        { index: 1, state: "queued", code: "timeout", reason },
      ],
      refund: 0,
    });
  });

  it("reconciles no batch that the vendor answered", () => {
    const refused = new PrefetchError("forbidden_domain", "No", { delivery: "refused" });
    expect(failed(workOf(manyUrls(2)), refused, NOON, reconcilable)).toEqual(failed(workOf(manyUrls(2)), refused, NOON, policy));
  });
});

describe("failed, with a divisible refusal", () => {
  const someBad = new PrefetchError("invalid_argument", "Bad URL", { delivery: "refused", divisible: true, requestId: "r-1" });

  it("halves the batch and makes both halves due at once, without an attempt", () => {
    const work = workOf(manyUrls(5));
    const change = failed({ ...work, batch: { ...work.batch, attempts: 2 } }, someBad, NOON, policy);
    const reason = "Being sent again in smaller requests, to find the URL that the vendor refuses. Bad URL (request id r-1).";
    expect(change).toEqual({
      kind: "divide",
      notBefore: NOON,
      items: [0, 1, 2, 3, 4].map((index) => ({ index, state: "queued", code: "invalid_argument", reason })),
      refund: 0,
      part: { items: [3, 4], cost: 2 },
    });
  });

  it("does not divide a batch whose answer was lost", () => {
    const lostAnswer = new PrefetchError("timeout", "No answer", { delivery: "unknown", divisible: true });
    expect(failed(workOf(manyUrls(4)), lostAnswer, NOON, policy).kind).toBe("end");
  });

  it.each([
    ["one URL", workOf(manyUrls(1))],
    ["an asset", assetWork(4)],
  ])("rejects %s without dividing it", (_, work) => {
    const change = failed(work, someBad, NOON, policy);
    expect(change).toMatchObject({ kind: "end", items: [{ state: "rejected" }], refund: work.batch.cost });
  });

  it("ends the batch after 64 divisions", () => {
    expect(failed({ ...workOf(manyUrls(2)), divisions: 63 }, someBad, NOON, policy).kind).toBe("divide");
    const change = failed({ ...workOf(manyUrls(2)), divisions: 64 }, someBad, NOON, policy);
    expect(change).toMatchObject({ kind: "end", refund: 2 });
  });

  it("leaves no half empty and loses no item and no unit", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), fc.integer({ min: 0, max: 1_000 }), (count, cost) => {
        const work = workOf(manyUrls(count));
        const change = failed({ ...work, batch: { ...work.batch, cost } }, someBad, NOON, policy);
        if (change.kind !== "divide") throw new Error(`The change is ${change.kind}.`);
        const { part, items, refund } = change;
        const moved = part.items;
        expect(moved).toEqual(work.items.slice(count - moved.length).map((item) => item.index));
        const stays = count - moved.length;
        expect(stays - moved.length === 0 || stays - moved.length === 1).toBe(true);
        expect(items.map((item) => item.index)).toEqual(work.items.map((item) => item.index));
        expect(refund).toBe(0);
        expect(Number.isInteger(part.cost)).toBe(true);
        expect(part.cost).toBeGreaterThanOrEqual(0);
        expect(part.cost).toBeLessThanOrEqual(cost);
        // When each URL costs one unit, each part holds one unit per URL.
        if (cost === count) expect(part.cost).toBe(moved.length);
      }),
    );
  });
});

describe("lost", () => {
  it("ends the items as unknown without a refund", () => {
    expect(lost(workOf(["https://a.example/1", "https://a.example/2"]), "The answer was lost.")).toEqual({
      kind: "end",
      items: [
        { index: 0, state: "unknown", code: "timeout", reason: "The answer was lost." },
        { index: 1, state: "unknown", code: "timeout", reason: "The answer was lost." },
      ],
      refund: 0,
    });
  });
});

describe("requeued", () => {
  it("returns the batch unchanged to the queue", () => {
    expect(requeued()).toEqual({ kind: "requeue", items: [], refund: 0 });
  });
});
