import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { localCaller } from "../../../src/prefetch/model/caller.ts";
import type { StreamReader } from "../../../src/prefetch/model/stream.ts";
import { totalOf } from "../../../src/prefetch/model/task.ts";
import { fakeEdge } from "../../fakes/edge.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { neverAborted as signal } from "../../fakes/signal.ts";
import { defaultRequest, error, startService } from "./service-harness.ts";

describe("prefetchUrls", () => {
  it("sends the URLs and returns their task, whose status gives the outcome", async () => {
    const { clock, urls, status, outcomes, sent } = await startService();
    const first = await urls(manyUrls(3));
    expect(first).toMatchObject({
      taskId: "pf_0001",
      providers: ["fake-cdn"],
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
    expect(await status("pf_0001")).toMatchObject({
      state: "succeeded",
      counts: { succeeded: 3 },
      nextStep: "Nothing is left to send. They are warm at the edge. verify_prefetch with task_id pf_0001 proves what the edge holds.",
    });
  });

  it("waits for the outcome with wait_seconds and reports rising progress", async () => {
    const { clock, urls, outcomes } = await startService();
    const wanted = manyUrls(6);
    const start = clock.now();
    for (const [index, url] of wanted.entries())
      outcomes.set(url, () => (clock.now() >= start + index * 8_000 ? "succeeded" : "processing"));
    // A vendor answer is reused for a poll interval, so each batch is asked about twice in 50 seconds.
    const progress: (readonly [number, number])[] = [];
    const view = await urls(
      wanted,
      { waitSeconds: 50 },
      { caller: localCaller, signal, onProgress: (settled, total) => progress.push([settled, total]) },
    );
    const settled = progress.map(([done]) => done);
    expect(settled.length).toBeGreaterThanOrEqual(3);
    expect(settled).toEqual([...new Set(settled)].sort((a, b) => a - b));
    expect(new Set(progress.map(([, total]) => total))).toEqual(new Set([6]));
    expect(settled.at(-1)).toBe(view.counts.succeeded);
    expect(view.counts.succeeded + view.counts.processing).toBe(6);
  });

  it("returns when every item is final, or when wait_seconds are over", async () => {
    const { clock, urls, outcomes } = await startService();
    const start = clock.now();
    outcomes.set("https://media.example.com/0.mp4", () => (clock.now() >= start + 30_000 ? "succeeded" : "processing"));
    const quick = await urls(manyUrls(1), { waitSeconds: 50 });
    expect(quick.state).toBe("succeeded");
    expect(clock.now()).toBeLessThan(start + 32_000);

    const again = clock.now();
    const slow = await urls(["https://media.example.com/never.mp4"], { waitSeconds: 10 });
    expect(slow.state).toBe("running");
    expect(clock.now() - again).toBeGreaterThanOrEqual(10_000);
    expect(clock.now() - again).toBeLessThan(11_000);
  });

  it("gives the place of an entry that it shows masked or cut short, and of no other", async () => {
    const { urls } = await startService();
    const secretive = ["https://ann:one@media.example.com/a", "https://bob:two@media.example.com/a"];
    const view = await urls([...manyUrls(1), ...secretive, "ftp://media.example.com/b", `ftp://${"x".repeat(300)}`]);
    expect(view.problems.map(({ url = "", reason = "" }) => [url.slice(0, 30), reason.slice(0, 16)])).toEqual([
      ["https://***@media.example.com/", "urls[1]: The URL"],
      ["https://***@media.example.com/", "urls[2]: The URL"],
      ["ftp://media.example.com/b", expect.stringMatching(/^The URL /)],
      [expect.stringMatching(/^ftp:/), "urls[4]: The URL"],
    ]);
  });

  it("sends the usable URLs of a mixed list once and names each unusable entry", async () => {
    const { urls, sent } = await startService({ guards: { allowedDomains: ["*.example.com"] } });
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
    ["a list without a URL", ["a", "b", "c", "d"], "invalid_argument", /"a": .* \(and 1 more\)/],
    ["a list of forbidden hosts", ["https://elsewhere.test/a"], "forbidden_domain", "PREFETCH_ALLOWED_DOMAINS"],
    ["more entries than a call may have", manyUrls(11), "invalid_argument", "11 entries; one call takes at most 10"],
  ])("refuses %s and stores nothing", async (_, list, code, message) => {
    const { urls, status, used } = await startService({ guards: { allowedDomains: ["*.example.com"], maxUrlsPerCall: 10 } });
    const refused = urls(list);
    await expect(refused).rejects.toThrow(error(code));
    await expect(refused).rejects.toThrow(message);
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));
    expect(await used()).toBe(0);
  });

  it.each([
    ["none", { kind: "none" }],
    ["streams", { kind: "streams", scope: "startup" }],
  ] as const)("withholds a URL that holds a secret and sends the rest, with expand %s", async (_, expand) => {
    const secret = "MFyfvK41ba2giqM7Uio6PznpdUKGpown";
    const asked: string[] = [];
    const read: StreamReader = async (url) => {
      asked.push(url);
      throw new PrefetchError("unsupported", "It is no manifest");
    };
    const { urls, sent } = await startService({ secrets: [secret], read, script: { edge: fakeEdge() } });
    const list = `https://media.example.com/${secret}/list.m3u8`;
    const view = await urls([list, ...manyUrls(1)], { expand });
    expect([sent(), asked]).toEqual([manyUrls(1), []]);
    expect(view.problems).toMatchObject([{ url: "https://media.example.com/[redacted]/list.m3u8", state: "rejected" }]);
  });

  it("returns the plan and its cost, and stores and sends nothing, with dry_run", async () => {
    const { clock, urls, status, used, sent } = await startService();
    const list = [...manyUrls(3), "not a url", manyUrls(1)[0]];
    const plan = await urls(list, { dryRun: true });
    expect(plan).toMatchObject({
      dryRun: true,
      cost: 3,
      batches: 2,
      state: "planned",
      counts: { queued: 3, rejected: 1 },
      duplicatesRemoved: 1,
      plan: { fitsToday: true, leftToday: 97 },
      quota: { used: 0 },
      nextStep: "Nothing was sent. fake-cdn: 3 units today, and then 97 left. Call again without dry_run to spend 3 units.",
    });
    expect(plan.taskId).toBeUndefined();
    expect(plan.problems).toMatchObject([{ url: "not a url", code: "invalid_argument" }]);
    await clock.advance(60_000);
    expect(sent()).toEqual([]);
    expect(await used()).toBe(0);
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));

    // The dry run does not make the URLs recent.
    const real = await urls(list);
    expect(real).toMatchObject({ batches: 2, counts: { processing: 3, rejected: 1 }, skippedRecent: 0 });
    expect(await urls(list, { dryRun: true })).toMatchObject({
      cost: 0,
      batches: 0,
      skippedRecent: 3,
      nextStep: expect.stringContaining("force true"),
    });
  });

  it.each([
    ["a playlist", ["https://media.example.com/a/index.m3u8?v=1", ...manyUrls(1)], "1 URL is a playlist: only the playlist itself counted"],
    ["manifests", ["https://media.example.com/a.mpd", "https://media.example.com/B.M3U8"], "2 URLs are playlists: only the playlists"],
  ])("says how to get the segments when a list without expand has %s", async (_, list, said) => {
    const { urls } = await startService();
    for (const dryRun of [true, false]) {
      const { nextStep } = await urls(list, { dryRun });
      expect(nextStep).toContain(said);
      expect(nextStep).toContain('call again with expand "streams"');
    }
  });

  it("says nothing about playlists when a list has none", async () => {
    const { urls } = await startService();
    expect((await urls(["https://media.example.com/a.mp4?from=x.m3u8"])).nextStep).not.toContain("playlist");
  });

  it("stops waiting when the caller stops, and goes on sending", async () => {
    const { clock, urls, status, outcomes } = await startService();
    const stop = new AbortController();
    const waiting = urls(
      manyUrls(2),
      { waitSeconds: 50 },
      { caller: localCaller, signal: stop.signal, onProgress: () => stop.abort(new Error("gone")) },
    );
    await expect(waiting).rejects.toThrow("gone");
    for (const url of manyUrls(2)) outcomes.set(url, "succeeded");
    await clock.advance(30_000);
    expect(await status("pf_0001")).toMatchObject({ state: "succeeded" });
  });

  it("stores nothing when the caller's signal is aborted already", async () => {
    const { urls, used, status } = await startService();
    await expect(urls(manyUrls(2), {}, { caller: localCaller, signal: AbortSignal.abort(new Error("gone")) })).rejects.toThrow("gone");
    expect(await used()).toBe(0);
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));
  });
});

describe("prefetchUrls, when called again", () => {
  it("tells where each URL of the same list stands and spends nothing", async () => {
    const { urls, used, sent } = await startService();
    const first = await urls(manyUrls(4));
    const second = await urls([...manyUrls(4)].reverse());
    expect(second).toMatchObject({
      taskId: first.taskId,
      cost: 0,
      counts: { processing: 4 },
      known: [{ taskId: first.taskId, state: "processing", items: 4 }],
      skippedRecent: 4,
      nextStep: expect.stringMatching(/^Nothing new was sent, at no cost: of the list, 4 under way in pf_0001, from a call/),
    });
    expect(await used()).toBe(4);
    expect(sent()).toHaveLength(4);
  });

  it("reports on the list of the call and on no URL of the earlier list besides", async () => {
    const { urls, outcomes, clock } = await startService();
    for (const url of manyUrls(10)) outcomes.set(url, "succeeded");
    outcomes.set("https://media.example.com/9.mp4", "failed");
    expect(await urls([...manyUrls(10), "not a url", "ftp://x/y"], { waitSeconds: 50 })).toMatchObject({ state: "partial", cost: 10 });
    await clock.advance(1_000);
    expect(await urls(manyUrls(8))).toMatchObject({
      state: "succeeded",
      cost: 0,
      counts: { succeeded: 8, failed: 0, rejected: 0 },
      problems: [],
      nextStep: expect.not.stringMatching(/correct|rejected|failed/),
    });
  });

  it("names the tasks of a list that several tasks hold, with the moment that deferred URLs wait for", async () => {
    const { urls, outcomes } = await startService({ script: { limits: { urlsPerDay: 4 } } });
    for (const url of manyUrls(4)) outcomes.set(url, "succeeded");
    await urls(manyUrls(3), { waitSeconds: 50 });
    await urls(manyUrls(6).slice(3), { onQuotaExceeded: "defer", waitSeconds: 50 });
    const midnight = Date.parse("2026-11-22T00:00:00+08:00");
    const waits = { from: midnight, until: midnight };
    const view = await urls([...manyUrls(6), "not a url"], { onQuotaExceeded: "defer" });
    expect(view).toMatchObject({
      taskId: "pf_0002",
      state: "scheduled",
      cost: 0,
      counts: { succeeded: 4, queued: 2, rejected: 1 },
      deferred: { items: 2, ...waits },
      known: [
        { taskId: "pf_0002", state: "queued", items: 2, waits },
        { taskId: "pf_0002", state: "succeeded", items: 1 },
        { taskId: "pf_0001", state: "succeeded", items: 3 },
      ],
      problems: [{ url: "not a url" }],
    });
    expect(totalOf(view.counts)).toBe(7);
  });

  it("answers a repeated list of 10,000 URLs in a bounded number of groups", async () => {
    const { urls } = await startService({
      guards: { maxUrlsPerCall: 10_000 },
      script: { limits: { urlsPerDay: 10_000, urlsPerRequest: 5_000 } },
    });
    await urls(manyUrls(10_000));
    const view = await urls(manyUrls(10_000));
    expect(view).toMatchObject({ counts: { processing: 10_000 }, known: [{ items: 10_000 }] });
    expect(JSON.stringify(view).length).toBeLessThan(2_000);
  });

  it("shows one pair of spellings that are one URL", async () => {
    const { urls } = await startService();
    const twice = ["https://media.example.com/0.mp4", "https://media.example.com/0.mp4", "https://MEDIA.example.com:443/0.mp4#x"];
    expect(await urls(twice)).toMatchObject({ duplicatesRemoved: 2, duplicate: { kept: twice[0], dropped: twice[2] } });
    expect(await urls(manyUrls(2))).not.toHaveProperty("duplicate");
  });

  it("returns the first task while it is still being sent", async () => {
    const { urls, used } = await startService({ script: { limits: { requestsPerMinute: 1 } } });
    const first = await urls(manyUrls(6));
    expect(first.counts.queued).toBeGreaterThan(0);
    expect(await urls(manyUrls(6))).toMatchObject({ taskId: first.taskId });
    expect(await used()).toBe(6);
  });

  it("recognises a URL in another spelling", async () => {
    const { urls, used } = await startService();
    const first = await urls(["https://media.example.com/视频.mp4"]);
    expect(await urls(["https://MEDIA.example.com:443/%E8%A7%86%E9%A2%91.mp4#t=1"])).toMatchObject({ taskId: first.taskId });
    expect(await used()).toBe(1);
  });

  it("sends a URL that differs in the case of its escapes", async () => {
    const { urls, used } = await startService();
    await urls(["https://media.example.com/%E8%A7%86%E9%A2%91.mp4"]);
    expect(await urls(["https://media.example.com/%e8%a7%86%e9%a2%91.mp4"])).toMatchObject({ taskId: "pf_0002", skippedRecent: 0 });
    expect(await used()).toBe(2);
  });

  it("waits for the first task's outcome with wait_seconds", async () => {
    const { clock, urls, outcomes } = await startService();
    const start = clock.now();
    for (const url of manyUrls(2)) outcomes.set(url, () => (clock.now() >= start + 30_000 ? "succeeded" : "processing"));
    await urls(manyUrls(2));
    expect(await urls(manyUrls(2), { waitSeconds: 50 })).toMatchObject({ taskId: "pf_0001", state: "succeeded" });
  });

  it("names unusable entries of the second list", async () => {
    const { urls } = await startService();
    await urls(manyUrls(2));
    expect((await urls([...manyUrls(2), "not a url"])).problems).toMatchObject([{ url: "not a url", state: "rejected" }]);
  });

  it("sends only the new URLs", async () => {
    const { urls, sent } = await startService();
    await urls(manyUrls(3));
    expect(await urls(manyUrls(5))).toMatchObject({
      taskId: "pf_0002",
      cost: 2,
      counts: { processing: 5 },
      known: [{ taskId: "pf_0001", state: "processing", items: 3 }],
      skippedRecent: 3,
      quota: { used: 5 },
      nextStep: expect.stringMatching(
        /^3 of the list are in earlier tasks and were not sent again, at no cost: 3 under way in pf_0001\. .* The other 2, in the new task: Call get_/,
      ),
    });
    expect(sent()).toEqual(manyUrls(5));
  });

  it("sends only the failed URLs again", async () => {
    const { urls, outcomes, sent } = await startService();
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
      counts: { succeeded: 3 },
      skippedRecent: 2,
    });
    expect(sent()).toEqual([first, second, third, second]);
  });

  it("advises against a third try when a URL fails in the same way again", async () => {
    const { urls, outcomes } = await startService();
    for (const url of manyUrls(2)) outcomes.set(url, "failed");
    const first = await urls(manyUrls(1), { waitSeconds: 50 });
    expect(first.nextStep).toMatch(/^1 failed and used their quota: check .*Send the rest once more, after the cause is gone/);
    expect(first.problems).toMatchObject([{ reason: 'The vendor reports "failed" and gives no reason.' }]);
    const second = await urls(manyUrls(2), { waitSeconds: 50 });
    expect(second.nextStep).toMatch(/^1 failed and used their quota: .* 1 failed .* in an earlier task: do not send them again\./);
  });

  it("sends every URL again with force, or after ten minutes", async () => {
    const { clock, urls, used } = await startService();
    await urls(manyUrls(2));
    const forced = await urls(manyUrls(2), { force: true });
    expect(forced).toMatchObject({ taskId: "pf_0002", skippedRecent: 0 });
    expect(forced.nextStep).toMatch(/^A prefetch does not replace a copy that is still valid: .* purge first/);
    await clock.advance(599_000);
    expect(await urls(manyUrls(2))).toMatchObject({ taskId: "pf_0002", skippedRecent: 2 });
    await clock.advance(1_000);
    expect(await urls(manyUrls(2))).toMatchObject({ taskId: "pf_0003", skippedRecent: 0 });
    expect(await used()).toBe(6);
  });

  it("returns the first task on another server with the same store", async () => {
    const { clock, urls, startAnother, used } = await startService();
    await urls(manyUrls(2));
    const other = startAnother();
    const request = { ...defaultRequest, urls: manyUrls(2) };
    expect(await clock.drive(other.prefetchUrls(request, { signal, caller: localCaller }))).toMatchObject({
      taskId: "pf_0001",
      skippedRecent: 2,
    });
    expect(await used()).toBe(2);
  });
});
