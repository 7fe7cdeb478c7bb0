import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { localCaller } from "../../../src/prefetch/model/caller.ts";
import type { BatchContent } from "../../../src/prefetch/model/provider.ts";
import { manyUrls, type ProviderScript, urlsOf } from "../../fakes/provider.ts";
import { error, startService } from "./service-harness.ts";

const DAY_MS = 86_400_000;
const MIDNIGHT = Date.parse("2026-11-22T00:00:00+08:00");
const defer = { onQuotaExceeded: "defer" } as const;

/** A vendor that accepts `limit` units on each of its days and refuses more. */
function counting(limit: number, dayOf: () => number, more: ProviderScript = {}): ProviderScript {
  const spent = new Map<number, number>();
  return {
    ...more,
    limits: { urlsPerDay: limit, ...more.limits },
    answer: (batch: BatchContent, nth) => {
      const day = dayOf();
      const units = (spent.get(day) ?? 0) + urlsOf(batch).length;
      if (units > limit) throw new PrefetchError("quota_exhausted", "The vendor's limit is reached", { delivery: "refused" });
      spent.set(day, units);
      return { vendorTaskIds: [`vendor-${nth}`], refused: [] };
    },
  };
}

describe("prefetchUrls, with on_quota_exceeded defer", () => {
  it("sends the URLs that fit today, and the rest on the next days without another call", async () => {
    const script = counting(100, () => Math.floor((harness.clock.now() + 8 * 3_600_000) / DAY_MS));
    const harness = await startService({ script });
    const view = await harness.urls(manyUrls(250), defer);
    expect(view).toMatchObject({ state: "running", counts: { processing: 100, queued: 150 }, quota: { used: 100, remaining: 0 } });
    expect(view.nextStep).toContain(
      "150 wait to be sent from 2026-11-21T16:00:00.000Z (in 12 h) to 2026-11-22T16:00:00.000Z (in 1 d 12 h)",
    );
    expect(view.nextStep).toContain("PREFETCH_STORE keeps them");
    expect(harness.sent()).toEqual(manyUrls(100));

    await harness.clock.advance(MIDNIGHT - 1 - harness.clock.now());
    expect(harness.sent()).toHaveLength(100);
    await harness.clock.advance(60_000);
    expect(harness.sent()).toHaveLength(200);
    await harness.clock.advance(DAY_MS);
    expect(harness.sent().sort()).toEqual(manyUrls(250).sort());
    expect((await harness.status(view.taskId)).counts).toMatchObject({ queued: 0, processing: 250 });
    expect(await harness.storage.ledger("fake-cdn:1", "2026-11-23")).toEqual({ used: 50, pending: 0, exhausted: false });
  });

  it("shows when each deferred URL may be sent", async () => {
    const { urls, status } = await startService({ script: { limits: { urlsPerDay: 2 } } });
    const { taskId } = await urls(manyUrls(3), defer);
    expect((await status(taskId, "all")).items).toMatchObject([
      { state: "processing" },
      { state: "processing" },
      { state: "queued", notBefore: MIDNIGHT },
    ]);
    expect((await status(taskId, "all")).items?.map((row) => row.notBefore)).toEqual([undefined, undefined, MIDNIGHT]);
  });

  it("defers a second call past the days that the first one has filled", async () => {
    const { clock, urls, sent } = await startService({ script: { limits: { urlsPerDay: 4 } } });
    await urls(manyUrls(7), defer);
    // One unit is left of tomorrow; two URLs go to the day after.
    const second = await urls(manyUrls(3, "https://second.example/"), defer);
    expect(second.counts.queued).toBe(3);
    expect(second.nextStep).toContain("from 2026-11-21T16:00:00.000Z (in 12 h) to 2026-11-22T16:00:00.000Z (in 1 d 12 h)");
    await clock.advance(MIDNIGHT - clock.now());
    await expect(urls(manyUrls(1, "https://third.example/"))).rejects.toThrow(error("quota_exhausted"));
    await clock.advance(60_000);
    expect(sent()).toHaveLength(8);
    await clock.advance(DAY_MS);
    expect(sent()).toHaveLength(10);
  });

  it("rejects the URLs that none of the next 14 days has room for", async () => {
    const { urls } = await startService({ script: { limits: { urlsPerDay: 1 } } });
    const view = await urls(manyUrls(20), defer);
    expect(view.counts).toMatchObject({ processing: 1, queued: 14, rejected: 5 });
    expect(view.problems[0]).toMatchObject({
      code: "quota_exhausted",
      reason: expect.stringContaining("each day that it could be deferred to"),
    });
    // All 14 days are full now.
    await expect(urls(["https://later.example/1"], defer)).rejects.toThrow(
      error("quota_exhausted", { hint: expect.stringContaining("The next 14 days have no room for it either") }),
    );
  });

  it("plans the deferral in a dry run and stores nothing", async () => {
    const { urls, storage, sent } = await startService({ script: { limits: { urlsPerDay: 4 } } });
    const view = await urls(manyUrls(10), { ...defer, dryRun: true });
    expect(view).toMatchObject({ state: "planned", cost: 10, plan: { fitsToday: false, leftToday: 0 }, deferred: { items: 6 } });
    expect(view.nextStep).toContain("4 would be sent today and 6 later, as the quota comes back from 2026-11-21T16:00:00.000Z");
    expect(sent()).toEqual([]);
    expect((await storage.ledger("fake-cdn:1", "2026-11-22")).used).toBe(0);
  });

  it("ends a waiting call when only deferred URLs are left", async () => {
    const { clock, urls, status, outcomes } = await startService({ script: { limits: { urlsPerDay: 1 } } });
    for (const url of manyUrls(2)) outcomes.set(url, "succeeded");
    const start = clock.now();
    const view = await urls(manyUrls(2), { ...defer, waitSeconds: 50 });
    expect(view).toMatchObject({
      state: "scheduled",
      counts: { succeeded: 1, queued: 1 },
      deferred: { items: 1, from: MIDNIGHT, until: MIDNIGHT },
    });
    expect(view.nextStep).toContain(`Call get_prefetch_status with task_id ${view.taskId} after that, or cancel_prefetch`);
    const again = await status(view.taskId, "summary", { waitSeconds: 50 });
    expect(again.counts.queued).toBe(1);
    expect(clock.now()).toBeLessThan(start + 10_000);
  });

  it("finds deferred URLs in a second call and does not send them twice", async () => {
    const { clock, urls, sent } = await startService({ script: { limits: { urlsPerDay: 1 } } });
    const first = await urls(manyUrls(3), defer);
    await clock.advance(3_600_000);
    const again = await urls(manyUrls(3).slice(1), defer);
    expect(again).toMatchObject({ taskId: first.taskId, skippedRecent: 2 });
    await clock.advance(3 * DAY_MS);
    expect(sent().sort()).toEqual(manyUrls(3));
  });

  it("refunds the later days when the task is cancelled", async () => {
    const { clock, urls, service, storage, sent } = await startService({ script: { limits: { urlsPerDay: 1 } } });
    const { taskId = "" } = await urls(manyUrls(3), defer);
    const cancelled = await clock.drive(service.cancel(taskId, { signal: new AbortController().signal, caller: localCaller }));
    expect(cancelled).toMatchObject({ counts: { cancelled: 2 } });
    expect(cancelled.nextStep).toContain(
      "2 cancelled. Units free again, by the vendor's day: 1 of 2026-11-22 (fake-cdn), 1 of 2026-11-23 (fake-cdn). 0 are left today at fake-cdn.",
    );
    expect(cancelled.nextStep).not.toMatch(/call again|to send/i);
    for (const day of ["2026-11-22", "2026-11-23"]) expect((await storage.ledger("fake-cdn:1", day)).used).toBe(0);
    await clock.advance(5 * DAY_MS);
    expect(sent()).toHaveLength(1);
  });

  it("says that a store in memory forgets deferred URLs", async () => {
    const { urls } = await startService({ script: { limits: { urlsPerDay: 1 } }, durable: false });
    expect((await urls(manyUrls(2), defer)).nextStep).toContain("they are forgotten and never sent");
  });
});

describe("deferral, when the vendor has less quota than planned", () => {
  it("moves a batch that the vendor refuses for quota, with its reservation, to a later day", async () => {
    // Another client spends three of today's four units.
    const harness = await startService({
      script: {
        limits: { urlsPerDay: 4, urlsPerRequest: 1 },
        answer: (_batch, nth) => {
          if (harness.clock.now() < MIDNIGHT && nth >= 1) throw new PrefetchError("quota_exhausted", "Used up", { delivery: "refused" });
          return { vendorTaskIds: [`vendor-${nth}`], refused: [] };
        },
      },
    });
    const view = await harness.urls(manyUrls(6), defer);
    expect(view.counts).toMatchObject({ processing: 1, queued: 5, rejected: 0 });
    expect(view.nextStep).toContain("Waits for the quota of a later day.");
    const ledgers = () => Promise.all(["2026-11-21", "2026-11-22", "2026-11-23"].map((day) => harness.storage.ledger("fake-cdn:1", day)));
    expect((await ledgers()).map(({ used }) => used)).toEqual([1, 4, 1]);
    await harness.clock.advance(2 * DAY_MS);
    expect((await harness.status(view.taskId)).counts).toMatchObject({ processing: 6 });
    expect((await ledgers()).map(({ used, pending }) => [used, pending])).toEqual([
      [1, 0],
      [4, 0],
      [1, 0],
    ]);
  });

  it("sends again ten minutes into the day when the vendor's clock is behind", async () => {
    const behind = 120_000;
    const script = counting(2, () => Math.floor((harness.clock.now() - behind + 8 * 3_600_000) / DAY_MS));
    const harness = await startService({ script });
    const { taskId } = await harness.urls(manyUrls(4), defer);
    await harness.clock.advance(MIDNIGHT + 60_000 - harness.clock.now());
    expect((await harness.status(taskId, "all")).items?.[3]).toMatchObject({ state: "queued", notBefore: MIDNIGHT + 600_000 });
    // The day does not count as exhausted.
    expect(await harness.storage.ledger("fake-cdn:1", "2026-11-22")).toEqual({ used: 2, pending: 2, exhausted: false });
    await harness.clock.advance(600_000);
    expect((await harness.status(taskId)).counts).toMatchObject({ processing: 4 });
  });

  it("ends the task before retention deletes it when the vendor always refuses", async () => {
    const harness = await startService({
      script: {
        limits: { urlsPerDay: 2 },
        answer: () => {
          throw new PrefetchError("quota_exhausted", "Used up", { delivery: "refused" });
        },
      },
    });
    const { taskId } = await harness.urls(manyUrls(2), defer);
    await harness.clock.advance(40 * DAY_MS);
    expect(await harness.status(taskId)).toMatchObject({ state: "failed", counts: { rejected: 2 } });
    expect(harness.provider.received.length).toBeLessThan(60);
  });
});

describe("deferral, when no server ran on the day", () => {
  it("sends from the quota of the day on which a server runs again", async () => {
    const harness = await startService({ script: { limits: { urlsPerDay: 2 } } });
    await harness.urls(manyUrls(4), defer);
    const { storage, clock, provider } = harness;
    await harness.stop();
    await clock.advance(3 * DAY_MS);
    expect(harness.sent()).toHaveLength(2);
    harness.startAnother();
    harness.resume();
    await clock.advance(60_000);
    expect(harness.sent()).toHaveLength(4);
    expect((await storage.ledger(provider.account, "2026-11-22")).used).toBe(0);
    expect((await storage.ledger(provider.account, "2026-11-24")).used).toBe(2);
  });
});
