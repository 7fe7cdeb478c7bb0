import { describe, expect, it, onTestFinished } from "vitest";
import { PrefetchError } from "../../src/errors.ts";
import { type CallContext, dailyLimit, type Guards } from "../../src/prefetch/deps.ts";
import { createFollow } from "../../src/prefetch/follow.ts";
import { createLookups } from "../../src/prefetch/lookups.ts";
import { createHold, createPacer } from "../../src/prefetch/pace.ts";
import type { StatusRow } from "../../src/prefetch/provider.ts";
import { createService, type PrefetchService } from "../../src/prefetch/service.ts";
import type { Detail } from "../../src/prefetch/status.ts";
import type { AssetRequest, UrlsRequest } from "../../src/prefetch/submit.ts";
import { totalOf } from "../../src/prefetch/task.ts";
import type { ItemRow, TaskView } from "../../src/prefetch/view.ts";
import { createWorker } from "../../src/prefetch/worker.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import {
  type FakeProvider,
  fakeCache,
  fakeClock,
  fakeProvider,
  manyUrls,
  neverAnswered,
  newTask,
  type ProviderScript,
  TODAY,
  urlsOf,
} from "../fakes.ts";

interface HouseOptions {
  readonly script?: ProviderScript;
  readonly guards?: Partial<Guards>;
  readonly known?: readonly string[];
  readonly configured?: readonly string[];
}

const { signal } = new AbortController();

/** The whole domain, wired as the server wires it, on a store in memory, a clock that is driven and a vendor that is scripted. */
async function open({ script = {}, guards = {}, known = ["fake-cdn"], configured = known }: HouseOptions = {}) {
  const clock = fakeClock();
  const storage = await openSqlite(":memory:", clock);
  /** What the vendor says of a URL when it is asked; "processing" of any other. */
  const outcomes = new Map<string, StatusRow["state"] | (() => StatusRow["state"])>();
  const outcomeOf = (url: string): StatusRow["state"] => {
    const outcome = outcomes.get(url) ?? "processing";
    return typeof outcome === "function" ? outcome() : outcome;
  };
  const provider: FakeProvider = fakeProvider({
    status: async ({ content }) =>
      (content?.kind === "urls" ? content.urls : []).map((url) => ({ url, state: outcomeOf(url), vendorState: outcomeOf(url) })),
    ...script,
  });
  const reports: string[] = [];
  const report = (error: unknown, about: string): void => {
    reports.push(`${about}: ${String(error)}`);
  };
  let tasks = 0;
  const start = (): PrefetchService => {
    const pace = createPacer(storage, clock);
    const lookups = createLookups({
      statuses: fakeCache(clock),
      assets: fakeCache(clock),
      pace,
      pollSeconds: undefined,
      onThrottled: createHold(storage, clock, (error) => expect.fail(String(error))),
      stopped: signal,
    });
    const all: Guards = { allowedDomains: undefined, maxUrlsPerCall: 1_000, dailyBudget: undefined, ...guards };
    const worker = createWorker({ storage, clock, pace, random: () => 0.5, limitOf: (provider) => dailyLimit(provider, all), report });
    onTestFinished(() => worker.stop(0));
    return createService({
      storage,
      clock,
      worker,
      lookups,
      follow: createFollow(storage, lookups, clock),
      directory: {
        known,
        configured,
        get: async (id) => {
          if (id === provider.id) return provider;
          throw new PrefetchError("not_configured", `${id} is not configured`, { hint: "Set OTHER_KEY." });
        },
      },
      guards: all,
      newTaskId: () => `pf_${String(++tasks).padStart(4, "0")}`,
      report,
    });
  };
  onTestFinished(() => storage.close());
  const service = start();

  const call: CallContext = { signal };
  const usual = { onQuotaExceeded: "reject", dryRun: false, force: false, waitSeconds: 0 } as const;
  return {
    clock,
    storage,
    provider,
    outcomes,
    reports,
    service,
    /** Another server on the same store. */
    start,
    urls: (urls: readonly unknown[], more: Partial<UrlsRequest> = {}, context = call): Promise<TaskView> =>
      clock.drive(service.prefetchUrls({ urls, ...usual, ...more }, context)),
    asset: (assetId: string, more: Partial<AssetRequest> = {}): Promise<TaskView> =>
      clock.drive(service.prefetchAsset({ assetId, ...usual, ...more }, call)),
    status: (
      taskId: string | undefined,
      detail: Detail = "summary",
      more: { cursor?: string; waitSeconds?: number; provider?: string } = {},
    ) => clock.drive(service.status({ taskId: taskId ?? "", detail, waitSeconds: 0, ...more }, call)),
    used: async () => (await storage.ledger(provider.account, TODAY)).used,
    sent: () => provider.received.flatMap(urlsOf),
  };
}

const error = (code: string, more: Record<string, unknown> = {}) => expect.objectContaining({ name: "PrefetchError", code, ...more });

describe("prefetching URLs", () => {
  it("sends them, says what it cost and what to do next, and tells the outcome when asked", async () => {
    const { clock, urls, status, outcomes, sent } = await open();
    const first = await urls(manyUrls(3));
    expect(first).toMatchObject({
      taskId: "pf_0001",
      provider: "fake-cdn",
      state: "running",
      counts: { processing: 3 },
      batches: 2,
      duplicatesRemoved: 0,
      skippedRecent: 0,
      problems: [],
      quota: {
        provider: "fake-cdn",
        limit: 100,
        used: 3,
        remaining: 97,
        resetsAt: Date.parse("2026-11-22T00:00:00+08:00"),
        source: "ledger",
      },
      nextStep: expect.stringContaining("Call get_prefetch_status with task_id pf_0001"),
    });
    expect(sent()).toEqual(manyUrls(3));
    for (const url of manyUrls(3)) outcomes.set(url, "succeeded");
    await clock.advance(30_000);
    expect(await status("pf_0001")).toMatchObject({ state: "succeeded", counts: { succeeded: 3 }, nextStep: "Nothing more to do." });
  });

  it("waits for the outcome when asked to, and tells of rising progress", async () => {
    const { clock, urls, outcomes } = await open();
    const wanted = manyUrls(6);
    const start = clock.now();
    for (const [index, url] of wanted.entries())
      outcomes.set(url, () => (clock.now() >= start + index * 8_000 ? "succeeded" : "processing"));
    // The answers of one poll interval are one answer, so a batch is looked at twice in 50 seconds.
    const progress: (readonly [number, number])[] = [];
    const view = await urls(wanted, { waitSeconds: 50 }, { signal, onProgress: (settled, total) => progress.push([settled, total]) });
    const settled = progress.map(([done]) => done);
    expect(settled.length).toBeGreaterThanOrEqual(3);
    expect(settled).toEqual([...new Set(settled)].sort((a, b) => a - b));
    expect(new Set(progress.map(([, total]) => total))).toEqual(new Set([6]));
    expect(settled.at(-1)).toBe(view.counts.succeeded);
    expect(view.counts.succeeded + view.counts.processing).toBe(6);
  });

  it("returns as soon as everything is final, and when the time is up if it is not", async () => {
    const { clock, urls, outcomes } = await open();
    const start = clock.now();
    outcomes.set("https://media.example.com/0.mp4", () => (clock.now() >= start + 30_000 ? "succeeded" : "processing"));
    const quick = await urls(manyUrls(1), { waitSeconds: 50 });
    expect(quick.state).toBe("succeeded");
    expect(clock.now() - start).toBeLessThan(32_000);

    const again = clock.now();
    const slow = await urls(["https://media.example.com/never.mp4"], { waitSeconds: 10 });
    expect(slow.state).toBe("running");
    expect(clock.now() - again).toBeGreaterThanOrEqual(10_000);
    expect(clock.now() - again).toBeLessThan(11_000);
  });

  it("carries out a mixed list, names what it cannot use and counts each URL once", async () => {
    const { urls, sent } = await open({ guards: { allowedDomains: ["*.example.com"] } });
    const view = await urls([
      "https://media.example.com/视频.mp4",
      "https://MEDIA.example.com/%E8%A7%86%E9%A2%91.mp4",
      "ftp://media.example.com/a",
      "https://elsewhere.test/a",
      "https://media.example.com/b.mp4",
      7,
    ]);
    expect(sent()).toEqual(["https://media.example.com/%E8%A7%86%E9%A2%91.mp4", "https://media.example.com/b.mp4"]);
    expect(view).toMatchObject({ counts: { processing: 2, rejected: 3 }, duplicatesRemoved: 1, quota: { used: 2 } });
    expect(totalOf(view.counts)).toBe(5);
    expect(view.problems).toMatchObject([
      { url: "ftp://media.example.com/a", state: "rejected", code: "invalid_argument" },
      { url: "https://elsewhere.test/a", state: "rejected", code: "forbidden_domain" },
      { url: "7", state: "rejected", code: "invalid_argument", reason: "The URL is a number, not a string." },
    ]);
  });

  it.each([
    ["an empty list", [], "invalid_argument", "the list is empty"],
    ["nothing that is a URL", ["a", "b", "c", "d"], "invalid_argument", /"a": .* \(and 1 more\)/],
    ["foreign hosts only", ["https://elsewhere.test/a"], "forbidden_domain", "PREFETCH_ALLOWED_DOMAINS"],
    ["more than a call may hold", manyUrls(11), "invalid_argument", "11 entries; one call takes at most 10"],
  ])("refuses %s, and stores nothing", async (_, list, code, message) => {
    const { urls, status, used } = await open({ guards: { allowedDomains: ["*.example.com"], maxUrlsPerCall: 10 } });
    const refused = urls(list);
    await expect(refused).rejects.toThrow(error(code));
    await expect(refused).rejects.toThrow(message);
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));
    expect(await used()).toBe(0);
  });

  it("dry_run tells the plan and its cost, stores nothing and sends nothing", async () => {
    const { clock, urls, status, used, sent } = await open();
    const list = [...manyUrls(3), "not a url", manyUrls(1)[0]];
    const plan = await urls(list, { dryRun: true });
    expect(plan).toMatchObject({
      dryRun: true,
      cost: 3,
      batches: 2,
      state: "queued",
      counts: { queued: 3, rejected: 1 },
      duplicatesRemoved: 1,
      quota: { used: 0 },
    });
    expect(plan.taskId).toBeUndefined();
    expect(plan.problems).toMatchObject([{ url: "not a url", code: "invalid_argument" }]);
    await clock.advance(60_000);
    expect(sent()).toEqual([]);
    expect(await used()).toBe(0);
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));

    // A real call then does what was planned, so the plan counted as nothing sent.
    const real = await urls(list);
    expect(real).toMatchObject({ batches: 2, counts: { processing: 3, rejected: 1 }, skippedRecent: 0 });
    expect(await urls(list, { dryRun: true })).toMatchObject({
      cost: 0,
      batches: 0,
      skippedRecent: 3,
      nextStep: expect.stringContaining("force true"),
    });
  });

  it("gives up waiting when the caller does, and goes on with the work", async () => {
    const { clock, urls, status, outcomes } = await open();
    const stop = new AbortController();
    const waiting = urls(manyUrls(2), { waitSeconds: 50 }, { signal: stop.signal, onProgress: () => stop.abort(new Error("gone")) });
    await expect(waiting).rejects.toThrow("gone");
    for (const url of manyUrls(2)) outcomes.set(url, "succeeded");
    await clock.advance(30_000);
    expect(await status("pf_0001")).toMatchObject({ state: "succeeded" });
  });

  it("stores nothing for a caller that has gone already", async () => {
    const { urls, used, status } = await open();
    await expect(urls(manyUrls(2), {}, { signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow("gone");
    expect(await used()).toBe(0);
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));
  });
});

describe("calling again", () => {
  it("returns the first task for the same list, and spends nothing", async () => {
    const { urls, used, sent } = await open();
    const first = await urls(manyUrls(4));
    const second = await urls([...manyUrls(4)].reverse());
    expect(second).toMatchObject({
      taskId: first.taskId,
      counts: { processing: 4 },
      skippedRecent: 4,
      nextStep: expect.stringContaining("Nothing new was sent"),
    });
    expect(await used()).toBe(4);
    expect(sent()).toHaveLength(4);
  });

  it("finds the first task even while it is still being sent", async () => {
    const { urls, used } = await open({ script: { limits: { requestsPerMinute: 1 } } });
    const first = await urls(manyUrls(6));
    expect(first.counts.queued).toBeGreaterThan(0);
    expect(await urls(manyUrls(6))).toMatchObject({ taskId: first.taskId });
    expect(await used()).toBe(6);
  });

  it("knows a URL again in another spelling", async () => {
    const { urls, used } = await open();
    const first = await urls(["https://media.example.com/视频.mp4"]);
    expect(await urls(["https://MEDIA.example.com:443/%E8%A7%86%E9%A2%91.mp4#t=1"])).toMatchObject({ taskId: first.taskId });
    expect(await used()).toBe(1);
  });

  it("takes escapes in small letters for another URL: a cache may do so too", async () => {
    const { urls, used } = await open();
    await urls(["https://media.example.com/%E8%A7%86%E9%A2%91.mp4"]);
    expect(await urls(["https://media.example.com/%e8%a7%86%e9%a2%91.mp4"])).toMatchObject({ taskId: "pf_0002", skippedRecent: 0 });
    expect(await used()).toBe(2);
  });

  it("waits for the first task's outcome when asked to", async () => {
    const { clock, urls, outcomes } = await open();
    const start = clock.now();
    for (const url of manyUrls(2)) outcomes.set(url, () => (clock.now() >= start + 30_000 ? "succeeded" : "processing"));
    await urls(manyUrls(2));
    expect(await urls(manyUrls(2), { waitSeconds: 50 })).toMatchObject({ taskId: "pf_0001", state: "succeeded" });
  });

  it("names bad URLs that are new in the second list", async () => {
    const { urls } = await open();
    await urls(manyUrls(2));
    expect((await urls([...manyUrls(2), "not a url"])).problems).toMatchObject([{ url: "not a url", state: "rejected" }]);
  });

  it("sends only what is new", async () => {
    const { urls, sent } = await open();
    await urls(manyUrls(3));
    expect(await urls(manyUrls(5))).toMatchObject({
      taskId: "pf_0002",
      counts: { processing: 2 },
      skippedRecent: 3,
      quota: { used: 5 },
      nextStep: expect.stringMatching(/^3 of the list were sent in the last 10 minutes, by pf_0001/),
    });
    expect(sent()).toEqual(manyUrls(5));
  });

  it("sends again what failed, and only that", async () => {
    const { urls, outcomes, sent } = await open();
    const [first = "", second = "", third = ""] = manyUrls(3);
    outcomes.set(first, "succeeded").set(second, "failed").set(third, "succeeded");
    expect(await urls([first, second, third], { waitSeconds: 50 })).toMatchObject({
      state: "partial",
      counts: { succeeded: 2, failed: 1 },
    });
    outcomes.set(second, "succeeded");
    expect(await urls([first, second, third], { waitSeconds: 50 })).toMatchObject({
      taskId: "pf_0002",
      state: "succeeded",
      counts: { succeeded: 1 },
      skippedRecent: 2,
    });
    expect(sent()).toEqual([first, second, third, second]);
  });

  it("sends everything again when forced, or after ten minutes", async () => {
    const { clock, urls, used } = await open();
    await urls(manyUrls(2));
    expect(await urls(manyUrls(2), { force: true })).toMatchObject({ taskId: "pf_0002", skippedRecent: 0 });
    await clock.advance(599_000);
    expect(await urls(manyUrls(2))).toMatchObject({ taskId: "pf_0002", skippedRecent: 2 });
    await clock.advance(1_000);
    expect(await urls(manyUrls(2))).toMatchObject({ taskId: "pf_0003", skippedRecent: 0 });
    expect(await used()).toBe(6);
  });

  it("is the same on another server that shares the store", async () => {
    const { clock, urls, start, used } = await open();
    await urls(manyUrls(2));
    const other = start();
    const request = { urls: manyUrls(2), onQuotaExceeded: "reject", dryRun: false, force: false, waitSeconds: 0 } as const;
    expect(await clock.drive(other.prefetchUrls(request, { signal }))).toMatchObject({ taskId: "pf_0001", skippedRecent: 2 });
    expect(await used()).toBe(2);
  });
});

describe("quota", () => {
  it("sends nothing of what exceeds it, and says so", async () => {
    const { urls, used, status } = await open({ guards: { dailyBudget: 5 } });
    await expect(urls(manyUrls(6))).rejects.toThrow(
      error("quota_exhausted", { message: expect.stringContaining("needs 6 units of prefetch quota; 5 of 5 a day") }),
    );
    await expect(urls(manyUrls(6), { dryRun: true })).rejects.toThrow(error("quota_exhausted"));
    expect(await used()).toBe(0);
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));
  });

  it("under partial, sends what fits in list order and names the rest", async () => {
    const { urls, sent, used } = await open({ guards: { dailyBudget: 5 } });
    const view = await urls(manyUrls(7), { onQuotaExceeded: "partial" });
    expect(sent()).toEqual(manyUrls(5));
    expect(view).toMatchObject({ counts: { processing: 5, rejected: 2 }, quota: { limit: 5, used: 5, remaining: 0 } });
    expect(view.problems).toEqual(
      manyUrls(7)
        .slice(5)
        .map((url) => ({
          url,
          state: "rejected",
          code: "quota_exhausted",
          reason: "Over today's quota; it can be sent after 2026-11-21T16:00:00.000Z.",
        })),
    );
    expect(await used()).toBe(5);
    await expect(urls(["https://media.example.com/one-more.mp4"], { onQuotaExceeded: "partial" })).rejects.toThrow(
      error("quota_exhausted"),
    );
  });

  it("starts anew on the vendor's next day", async () => {
    const { clock, urls, storage, provider } = await open({ guards: { dailyBudget: 2 } });
    await urls(manyUrls(2));
    await expect(urls(["https://media.example.com/late.mp4"])).rejects.toThrow(error("quota_exhausted"));
    // From noon to midnight in Shanghai.
    await clock.advance(12 * 3_600_000);
    expect((await urls(["https://media.example.com/late.mp4"])).quota).toMatchObject({ used: 1, remaining: 1 });
    expect(await storage.ledger(provider.account, "2026-11-22")).toMatchObject({ used: 1 });
  });

  it("comes back when the vendor refuses, so that the next call can use it", async () => {
    const { urls } = await open({
      guards: { dailyBudget: 2 },
      script: {
        answer: (_, nth) => {
          if (nth === 0) throw new PrefetchError("forbidden_domain", "Not your domain", { delivery: "refused" });
          return { vendorTaskIds: ["vendor-1"], refused: [] };
        },
      },
    });
    await expect(urls(manyUrls(2))).rejects.toThrow(error("forbidden_domain"));
    expect(await urls(manyUrls(2))).toMatchObject({ quota: { used: 2, remaining: 0 }, counts: { processing: 2 } });
  });

  it("is told for one provider or for all that are configured", async () => {
    const { service, urls } = await open({ guards: { dailyBudget: 30 } });
    await urls(manyUrls(4));
    const expected = {
      provider: "fake-cdn",
      limit: 30,
      used: 4,
      remaining: 26,
      resetsAt: Date.parse("2026-11-21T16:00:00Z"),
      source: "ledger",
    };
    expect(await service.quota()).toEqual([expected]);
    expect(await service.quota("fake-cdn")).toEqual([expected]);
    await expect(service.quota("no-such-cdn")).rejects.toThrow(error("invalid_argument"));
  });

  it("has no number where neither the vendor nor the owner names one", async () => {
    const { service } = await open({ script: { limits: { urlsPerDay: undefined } } });
    expect(await service.quota()).toMatchObject([{ limit: undefined, remaining: undefined, used: 0 }]);
  });
});

describe("a vendor that refuses", () => {
  it("everything: the call fails with the vendor's code, and the record stays", async () => {
    const { urls, status, used } = await open({
      script: {
        answer: () => {
          throw new PrefetchError("auth_failed", "The access key is not valid", {
            delivery: "refused",
            vendorCode: "APIGW.0301",
            requestId: "r-1",
          });
        },
      },
    });
    await expect(urls([...manyUrls(4), "not a url"])).rejects.toThrow(
      error("auth_failed", {
        message: "The access key is not valid (APIGW.0301, request id r-1).",
        hint: "All 4 were refused. Task pf_0001 keeps the record.",
        provider: "fake-cdn",
      }),
    );
    expect(await used()).toBe(0);
    expect(await status("pf_0001")).toMatchObject({ state: "failed", counts: { rejected: 5 } });
  });

  it("URL by URL: refused for one reason is an error, for several a task that names them", async () => {
    const refusing = (codes: readonly string[]): ProviderScript => ({
      limits: { urlsPerRequest: 10 },
      answer: (batch) => ({
        vendorTaskIds: ["vendor-1"],
        refused: urlsOf(batch).map((url, index) => ({ url, code: codes[index] ?? "internal", reason: "No." })),
      }),
    });
    const same = await open({ script: refusing(["forbidden_domain", "forbidden_domain"]) });
    await expect(same.urls(manyUrls(2))).rejects.toThrow(error("forbidden_domain"));
    const several = await open({ script: refusing(["forbidden_domain", "invalid_argument"]) });
    const view = await several.urls(manyUrls(2));
    expect(view).toMatchObject({ state: "failed", problems: [{ code: "forbidden_domain" }, { code: "invalid_argument" }] });
    expect(await several.used()).toBe(0);
  });

  it("some: the task goes on with the rest", async () => {
    const { urls } = await open({
      script: {
        answer: (_, nth) => {
          if (nth === 1) throw new PrefetchError("forbidden_domain", "Not your domain", { delivery: "refused" });
          return { vendorTaskIds: [`vendor-${nth}`], refused: [] };
        },
      },
    });
    expect(await urls(manyUrls(4))).toMatchObject({ state: "running", counts: { processing: 2, rejected: 2 }, quota: { used: 2 } });
  });

  it("for now: the call answers that it waits, and why", async () => {
    const { clock, urls, status } = await open({
      script: {
        answer: (_, nth) => {
          if (nth === 0)
            throw new PrefetchError("rate_limited", "Too fast", { delivery: "refused", retryable: true, retryAfterMs: 20_000 });
          return { vendorTaskIds: ["vendor-1"], refused: [] };
        },
      },
    });
    const view = await urls(manyUrls(2));
    expect(view).toMatchObject({ state: "queued", counts: { queued: 2 } });
    expect(view.nextStep).toContain("Too fast");
    await clock.advance(20_000);
    expect(await status(view.taskId)).toMatchObject({ state: "running", counts: { processing: 2 } });
  });

  it("to be asked: the last known state is told, with the reason", async () => {
    const { urls, status, reports } = await open({
      script: {
        status: async () => {
          throw new PrefetchError("vendor_unavailable", "The connection failed", { retryable: true });
        },
      },
    });
    const { taskId } = await urls(manyUrls(2));
    expect(await status(taskId)).toMatchObject({
      state: "running",
      counts: { processing: 2 },
      nextStep: expect.stringMatching(/last known state: The connection failed/),
    });
    expect(reports).not.toEqual([]);
  });
});

describe("choosing a provider", () => {
  it("needs no name when only one is configured", async () => {
    const { urls } = await open({ known: ["fake-cdn", "other-cdn"], configured: ["fake-cdn"] });
    expect(await urls(manyUrls(1))).toMatchObject({ provider: "fake-cdn" });
  });

  it.each([
    [
      "one that nobody knows",
      { known: ["fake-cdn", "other-cdn"] },
      "no-such-cdn",
      "invalid_argument",
      "Choose one of: fake-cdn, other-cdn.",
    ],
    ["none of several", { known: ["fake-cdn", "other-cdn"] }, undefined, "invalid_argument", "Choose one of: fake-cdn, other-cdn."],
    [
      "none when none is configured",
      { known: ["fake-cdn", "other-cdn"], configured: [] },
      undefined,
      "not_configured",
      "fake-cdn, other-cdn",
    ],
    [
      "one that is not configured",
      { known: ["fake-cdn", "other-cdn"], configured: ["fake-cdn"] },
      "other-cdn",
      "not_configured",
      "Set OTHER_KEY.",
    ],
    ["the only one, without credentials", { known: ["other-cdn"], configured: [] }, undefined, "not_configured", "Set OTHER_KEY."],
  ])("says what to do about %s", async (_, options, provider, code, hint) => {
    const { urls, asset } = await open(options);
    const refused = error(code, { hint: expect.stringContaining(hint) });
    await expect(urls(manyUrls(1), { provider })).rejects.toThrow(refused);
    await expect(asset("asset1", { provider })).rejects.toThrow(refused);
  });

  it("says that a provider takes no URLs, or no assets", async () => {
    const idOnly = await open({ script: { accepts: ["asset"] } });
    await expect(idOnly.urls(manyUrls(1))).rejects.toThrow(error("unsupported", { hint: expect.stringContaining("prefetch_asset") }));
    const urlOnly = await open({ script: { accepts: ["urls"] } });
    await expect(urlOnly.asset("asset1")).rejects.toThrow(error("unsupported", { hint: expect.stringContaining("prefetch_urls") }));
  });
});

describe("prefetching an asset", () => {
  const renditions = manyUrls(3);

  it("reserves what its URLs cost and sends it by its id", async () => {
    const { asset, provider, used } = await open({ script: { resolveAsset: async () => renditions } });
    expect(await asset(" asset1 ")).toMatchObject({ counts: { processing: 1 }, batches: 1, quota: { used: 3, remaining: 97 } });
    expect(provider.received).toEqual([{ kind: "asset", assetId: "asset1" }]);
    expect(await asset("asset1")).toMatchObject({ taskId: "pf_0001", skippedRecent: 1 });
    expect(await used()).toBe(3);
  });

  it("tells an outcome that differs from URL to URL", async () => {
    const { asset } = await open({
      script: {
        resolveAsset: async () => renditions,
        status: async () =>
          renditions.map((url, index) => ({ url, state: index === 1 ? "failed" : "succeeded", vendorState: "x", reason: "403" })),
      },
    });
    const view = await asset("asset1", { waitSeconds: 50 });
    expect(view).toMatchObject({ state: "failed", counts: { failed: 1 } });
    expect(view.problems).toEqual([
      { assetId: "asset1", state: "failed", code: "vendor_failed", reason: "1 of the asset's 3 URLs failed." },
      { assetId: "asset1", url: renditions[1], state: "failed", reason: "403" },
    ]);
  });

  it.each(["vendor_unavailable", "timeout", "rate_limited"] as const)("goes on when looking it up fails with %s", async (code) => {
    const { asset, provider, used, reports } = await open({
      script: {
        resolveAsset: async () => {
          throw new PrefetchError(code, "Not now", { retryable: true });
        },
      },
    });
    expect(await asset("asset1")).toMatchObject({ counts: { processing: 1 } });
    expect(provider.received).toHaveLength(1);
    expect(await used()).toBe(1);
    expect(reports).toEqual([expect.stringContaining("looking up asset asset1")]);
  });

  it.each(["not_found", "not_published"] as const)("says that it is %s, and stores nothing", async (code) => {
    const { asset, provider, used, status } = await open({
      script: {
        resolveAsset: async () => {
          throw new PrefetchError(code, "No such asset");
        },
      },
    });
    await expect(asset("asset1")).rejects.toThrow(error(code));
    expect(provider.received).toEqual([]);
    expect(await used()).toBe(0);
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));
  });

  it("refuses an asset that costs more than is left, whole", async () => {
    const { asset, used } = await open({ guards: { dailyBudget: 2 }, script: { resolveAsset: async () => renditions } });
    await expect(asset("asset1", { onQuotaExceeded: "partial" })).rejects.toThrow(error("quota_exhausted"));
    expect(await used()).toBe(0);
  });

  it("gives back everything when the vendor refuses it", async () => {
    const { asset, used } = await open({
      script: {
        resolveAsset: async () => renditions,
        answer: () => {
          throw new PrefetchError("not_published", "Not published", { delivery: "refused", vendorCode: "VOD.10060" });
        },
      },
    });
    await expect(asset("asset1")).rejects.toThrow(error("not_published", { hint: "It was refused. Task pf_0001 keeps the record." }));
    expect(await used()).toBe(0);
  });

  it.each([
    ["https://media.example.com/a.mp4", "prefetch_urls"],
    ["", "asset's id"],
    ["a b", "asset's id"],
    ["x".repeat(129), "asset's id"],
  ])("refuses %j as an id", async (id, hint) => {
    const { asset } = await open();
    await expect(asset(id)).rejects.toThrow(error("invalid_argument", { hint: expect.stringContaining(hint) }));
  });

  it("does not pass the guard on domains unseen", async () => {
    const guards = { allowedDomains: ["*.example.com"] };
    const seen = await open({ guards, script: { resolveAsset: async () => renditions } });
    expect(await seen.asset("asset1")).toMatchObject({ counts: { processing: 1 } });
    const foreign = await open({ guards, script: { resolveAsset: async () => [...renditions, "https://elsewhere.test/a.m3u8"] } });
    await expect(foreign.asset("asset1")).rejects.toThrow(
      error("forbidden_domain", { message: expect.stringContaining("elsewhere.test") }),
    );
    const down = await open({
      guards,
      script: {
        resolveAsset: async () => {
          throw new PrefetchError("vendor_unavailable", "Down");
        },
      },
    });
    await expect(down.asset("asset1")).rejects.toThrow(error("vendor_unavailable"));
    for (const house of [foreign, down]) expect(house.provider.received).toEqual([]);
  });

  it("does not pass the guard on domains where the provider cannot tell its URLs", async () => {
    const { asset, provider } = await open({ guards: { allowedDomains: ["*.example.com"] }, script: { resolveAsset: undefined } });
    await expect(asset("asset1")).rejects.toThrow(PrefetchError);
    expect(provider.received).toEqual([]);
  });
});

describe("status", () => {
  it("pages through every item once, whatever it is filtered by", async () => {
    const { urls, status, outcomes, clock } = await open({ script: { limits: { urlsPerRequest: 50, urlsPerDay: 1_000 } } });
    const wanted = manyUrls(250);
    for (const [index, url] of wanted.entries()) outcomes.set(url, index % 2 === 0 ? "failed" : "succeeded");
    const list = [...wanted.slice(0, 120), "not a url", ...wanted.slice(120)];
    const { taskId } = await urls(list, { waitSeconds: 50 });
    await clock.settle();

    const pages = async (detail: Detail): Promise<ItemRow[][]> => {
      const found: ItemRow[][] = [];
      let cursor: string | undefined;
      do {
        const view: TaskView = await status(taskId, detail, cursor === undefined ? {} : { cursor });
        found.push([...(view.items ?? [])]);
        cursor = view.nextCursor;
      } while (cursor !== undefined);
      return found;
    };
    const all = await pages("all");
    expect(all.map((page) => page.length)).toEqual([100, 100, 51]);
    expect(all.flat().map((row) => row.url)).toEqual(list);
    const problems = await pages("problems");
    expect(problems.flat().map((row) => row.url)).toEqual(list.filter((url) => outcomes.get(url) !== "succeeded"));
    expect((await status(taskId)).problems).toHaveLength(20);
    expect((await status(taskId)).items).toBeUndefined();
  });

  it("tells items in the caller's order, whatever became of each", async () => {
    const { urls, status } = await open({ guards: { dailyBudget: 2 } });
    const [first = "", second = "", third = ""] = manyUrls(3);
    const { taskId } = await urls(["not a url", first, 7, second, third], { onQuotaExceeded: "partial" });
    const { items } = await status(taskId, "all");
    expect(items?.map(({ url, state, code }) => [url, state, code])).toEqual([
      ["not a url", "rejected", "invalid_argument"],
      [first, "processing", undefined],
      ["7", "rejected", "invalid_argument"],
      [second, "processing", undefined],
      [third, "rejected", "quota_exhausted"],
    ]);
  });

  it("has no word about an item that only waits", async () => {
    const { urls, status } = await open({ script: { limits: { requestsPerMinute: 1 } } });
    const { taskId } = await urls(manyUrls(4));
    expect((await status(taskId, "all")).items?.at(-1)).toEqual({ url: manyUrls(4).at(-1), state: "queued" });
  });

  it("sends what a server that died had not sent yet, when another one is asked", async () => {
    const { clock, status, storage, provider, sent } = await open();
    const task = newTask({ id: "pf_0001", urls: manyUrls(2), now: clock.now() });
    await storage.admit({ account: provider.account, day: TODAY, targets: [], recentSince: 0 }, () => task);
    await status("pf_0001");
    expect(sent()).toEqual(manyUrls(2));
    expect(await status("pf_0001")).toMatchObject({ state: "running", counts: { processing: 2 } });
  });

  it("cuts pages of long URLs short, and still shows each once", async () => {
    const { urls, status } = await open({ script: { limits: { urlsPerRequest: 200 } } });
    const wanted = manyUrls(80, `https://media.example.com/${"long".repeat(300)}/`);
    const { taskId } = await urls(wanted);
    const shown: ItemRow[] = [];
    let cursor: string | undefined;
    do {
      const view: TaskView = await status(taskId, "all", cursor === undefined ? {} : { cursor });
      expect(JSON.stringify(view.items).length).toBeLessThan(35_000);
      shown.push(...(view.items ?? []));
      cursor = view.nextCursor;
    } while (cursor !== undefined);
    expect(shown).toHaveLength(80);
    expect(shown[0]?.url).toMatch(/…$/);
  });

  it("knows no task of that id, no such cursor, and no pages of a summary", async () => {
    const { urls, status } = await open();
    const { taskId } = await urls(manyUrls(1));
    await expect(status("pf_9999")).rejects.toThrow(error("not_found", { message: expect.stringContaining("pf_9999") }));
    await expect(status(taskId, "all", { cursor: "nonsense" })).rejects.toThrow(
      error("invalid_argument", { message: expect.stringContaining("cursor") }),
    );
    const cursor = Buffer.from("after 0").toString("base64url");
    await expect(status(taskId, "summary", { cursor })).rejects.toThrow(error("invalid_argument"));
  });

  it("asks about the vendor's own id when the provider is named", async () => {
    const rows: StatusRow[] = [
      { url: "https://media.example.com/0.mp4", state: "succeeded", vendorState: "succeed" },
      { url: "https://media.example.com/1.mp4", state: "failed", vendorState: "failed", reason: "403" },
    ];
    const asked: (readonly string[])[] = [];
    const { status, clock } = await open({
      script: {
        status: async ({ vendorTaskIds }) => {
          asked.push(vendorTaskIds);
          return vendorTaskIds.includes("vendor-77") ? rows : [];
        },
      },
    });
    expect(await status("vendor-77", "all", { provider: "fake-cdn", waitSeconds: 50 })).toMatchObject({
      taskId: "vendor-77",
      state: "partial",
      counts: { succeeded: 1, failed: 1 },
      problems: [{ url: "https://media.example.com/1.mp4", state: "failed", reason: "403" }],
      items: [{ state: "succeeded" }, { state: "failed" }],
    });
    expect(asked).toEqual([["vendor-77"]]);
    await expect(status("vendor-77")).rejects.toThrow(error("invalid_argument", { hint: expect.stringContaining("fake-cdn") }));
    const before = clock.now();
    expect(await status("vendor-88", "summary", { provider: "fake-cdn", waitSeconds: 5 })).toMatchObject({
      state: "running",
      nextStep: expect.stringContaining("lists nothing for this id"),
    });
    expect(clock.now() - before).toBe(5_000);
  });

  it("tells of rising progress while it waits, and stops waiting when the caller does", async () => {
    const { clock, urls, service, outcomes } = await open();
    const { taskId = "" } = await urls(manyUrls(4));
    const start = clock.now();
    for (const [index, url] of manyUrls(4).entries())
      outcomes.set(url, () => (index < 2 || clock.now() > start + 45_000 ? "succeeded" : "processing"));
    await clock.advance(30_000);
    const progress: number[] = [];
    const request = { taskId, detail: "summary", waitSeconds: 50 } as const;
    expect(await clock.drive(service.status(request, { signal, onProgress: (settled) => progress.push(settled) }))).toMatchObject({
      state: "succeeded",
    });
    expect(progress).toEqual([2, 4]);

    const { taskId: other = "" } = await urls(["https://media.example.com/never.mp4"]);
    const stop = new AbortController();
    const waiting = clock.drive(
      service.status({ ...request, taskId: other }, { signal: stop.signal, onProgress: () => stop.abort(new Error("gone")) }),
    );
    await expect(waiting).rejects.toThrow("gone");
  });

  it("ends what was on the wire of a server that died, when another one is asked", async () => {
    const { clock, urls, start, storage } = await open({ script: { answer: (_batch, _nth, aborted) => neverAnswered(aborted) } });
    const { taskId = "" } = await urls(manyUrls(2));
    const other = start();
    await clock.advance(90_000);
    const view = await clock.drive(other.status({ taskId, detail: "summary", waitSeconds: 0 }, { signal }));
    expect(view).toMatchObject({
      state: "partial",
      counts: { unknown: 2 },
      nextStep: expect.stringContaining("may or may not have reached the vendor"),
    });
    expect(await storage.task(taskId)).toMatchObject({ openBatches: 0 });
  });
});
