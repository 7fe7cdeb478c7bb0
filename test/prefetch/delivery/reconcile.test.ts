import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { reconciled, unreconciled } from "../../../src/prefetch/delivery/reconcile.ts";
import type { Reconciliation } from "../../../src/prefetch/model/provider.ts";
import type { Claim } from "../../../src/prefetch/model/storage.ts";
import { NOON } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { assetWork, retryPolicy, workOf } from "../work-harness.ts";

const policy = retryPolicy({ reconcilable: true });

/** A claim of a batch whose answer was lost. */
function lostAt(work: Claim, sentAt: number | undefined = NOON): Claim {
  const batch = { ...work.batch, state: "sending", sentAt, leaseUntil: NOON + 300_000 } as const;
  return { ...work, batch, items: work.items.map((item) => ({ ...item, state: "queued" })) };
}

const found = (urls: readonly string[]): Reconciliation => ({ state: "found", vendorTaskIds: ["vendor-7", "vendor-8"], urls });

it.each([
  [10_000, 12_000],
  [100_000, 30_001],
  [129_999, 2],
  [140_000, 60_000],
])("reconciled looks again at the moment that decides when the records are unclear after %d ms", (elapsedMs, pauseMs) => {
  const now = NOON + elapsedMs;
  const change = reconciled(lostAt(workOf(manyUrls(2))), { state: "unclear" }, now, { ...policy, listedWithinMs: 130_000 });
  expect(change).toMatchObject({ kind: "await-reconciliation", leaseUntil: now + pauseMs });
});

describe("reconciled, when the vendor lists the batch", () => {
  it("follows the batch under the vendor's ids without a refund", () => {
    expect(reconciled(lostAt(workOf(manyUrls(2))), found(manyUrls(2)), NOON + 2_000, policy)).toEqual({
      kind: "accept",
      followed: true,
      vendorTaskIds: ["vendor-7", "vendor-8"],
      items: [
        { index: 0, state: "processing" },
        { index: 1, state: "processing" },
      ],
      refund: 0,
    });
  });

  it("matches URLs in the vendor's spelling", () => {
    const work = lostAt(workOf(["https://a.example/%E8%A7%86%20a.mp4", "https://a.example/2"]));
    const { items } = reconciled(work, found(["a.example/视 a.mp4", "http://a.example/2"]), NOON, policy);
    expect(items.map((item) => item.state)).toEqual(["processing", "processing"]);
  });

  it("ends URLs that the vendor does not list as unknown, without a refund, and follows the rest", () => {
    const change = reconciled(lostAt(workOf(manyUrls(3))), found([manyUrls(3)[1] ?? ""]), NOON, policy);
    expect(change).toMatchObject({ kind: "accept", followed: true, refund: 0 });
    const unknown = { state: "unknown", code: "timeout", reason: expect.stringContaining("but not this one") };
    expect(change.items).toMatchObject([
      { index: 0, ...unknown },
      { index: 1, state: "processing" },
      { index: 2, ...unknown },
    ]);
  });

  it("ends the batch when the vendor lists none of its URLs", () => {
    const change = reconciled(lostAt(workOf(manyUrls(2))), found(["https://other.example/"]), NOON, policy);
    expect(change).toMatchObject({ kind: "accept", followed: false });
    expect(change.items.map((item) => item.state)).toEqual(["unknown", "unknown"]);
    expect(change.refund).toBe(0);
  });

  it("follows an asset whichever URLs the vendor lists", () => {
    const change = reconciled(lostAt(assetWork(3)), found([]), NOON, policy);
    expect(change).toMatchObject({ kind: "accept", followed: true, items: [{ index: 0, state: "processing" }], refund: 0 });
  });
});

describe("reconciled, when the vendor never got the batch", () => {
  it("sends the batch again after the back-off of an unsent batch", () => {
    const change = reconciled(lostAt(workOf(manyUrls(2))), { state: "absent" }, NOON + 5_000, policy);
    expect(change).toMatchObject({
      kind: "requeue",
      attempts: 1,
      notBefore: NOON + 6_000,
      refund: 0,
    });
    expect(change.items).toMatchObject(
      [0, 1].map((index) => ({ index, state: "queued", reason: expect.stringMatching(/^Will be sent again\. The answer was lost/) })),
    );
  });

  it("ends the batch with a full refund after twelve attempts", () => {
    let work = lostAt(workOf(manyUrls(2)));
    for (let attempt = 1; attempt < 12; attempt += 1) {
      const change = reconciled(work, { state: "absent" }, NOON, policy);
      expect(change).toMatchObject({ kind: "requeue", attempts: attempt });
      work = { ...work, batch: { ...work.batch, attempts: attempt } };
    }
    expect(reconciled(work, { state: "absent" }, NOON, policy)).toMatchObject({
      kind: "end",
      attempts: 12,
      items: [{ state: "rejected", code: "timeout" }, { state: "rejected" }],
      refund: 2,
    });
  });
});

describe("reconciled, when the vendor's records do not say", () => {
  const unclear = { state: "unclear" } as const;

  it.each([
    [0, 2_000],
    [2_000, 4_000],
    [6_000, 8_000],
    [28_000, 30_000],
    [58_000, 60_000],
    [59_000, 60_000],
    [300_000, 60_000],
  ])("keeps a batch that was sent %i ms ago in flight and looks it up again in %i ms", (elapsed, pause) => {
    const now = NOON + elapsed;
    const change = reconciled(lostAt(workOf(manyUrls(2))), unclear, now, policy);
    expect(change).toMatchObject({ kind: "await-reconciliation", leaseUntil: now + pause, refund: 0 });
    expect(change).not.toHaveProperty("attempts");
    expect(change.items).toMatchObject([
      { index: 0, state: "queued", code: "timeout", reason: expect.stringContaining("asked before anything is sent again") },
      { index: 1, state: "queued" },
    ]);
  });

  it("ends the batch as unknown, without a refund, after five minutes", () => {
    const change = reconciled(lostAt(workOf(manyUrls(2))), unclear, NOON + 300_001, policy);
    expect(change).toMatchObject({ kind: "end", refund: 0 });
    expect(change.items).toMatchObject([
      { state: "unknown", code: "timeout", reason: expect.stringContaining("do not say whether it was carried out") },
      { state: "unknown" },
    ]);
  });

  it("looks the batch up again in two seconds when the clock was set back", () => {
    const change = reconciled(lostAt(workOf(manyUrls(1))), unclear, NOON - 60_000, policy);
    expect(change).toMatchObject({ kind: "await-reconciliation", leaseUntil: NOON - 60_000 + 2_000 });
  });
});

describe("unreconciled", () => {
  const SIX_HOURS = 6 * 3_600_000;
  const down = new PrefetchError("vendor_unavailable", "The connection failed", { retryable: true });

  it.each([0, 300_001, SIX_HOURS])("keeps a batch that was sent %i ms ago in flight when the error may pass", (elapsed) => {
    const now = NOON + elapsed;
    const change = unreconciled(lostAt(workOf(manyUrls(2))), down, now);
    expect(change).toMatchObject({ kind: "await-reconciliation", leaseUntil: now + Math.min(60_000, 2_000 + elapsed), refund: 0 });
    expect(change.items).toMatchObject([
      { state: "queued", reason: expect.stringContaining("The connection failed.") },
      { state: "queued" },
    ]);
  });

  it.each([
    ["the error has lasted for six hours", down, SIX_HOURS + 1],
    ["the error will not pass", new PrefetchError("auth_failed", "The connection failed", { delivery: "refused" }), 0],
  ])("ends the batch as unknown, without a refund, when %s", (_, error, elapsed) => {
    const change = unreconciled(lostAt(workOf(manyUrls(2))), error, NOON + elapsed);
    expect(change).toMatchObject({ kind: "end", refund: 0 });
    const reason = "The answer was lost, and the vendor's records cannot be read. The connection failed.";
    expect(change.items).toMatchObject(Array(2).fill({ state: "unknown", code: "timeout", reason }));
  });
});
