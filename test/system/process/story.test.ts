/** The main job from end to end, with each generation of the official client. */

import { describe, it, type TestContext } from "vitest";
import { providerDefinitions } from "../../../src/providers/index.ts";
import { type Session, sessions, taskOf, usedOf } from "../harness/clients-harness.ts";

const sampleAsset = "f488337c31c8e4622f1590735b134c65";
const sandboxed = { args: ["--sandbox"] };

async function open({ onTestFinished }: TestContext, start: (typeof sessions)[number][1]): Promise<Session> {
  const session = await start(sandboxed);
  onTestFinished(() => session.close());
  return session;
}

describe.concurrent.each(sessions)("the story with the %s", (_, start) => {
  it("prefetches an asset and follows it to the end", async (test) => {
    const { expect } = test;
    const session = await open(test, start);
    const sent = taskOf(await session.call("prefetch_asset", { asset_id: sampleAsset, provider: "huawei-vod" }));
    expect(sent).toMatchObject({
      providers: ["huawei-vod"],
      state: "running",
      counts: { total: 1, processing: 1 },
      batches: 1,
      quota: { used: 3, limit: 1000 },
    });
    expect(sent.task_id).toMatch(/^pf_[0-9a-f-]{36}$/);
    expect(sent.notice).toMatch(/no real CDN/);

    const ended = taskOf(await session.call("get_prefetch_status", { task_id: sent.task_id, wait_seconds: 20, detail: "all" }));
    expect(ended).toMatchObject({ state: "succeeded", counts: { total: 1, succeeded: 1 }, problems: [] });
    expect(ended.items?.map((row) => row.state)).toEqual(["succeeded", "succeeded", "succeeded", "succeeded"]);
    expect(ended.items?.filter((row) => row.url).length).toBe(3);

    const resource = JSON.parse(await session.read(`prefetch://tasks/${sent.task_id}`));
    expect(resource).toMatchObject({ task_id: sent.task_id, state: "succeeded" });
  });

  it("warms a mixed list, names the bad URLs, reports progress, and sends nothing twice", async (test) => {
    const { expect } = test;
    const session = await open(test, start);
    const good = Array.from({ length: 23 }, (_, index) => `https://example.com/e${index}.mp4`);
    const urls = [
      ...good,
      "https://example.com/fail-1.mp4",
      "ftp://example.com/a",
      "HTTPS://EXAMPLE.com:443/e0.mp4#x",
      "https://foreign.example.com/a.mp4",
    ];
    const progress: [number, number | undefined][] = [];
    const ended = taskOf(
      await session.call("prefetch_urls", { urls, wait_seconds: 30 }, { onProgress: (done, total) => progress.push([done, total]) }),
    );
    expect(ended.state).toBe("partial");
    expect(ended.counts).toMatchObject({ total: 26, succeeded: 23, failed: 1, rejected: 2, queued: 0, processing: 0, unknown: 0 });
    expect(ended.duplicates_removed).toBe(1);
    expect(ended.batches).toBe(4);
    expect(ended.problems.map((row) => [row.url, row.state, row.code])).toEqual([
      ["https://example.com/fail-1.mp4", "failed", "vendor_failed"],
      ["ftp://example.com/a", "rejected", "invalid_argument"],
      ["https://foreign.example.com/a.mp4", "rejected", "forbidden_domain"],
    ]);
    expect(ended.problems[2]?.reason).toMatch(/VOD\.10089.*request id [0-9a-f]{32}/);
    // Refused URLs cost nothing.
    expect(ended.quota).toMatchObject({ used: 24, remaining: 976, source: "ledger" });

    expect(progress.length).toBeGreaterThan(2);
    const values = progress.map(([done]) => done);
    expect(values).toEqual([...new Set(values)].sort((a, b) => a - b));
    expect(progress.every(([, total]) => total === 26)).toBe(true);

    const again = taskOf(await session.call("prefetch_urls", { urls: good }));
    expect(again).toMatchObject({ task_id: ended.task_id, skipped_recent: 23, quota: { used: 24 } });
  });

  it("pages through every row", async (test) => {
    const { expect } = test;
    const session = await open(test, start);
    const urls = Array.from({ length: 250 }, (_, index) => `bad ${index}`);
    const sent = taskOf(await session.call("prefetch_urls", { urls: [...urls, "https://example.com/one.mp4"] }));
    expect(sent.problems).toHaveLength(5);
    const seen: (string | undefined)[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = taskOf(
        await session.call("get_prefetch_status", { task_id: sent.task_id, detail: "problems", ...(cursor && { cursor }) }),
      );
      seen.push(...(page.items ?? []).map((row) => row.url));
      cursor = page.next_cursor;
      pages += 1;
    } while (cursor !== undefined && pages < 10);
    expect(seen).toEqual(urls);
    expect(pages).toBe(3);
  });

  it("shows quota, providers and resources", async (test) => {
    const { expect } = test;
    const session = await open(test, start);
    const quota = await session.call("get_prefetch_quota", {});
    expect(quota.structured).toMatchObject({
      quotas: expect.arrayContaining([
        expect.objectContaining({ provider: "huawei-vod", limit: 1000, used: 0, remaining: 1000, source: "ledger" }),
        expect.objectContaining({ provider: "alibaba-vod", limit: 500, used: 0, remaining: 500, source: "vendor" }),
      ]),
    });
    expect(JSON.parse(await session.read("prefetch://quota"))).toMatchObject({
      quotas: providerDefinitions.flatMap(({ id, refreshes }) => [{ provider: id }, ...(refreshes ? [{ provider: `${id}-refresh` }] : [])]),
    });
    expect(JSON.parse(await session.read("prefetch://quota/huawei-vod"))).toMatchObject({ provider: "huawei-vod", used: 0 });
    const { providers } = JSON.parse(await session.read("prefetch://providers"));
    expect(providers.slice(0, 2)).toMatchObject([
      { id: "huawei-vod", configured: true, tracking: "task", limits: { urls_per_request: 10, urls_per_day: 1000 } },
      { id: "alibaba-vod", configured: true, tracking: "task", depth: "mid-tier", limits: { urls_per_request: 100, urls_per_day: 500 } },
    ]);
    expect(await session.resources()).toEqual([
      "prefetch://quota",
      "prefetch://providers",
      "ui://prefetch/task",
      ...providerDefinitions.map(({ id }) => `prefetch://quota/${id}`),
    ]);
    await expect(session.read("prefetch://tasks/pf_00000000-0000-7000-8000-000000000000")).rejects.toMatchObject({ code: -32602 });
    await expect(session.read("prefetch://quota/nope")).rejects.toMatchObject({ code: -32602 });
  });

  it("looks up a vendor's own task id", async (test) => {
    const { expect } = test;
    const session = await open(test, start);
    const answer = await session.call("get_prefetch_status", { task_id: "5199337c31c8e4622f1590735b13a263", provider: "huawei-vod" });
    expect(answer.isError).toBe(true);
    expect(answer.text).toMatch(/^not_found: .*has no task 5199337c31c8e4622f1590735b13a263.*VOD\.10053/);
  });

  it("plans without spending", async (test) => {
    const { expect } = test;
    const session = await open(test, start);
    const urls = Array.from({ length: 25 }, (_, index) => `https://example.com/p${index}`);
    const plan = taskOf(await session.call("prefetch_urls", { urls, dry_run: true }));
    expect(plan).toMatchObject({
      dry_run: true,
      state: "planned",
      cost: 25,
      fits_today: true,
      left_today: 975,
      batches: 3,
      counts: { planned: 25, queued: 0 },
      quota: { used: 0 },
    });
    expect(plan.task_id).toBeUndefined();
    const over = await session.call("prefetch_urls", { urls: Array.from({ length: 1001 }, (_, index) => `https://example.com/q${index}`) });
    expect(over.isError).toBe(true);
    expect(over.text).toMatch(/^quota_exhausted: .*1,001.*1,000.*partial/s);
    expect(usedOf(await session.call("get_prefetch_quota", {})).every((used) => used === 0)).toBe(true);
  });

  it("stops waiting when the request is cancelled, while the task goes on", async (test) => {
    const { expect } = test;
    const session = await open(test, start);
    const cancel = new AbortController();
    const call = session.call(
      "prefetch_urls",
      { urls: ["https://example.com/slow.mp4"], wait_seconds: 50 },
      { signal: cancel.signal, onProgress: () => cancel.abort(new Error("enough")) },
    );
    await expect(call).rejects.toThrow();
    const again = taskOf(await session.call("prefetch_urls", { urls: ["https://example.com/slow.mp4"], wait_seconds: 20 }));
    expect(again).toMatchObject({ skipped_recent: 1, quota: { used: 1 } });
    const ended = taskOf(await session.call("get_prefetch_status", { task_id: again.task_id, wait_seconds: 20 }));
    expect(ended.state).toBe("succeeded");
  });
});
