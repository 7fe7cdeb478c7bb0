/** `refresh_first`: the vendor drops the old copies, and only then prefetches. */

import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { localCaller } from "../../../src/prefetch/model/caller.ts";
import type { BatchContent, StatusRow } from "../../../src/prefetch/model/provider.ts";
import { NOON, TODAY } from "../../fakes/clock.ts";
import { fakeProvider, urlsOf } from "../../fakes/provider.ts";
import { neverAborted } from "../../fakes/signal.ts";
import { error, type ServiceOptions, startService } from "./service-harness.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const urls = (count: number): string[] => Array.from({ length: count }, (_, index) => `https://media.example.com/${index}.mp4`);

interface Setup extends ServiceOptions {
  /** Units a day of the refresh. */
  readonly refreshes?: number;
  /** What the vendor says of a URL that it drops. */
  readonly stateOf?: (url: string) => StatusRow["state"] | undefined;
  /** The vendor's refusal of a prefetch. */
  readonly refuseFetch?: (batch: BatchContent) => PrefetchError | undefined;
  /** Its refusal of a refresh. */
  readonly refuse?: (batch: BatchContent) => PrefetchError | undefined;
}

async function startRefreshing({ refreshes = 100, stateOf = () => "succeeded", refuse, refuseFetch, ...options }: Setup = {}) {
  const log: string[] = [];
  const refresh = fakeProvider({
    id: "fake-cdn-refresh",
    account: "fake-cdn-refresh:1",
    limits: { urlsPerDay: refreshes },
    answer: (batch, nth) => {
      const refusal = refuse?.(batch);
      if (refusal) throw refusal;
      log.push(`drop ${urlsOf(batch).length}`);
      return { vendorTaskIds: [`drop-${nth}`], refused: [] };
    },
    status: async ({ content }) =>
      (content?.kind === "urls" ? content.urls : []).flatMap((url) => {
        const state = stateOf(url);
        return state ? [{ url, state, vendorState: state, ...(state === "failed" && { reason: "Internal Error." }) }] : [];
      }),
  });
  const { status, ...dropping } = refresh;
  const harness = await startService({
    ...options,
    script: {
      ...options.script,
      refresh: { ...dropping, status: status ?? (async () => []) },
      answer: (batch, nth) => {
        const refusal = refuseFetch?.(batch);
        if (refusal) throw refusal;
        log.push(`fetch ${urlsOf(batch).length}`);
        return { vendorTaskIds: [`fetch-${nth}`], refused: [] };
      },
    },
  });
  const usedOf = async (account: string, day = TODAY) => (await harness.storage.ledger(account, day)).used;
  return {
    ...harness,
    log,
    used: async (day = TODAY) => [await usedOf("fake-cdn-refresh:1", day), await usedOf("fake-cdn:1", day)],
  };
}

describe("a call with refresh_first", () => {
  it("prefetches each batch after its old copies are gone when the vendor says so", async () => {
    const gone = new Set<string>();
    const {
      urls: send,
      log,
      status,
      clock,
      used,
    } = await startRefreshing({ stateOf: (url) => (gone.has(url) ? "succeeded" : "processing") });
    const task = await send(urls(4), { refreshFirst: true });

    expect(task).toMatchObject({ state: "queued", cost: 4, refreshCost: 4, counts: { queued: 4 } });
    expect(task.nextStep).toContain("The vendor is removing the old copy; the prefetch follows.");
    await clock.advance(10 * MINUTE);
    expect(log).toEqual(["drop 2", "drop 2"]);

    for (const url of urls(2)) gone.add(url);
    await clock.advance(MINUTE);
    expect(log).toEqual(["drop 2", "drop 2", "fetch 2"]);
    expect(await status(task.taskId)).toMatchObject({ counts: { queued: 2, processing: 2 } });
    for (const url of urls(4)) gone.add(url);
    await clock.advance(MINUTE);
    expect(log).toEqual(["drop 2", "drop 2", "fetch 2", "fetch 2"]);
    expect(await used()).toEqual([4, 4]);
  });

  it("waits while the vendor does not list the refresh yet", async () => {
    let isListed = false;
    const { urls: send, log, clock } = await startRefreshing({ stateOf: () => (isListed ? "succeeded" : undefined) });
    await send(urls(2), { refreshFirst: true });
    await clock.advance(5 * MINUTE);
    expect(log).toEqual(["drop 2"]);
    isListed = true;
    await clock.advance(MINUTE);
    expect(log).toEqual(["drop 2", "fetch 2"]);
  });

  it("rejects a URL whose copy the vendor could not drop, and prefetches the others", async () => {
    const [bad = "", good = ""] = urls(2);
    const { urls: send, status, log, used, clock } = await startRefreshing({ stateOf: (url) => (url === bad ? "failed" : "succeeded") });
    const { taskId } = await send([bad, good], { refreshFirst: true });
    await clock.advance(MINUTE);
    expect(log).toEqual(["drop 2", "fetch 1"]);
    const { problems, counts } = await status(taskId);
    expect(counts).toMatchObject({ processing: 1, rejected: 1 });
    expect(problems).toMatchObject([
      {
        url: bad,
        state: "rejected",
        code: "refresh_failed",
        reason: expect.stringMatching(/could not remove.*Internal Error.*not prefetched/),
      },
    ]);
    // The prefetch that did not happen is free again.
    expect(await used()).toEqual([2, 1]);
  });

  it("rejects every URL when the vendor never says that the copies are gone", async () => {
    const { urls: send, status, log, used, clock } = await startRefreshing({ stateOf: () => "processing" });
    const { taskId } = await send(urls(2), { refreshFirst: true });
    await clock.advance(70 * MINUTE);
    expect(log).toEqual(["drop 2"]);
    expect(await status(taskId)).toMatchObject({
      state: "failed",
      counts: { rejected: 2 },
      problems: [{ code: "refresh_failed" }, { code: "refresh_failed" }],
      nextStep: expect.stringMatching(/^2 not prefetched, because their old copies may still be there: call again with just those/),
    });
    expect(await used()).toEqual([2, 0]);
  });

  it("asks again after an outage of the vendor", async () => {
    let isDown = true;
    const {
      urls: send,
      log,
      clock,
      reports,
    } = await startRefreshing({
      stateOf: () => {
        if (isDown) throw new Error("connection refused");
        return "succeeded";
      },
    });
    await send(urls(2), { refreshFirst: true });
    await clock.advance(10 * MINUTE);
    expect(log).toEqual(["drop 2"]);
    expect(reports.join()).toContain("asking fake-cdn-refresh whether old copies are gone");
    isDown = false;
    await clock.advance(10 * MINUTE);
    expect(log).toEqual(["drop 2", "fetch 2"]);
  });

  it("prefetches nothing of a batch whose refresh the vendor refuses, and gives both quotas back", async () => {
    const refuse = () => new PrefetchError("forbidden_domain", "Not your domain", { delivery: "refused" });
    const { urls: send, used, log } = await startRefreshing({ refuse });
    await expect(send(urls(2), { refreshFirst: true })).rejects.toEqual(error("forbidden_domain"));
    expect(log).toEqual([]);
    expect(await used()).toEqual([0, 0]);
  });

  it("drops no copy when the prefetches of the day turn out to be used up before the refresh is sent", async () => {
    let isBusy = true;
    const usedUp = new PrefetchError("quota_exhausted", "The vendor's limit is reached", { delivery: "refused" });
    const busy = new PrefetchError("vendor_unavailable", "Busy", { delivery: "refused", retryable: true });
    const {
      urls: send,
      status,
      log,
      clock,
      used,
    } = await startRefreshing({
      refuse: () => (isBusy ? busy : undefined),
      refuseFetch: () => usedUp,
    });
    const { taskId } = await send(urls(2), { refreshFirst: true });
    await expect(send(["https://media.example.com/other.mp4"])).rejects.toEqual(error("quota_exhausted"));
    isBusy = false;
    await clock.advance(10 * MINUTE);
    expect(log).toEqual([]);
    expect(await status(taskId)).toMatchObject({ counts: { rejected: 2 }, problems: [{ code: "quota_exhausted" }, {}] });
    expect(await used()).toEqual([0, 0]);
  });

  it("goes on in another process when the first one dies while the vendor drops the copies", async () => {
    let isDone = false;
    const harness = await startRefreshing({ stateOf: () => (isDone ? "succeeded" : "processing") });
    await harness.urls(urls(2), { refreshFirst: true });
    harness.die();
    await harness.stop();
    harness.startAnother();
    harness.resume();
    isDone = true;
    await harness.clock.advance(MINUTE);
    expect(harness.log).toEqual(["drop 2", "fetch 2"]);
    expect(await harness.used()).toEqual([2, 2]);
  });

  it("frees both quotas when it is cancelled before the refresh, and the prefetch's when after it", async () => {
    const { urls: send, service, used, clock, log } = await startRefreshing({ stateOf: () => "processing" });
    const { taskId = "" } = await send(urls(2), { refreshFirst: true });
    expect(await used()).toEqual([2, 2]);
    const { nextStep } = await clock.drive(service.cancel(taskId, { signal: neverAborted, caller: localCaller }));
    expect(nextStep).toMatch(/^2 cancelled\. Units free again.*: 2 of .*\(fake-cdn\)/);
    expect(nextStep).toContain("2 units are of URLs whose old copies the vendor has been told to drop");
    expect(nextStep).not.toContain("fake-cdn-refresh");
    expect(await used()).toEqual([2, 0]);
    await clock.advance(10 * MINUTE);
    expect(log).toEqual(["drop 2"]);
  });

  it("is bounded by the smaller quota, and names it when it refuses", async () => {
    const { urls: send, used, log } = await startRefreshing({ refreshes: 3 });
    await expect(send(urls(4), { refreshFirst: true })).rejects.toMatchObject({
      code: "quota_exhausted",
      provider: "fake-cdn-refresh",
      message: expect.stringContaining("fake-cdn-refresh's quota; 3 of 3 a day are left"),
    });
    const { counts, cost } = await send(urls(4), { refreshFirst: true, onQuotaExceeded: "partial" });
    expect([counts.rejected, cost]).toEqual([1, 3]);
    expect(log).toEqual(["drop 2", "drop 1"]);
    expect(await used()).toEqual([3, 3]);
  });

  it("reserves both quotas of a later day when it defers", async () => {
    const { urls: send, used, clock, log } = await startRefreshing({ refreshes: 3 });
    await send(urls(4), { refreshFirst: true, onQuotaExceeded: "defer" });
    const tomorrow = new Date(NOON + DAY).toISOString().slice(0, 10);
    expect(await used(tomorrow)).toEqual([1, 1]);
    await clock.advance(DAY);
    expect(log.filter((line) => line.startsWith("drop")).length).toBe(3);
    expect(await used(tomorrow)).toEqual([1, 1]);
  });

  it("sends URLs again that were only prefetched, and not those that were refreshed, in the last ten minutes", async () => {
    const { urls: send, log, clock } = await startRefreshing();
    await send(urls(2));
    expect(log).toEqual(["fetch 2"]);
    await send(urls(2), { refreshFirst: true });
    await clock.advance(MINUTE);
    expect(log).toEqual(["fetch 2", "drop 2", "fetch 2"]);
    expect(await send(urls(2), { refreshFirst: true })).toMatchObject({ cost: 0, skippedRecent: 2 });
    expect(await send(urls(2))).toMatchObject({ cost: 0, skippedRecent: 2 });
    await clock.advance(MINUTE);
    expect(log).toHaveLength(3);
  });

  it("counts both quotas and sends nothing when it is a dry run", async () => {
    const { urls: send, log, used } = await startRefreshing();
    const plan = await send(urls(3), { refreshFirst: true, dryRun: true });
    expect(plan).toMatchObject({ state: "planned", cost: 3, refreshCost: 3 });
    expect(plan.nextStep).toContain("fake-cdn-refresh: 3 units today, and then 97 left.");
    expect([log, await used()]).toEqual([[], [0, 0]]);
  });

  it("is refused with the way to purge when the provider has no refresh", async () => {
    const { urls: send, sent } = await startService();
    await expect(send(urls(1), { refreshFirst: true })).rejects.toMatchObject({
      code: "unsupported",
      hint: expect.stringMatching(/^Nothing was sent\. Fake CDN purges in its console\. After the purge, call again without refresh_first/),
    });
    expect(sent()).toEqual([]);
  });
});
