import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ErrorCode, PrefetchError } from "../../../src/base/errors.ts";
import type { BatchContent, Submission } from "../../../src/prefetch/model/provider.ts";
import { TODAY } from "../../fakes/clock.ts";
import { manyUrls, urlsOf } from "../../fakes/provider.ts";
import { runs } from "../../fakes/runs.ts";
import { setUp, throwing, type WorkerHarness } from "./worker-harness.ts";

const MOST_DIVISIONS = 64;
/** Batches that are divided at the same moment do not count each other's divisions. */
const BATCHES_AT_ONCE = 4;

/** A vendor that refuses every request with a bad URL, without naming the URL. */
function refusing(bad: ReadonlySet<string>, code: ErrorCode = "invalid_argument"): (batch: BatchContent) => Submission {
  return (batch) => {
    if (urlsOf(batch).some((url) => bad.has(url))) {
      throw new PrefetchError(code, "A URL is not valid", { delivery: "refused", divisible: true, vendorCode: "InvalidObjectPath" });
    }
    return { vendorTaskIds: [`vendor-${urlsOf(batch)[0]}`], refused: [] };
  };
}

/** Sends a list in one batch and lets an hour pass. */
async function sendTo(harness: WorkerHarness, urls: readonly string[]): Promise<void> {
  const { clock, provider, worker, admit } = harness;
  await admit({ urls, perBatch: urls.length });
  worker.kick(provider);
  await clock.advance(3_600_000);
}

describe("worker, when the vendor refuses a batch for some of its URLs", () => {
  it("sends halves until the bad URL stands alone", async () => {
    const urls = manyUrls(8);
    const [, , , , , bad = ""] = urls;
    const harness = await setUp({ answer: refusing(new Set([bad])) });
    await sendTo(harness, urls);
    const { provider, storage, items, used } = harness;
    expect(provider.received.map((batch) => urlsOf(batch).map((url) => urls.indexOf(url)))).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7],
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [4, 5],
      [4],
      [6, 7],
      [5],
    ]);
    expect((await items()).filter((item) => item.state === "rejected")).toMatchObject([
      { target: bad, code: "invalid_argument", reason: "A URL is not valid (InvalidObjectPath)." },
    ]);
    expect(await used()).toBe(7);
    expect(await storage.task("pf_1")).toMatchObject({ batches: 4, counts: { processing: 7, rejected: 1, queued: 0 }, sending: 0 });
    // Each part is followed under the id of its own request.
    for (const { batch, items } of await storage.following("pf_1")) expect(batch.vendorTaskIds).toEqual([`vendor-${items[0]?.target}`]);
  });

  it("gives the reason for dividing while parts wait to be sent", async () => {
    const { clock, provider, worker, admit, items } = await setUp({
      answer: refusing(new Set(manyUrls(1))),
      limits: { requestsPerMinute: 1 },
    });
    await admit({ urls: manyUrls(4), perBatch: 4 });
    worker.kick(provider);
    await clock.settle();
    const reason = expect.stringContaining("smaller requests, to find the URL that the vendor refuses. A URL is not valid");
    expect(await items()).toMatchObject(Array(4).fill({ state: "queued", code: "invalid_argument", reason }));
  });

  it("rejects exactly the bad URLs, wherever they stand, in a bounded number of requests", async () => {
    // 63 divisions find 16 bad URLs among 100.
    const scenario = fc
      .integer({ min: 2, max: 100 })
      .chain((count) => fc.record({ count: fc.constant(count), bad: fc.uniqueArray(fc.nat({ max: count - 1 }), { maxLength: 16 }) }));
    await fc.assert(
      fc.asyncProperty(scenario, async ({ count, bad }) => {
        const urls = manyUrls(count);
        const refused = new Set(bad.map((index) => urls[index] ?? ""));
        const harness = await setUp({ answer: refusing(refused), limits: { urlsPerRequest: 100 } });
        await sendTo(harness, urls);
        const { provider, storage, items, used } = harness;
        const after = await items();
        expect(after.map((item) => item.target)).toEqual(urls);
        expect(after.map((item) => item.state)).toEqual(urls.map((url) => (refused.has(url) ? "rejected" : "processing")));
        // No good URL was accepted twice.
        const takenRequests = provider.received.map(urlsOf).filter((list) => !list.some((url) => refused.has(url)));
        expect(takenRequests.flat().sort()).toEqual(urls.filter((url) => !refused.has(url)).sort());
        expect(provider.received.length).toBeLessThanOrEqual(1 + 2 * refused.size * Math.ceil(Math.log2(count)));
        expect(provider.received.length).toBeLessThanOrEqual(1 + 2 * MOST_DIVISIONS);
        expect(await storage.ledger(provider.account, TODAY)).toEqual({ used: count - refused.size, pending: 0, exhausted: false });
        expect(await used()).toBe(count - refused.size);
      }),
      { numRuns: runs(12) },
    );
  });

  it("finds 16 bad URLs among 100 when they stand as far apart as they can", async () => {
    const urls = manyUrls(100);
    const bad = new Set(Array.from({ length: 16 }, (_, index) => urls[Math.floor((index * 100) / 16) + 3] ?? ""));
    const harness = await setUp({ answer: refusing(bad) });
    await sendTo(harness, urls);
    const { provider, storage, items } = harness;
    expect((await items()).filter((item) => item.state === "rejected").map((item) => item.target)).toEqual([...bad]);
    const { batches = 0 } = (await storage.task("pf_1")) ?? {};
    // Each division adds one batch and two requests.
    expect(provider.received).toHaveLength(2 * batches - 1);
    expect(batches - 1).toBeGreaterThan(50);
    expect(batches - 1).toBeLessThanOrEqual(MOST_DIVISIONS);
  });

  it("stops dividing after 64 divisions and rejects the remaining URLs together", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat({ max: 99 }), { minLength: 30, maxLength: 100 }), async (bad) => {
        const urls = manyUrls(100);
        const refused = new Set(bad.map((index) => urls[index] ?? ""));
        const harness = await setUp({ answer: refusing(refused), limits: { urlsPerRequest: 100 } });
        await sendTo(harness, urls);
        const { provider, items, used } = harness;
        expect(provider.received.length).toBeLessThanOrEqual(1 + 2 * (MOST_DIVISIONS + BATCHES_AT_ONCE - 1));
        const after = await items();
        for (const item of after) {
          expect(["processing", "rejected"]).toContain(item.state);
          if (refused.has(item.target)) expect(item.state).toBe("rejected");
          else if (item.state === "rejected") expect(item.reason).toContain("URLs together without naming");
        }
        expect(await used()).toBe(after.filter((item) => item.state === "processing").length);
      }),
      { numRuns: runs(5) },
    );
  });

  it("counts the divisions of each planned batch separately", async () => {
    const urls = manyUrls(200);
    const bad = new Set(urls.filter((_, index) => index % 100 < 12));
    const harness = await setUp({ answer: refusing(bad) });
    const { clock, provider, worker, admit, items } = harness;
    await admit({ urls, perBatch: 100 });
    worker.kick(provider);
    await clock.advance(3_600_000);
    expect((await items()).filter((item) => item.state === "rejected").map((item) => item.target)).toEqual([...bad]);
  });

  it("sends each part once when several processes divide the batch", async () => {
    const urls = manyUrls(64);
    const bad = new Set(urls.filter((_, index) => index % 13 === 5));
    const { clock, provider, worker, another, admit, items } = await setUp({ answer: refusing(bad) });
    await admit({ urls, perBatch: 64 });
    for (const each of [worker, another(), another()]) each.kick(provider);
    for (let second = 0; second < 30; second += 1) {
      worker.kick(provider);
      another().kick(provider);
      await clock.advance(1_000);
    }
    expect((await items()).filter((item) => item.state === "rejected").map((item) => item.target)).toEqual([...bad]);
    const sent = provider.received.map(urlsOf).filter((list) => !list.some((url) => bad.has(url)));
    expect(sent.flat()).toHaveLength(64 - bad.size);
  });

  it("finds the bad URLs when the vendor throttles and loses answers meanwhile", async () => {
    const urls = manyUrls(32);
    const bad = new Set([urls[3] ?? "", urls[30] ?? ""]);
    const answer = refusing(bad);
    const { clock, provider, worker, admit, items, used } = await setUp({
      answer: (batch, nth) => {
        if (nth % 4 === 1) throwing("rate_limited", { delivery: "refused", retryable: true, retryAfterMs: 500 })();
        if (nth % 4 === 2) throwing("timeout", { delivery: "unknown" })();
        return answer(batch);
      },
      findSubmitted: async () => ({ state: "absent" }),
    });
    await admit({ urls, perBatch: 32 });
    worker.kick(provider);
    await clock.advance(3_600_000);
    expect((await items()).filter((item) => item.state !== "processing").map((item) => [item.target, item.state])).toEqual(
      [...bad].map((url) => [url, "rejected"]),
    );
    expect(await used()).toBe(30);
  });

  it("divides neither an asset nor a batch that the vendor refuses as a whole", async () => {
    const whole = await setUp({ answer: throwing("forbidden_domain", { delivery: "refused" }) });
    await sendTo(whole, manyUrls(8));
    expect(whole.provider.received).toHaveLength(1);
    const asset = await setUp({ answer: throwing("not_published", { delivery: "refused", divisible: true }) });
    const { clock, provider, worker, admit, used } = asset;
    await admit({ assetId: "asset1", costPerBatch: 4 });
    worker.kick(provider);
    await clock.advance(60_000);
    expect(provider.received).toHaveLength(1);
    expect(await used()).toBe(0);
  });

  it("charges the parts to the day on which they are sent", async () => {
    const urls = manyUrls(4);
    const harness = await setUp({ answer: refusing(new Set(urls.slice(0, 1))) });
    const { clock, storage, provider, worker, admit } = harness;
    await admit({ urls, perBatch: 4 });
    // From noon to one o'clock of the next day in Shanghai.
    await clock.advance(13 * 3_600_000);
    worker.kick(provider);
    await clock.advance(60_000);
    expect(await storage.ledger(provider.account, TODAY)).toMatchObject({ used: 0, pending: 0 });
    expect(await storage.ledger(provider.account, "2026-11-22")).toMatchObject({ used: 3, pending: 0 });
  });
});
