/** The words and numbers of the answers that an agent acts on, through the official client. */

import { describe, it, type TestContext } from "vitest";
import { startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { alibabaEnv, endOf, type Session, taskOf } from "../harness/clients-harness.ts";
import { localSession } from "../harness/local-session-harness.ts";

async function sandbox({ onTestFinished }: Pick<TestContext, "onTestFinished">): Promise<Session> {
  const session = await localSession({ args: ["--sandbox"] });
  onTestFinished(() => session.close());
  return session;
}

describe.concurrent("the sandbox", () => {
  it("fetches a newcomer's own URLs from its own edge and says that no real CDN is touched", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    const urls = ["https://cdn.my-company.test/video.mp4", "https://www.my-company.test/"];
    const task = taskOf(await session.call("prefetch_urls", { urls, wait_seconds: 20 }));
    expect(task).toMatchObject({ state: "succeeded", notice: expect.stringMatching(/no real CDN/) });
  });

  it("finds the vendor of an asset when the call names none", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    for (const asset of ["f488337c31c8e4622f1590735b134c65", "93ab850b4f6f44eab54b6e91d24d81d4"]) {
      const task = taskOf(await session.call("prefetch_asset", { asset_id: asset, wait_seconds: 20 }));
      expect(task.state).toBe("succeeded");
    }
    const unknown = await session.call("prefetch_asset", { asset_id: "0123456789abcdef0123456789abcdef" });
    expect(unknown).toMatchObject({ isError: true, text: expect.stringContaining("no real CDN") });
  });
});

describe.concurrent("prefetch_urls", () => {
  const good = Array.from({ length: 12 }, (_, index) => `https://example.com/${index}.mp4`);
  const sum = (counts: Readonly<Record<string, number | undefined>>) =>
    Object.entries(counts).reduce((all, [name, count = 0]) => (name === "total" ? all : all + count), 0);

  it("reports on the caller's own list when earlier calls hold all or some of it", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    const urls = [...good.slice(0, 8), "https://example.com/fail-1.mp4", "not a url", "ftp://example.com/a"];
    const first = taskOf(await session.call("prefetch_urls", { urls, wait_seconds: 30 }));
    expect(first).toMatchObject({ state: "partial", cost: 9 });

    const again = taskOf(await session.call("prefetch_urls", { urls: good.slice(0, 8) }));
    expect(again).toMatchObject({ state: "succeeded", cost: 0, counts: { total: 8, succeeded: 8 }, problems: [] });
    expect(again.known).toEqual([{ task_id: first.task_id, state: "succeeded", count: 8 }]);
    expect(again.next_step).not.toMatch(/correct|rejected/);

    const mixed = taskOf(await session.call("prefetch_urls", { urls: good, wait_seconds: 30 }));
    expect(mixed).toMatchObject({ state: "succeeded", cost: 4, counts: { total: 12, succeeded: 12 } });
    expect(mixed.known).toEqual([{ task_id: first.task_id, state: "succeeded", count: 8 }]);
  });

  it("plans with the day's room and what it leaves, and shows nothing as queued", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    const plan = taskOf(await session.call("prefetch_urls", { urls: [...good, "https://EXAMPLE.com/0.mp4"], dry_run: true }));
    expect(plan).toMatchObject({ state: "planned", cost: 12, fits_today: true, left_today: 988, counts: { planned: 12, queued: 0 } });
    expect(plan.duplicate_example).toEqual(["https://example.com/0.mp4", "https://EXAMPLE.com/0.mp4"]);
    expect(sum(plan.counts)).toBe(plan.counts.total);
    const free = taskOf(await session.call("prefetch_urls", { urls: ["https://my-company.test/a.mp4"], dry_run: true }));
    expect(free).toMatchObject({ state: "planned", cost: 0 });
    expect(free.next_step).not.toMatch(/spend|units/);
  });

  it("tells scheduled URLs from queued ones, ends a wait, and names the days that a cancellation frees", async (test) => {
    const { expect } = test;
    const session = await localSession({ args: ["--sandbox", "--daily-budget", "5"] });
    test.onTestFinished(() => session.close());
    const urls = good.slice(0, 9);
    const task = taskOf(await session.call("prefetch_urls", { urls, on_quota_exceeded: "defer", wait_seconds: 50 }));
    expect(task).toMatchObject({ state: "scheduled", cost: 9, counts: { total: 9, succeeded: 5, queued: 0, deferred: 4 } });
    expect(task.deferred?.from).toBe(task.deferred?.until);
    expect(task.next_step).toMatch(/in memory only .* forgotten and never sent/);
    const cancelled = taskOf(await session.call("cancel_prefetch", { task_id: task.task_id }));
    expect(cancelled.next_step).toMatch(
      /^4 cancelled\. Units free again, by the vendor's day: 4 of \d{4}-\d\d-\d\d \(huawei-vod\)\. 0 are left/,
    );
    expect(cancelled.next_step).not.toMatch(/call again/i);
  });

  it("counts everything asked for, and names the account, when the vendor refuses all that was sent", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    const urls = ["https://www.example.com/a", "https://www.example.com/b", "not a url"];
    const { isError, text } = await session.call("prefetch_urls", { urls, wait_seconds: 20 });
    expect(isError).toBe(true);
    expect(text).toMatch(/Of 3, 2 were refused, at no cost of quota, and 1 could not be sent at all\. Sent to huawei-vod \(project /);
  });
});

describe.concurrent("providers", () => {
  it("are explained, told apart in an answer, and corrected when a call names a CDN instead", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    const [asset, urls] = JSON.parse(JSON.stringify((await session.tools()).slice(0, 2)));
    const about = ({ inputSchema }: typeof asset): string => inputSchema.properties.provider.description;
    expect(about(urls)).toMatch(/http: any other CDN, such as Cloudflare.* Left out, PREFETCH_ROUTES chooses by host\.$/);
    expect(about(asset)).toMatch(/ Left out: the one that knows the asset\.$/);
    const wrong = await session.call("prefetch_urls", { urls: ["https://example.com/a"], provider: "cloudflare" });
    expect(wrong.text).toMatch(/^invalid_argument: provider: "cloudflare" is not known\. A CDN .* is warmed by provider "http"/);

    const list = ["https://example.com/a.mp4", "https://fastly.example.org/a.mp4", "https://fastly.example.org/missing.mp4"];
    const task = taskOf(await session.call("prefetch_urls", { urls: list, wait_seconds: 30 }));
    expect(task.by_provider).toMatchObject([
      { provider: "http", counts: { total: 2, succeeded: 1, failed: 1 } },
      { provider: "huawei-vod", counts: { total: 1, succeeded: 1 }, quota: { used: 1 } },
    ]);
    expect(task.problems).toMatchObject([{ provider: "http", code: "not_found" }]);
    expect(task.cost).toBe(1);
  });
});

describe.concurrent("a playlist", () => {
  const urls = ["https://cloudflare.example.org/hls/film/master.m3u8"];

  it("comes alone, with a word on its segments, when the call does not expand it", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    const task = taskOf(await session.call("prefetch_urls", { urls, wait_seconds: 20 }));
    expect(task).toMatchObject({ counts: { total: 1 } });
    expect(task.next_step).toMatch(/only the playlist itself .* call again with expand "streams"/);
  });

  it("is expanded when the call names a scope, and refused when it also forbids to expand", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    const plan = taskOf(await session.call("prefetch_urls", { urls, scope: "startup", dry_run: true }));
    expect(plan.counts.total).toBeGreaterThan(20);
    const refused = await session.call("prefetch_urls", { urls, scope: "full", expand: "none" });
    expect(refused).toMatchObject({ isError: true, text: expect.stringMatching(/^invalid_argument: scope: goes with expand/) });
  });
});

describe.concurrent("the text of an answer", () => {
  const episodes = (host: string) => Array.from({ length: 400 }, (_, index) => `https://${host}/episode-${index}.mp4`);

  it("says in at most 1,200 characters what became of 400 URLs at a vendor", { timeout: 60_000 }, async ({ expect, onTestFinished }) => {
    const emulator = await startAlibabaVod({ firstMs: 0, eachMs: 0 });
    onTestFinished(() => emulator.close());
    const session = await localSession({ env: alibabaEnv(emulator) });
    onTestFinished(() => session.close());
    const { task_id } = await endOf(session, taskOf(await session.call("prefetch_urls", { urls: episodes("vod.example.net") })));
    const answer = await session.call("get_prefetch_status", { task_id });
    expect(answer.text).toMatch(/^succeeded: 400 succeeded\. .*verify_prefetch with task_id /);
    expect(answer.text.length).toBeLessThanOrEqual(1_200);
  });

  it("says in at most 1,200 characters, the sandbox's notice among them, what became of 400 URLs at http", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    const urls = episodes("cloudflare.example.org");
    const { task_id } = await endOf(session, taskOf(await session.call("prefetch_urls", { urls })));
    const answer = await session.call("get_prefetch_status", { task_id });
    expect(answer.text).toMatch(/^succeeded: 400 succeeded\. .* no real CDN/);
    expect(answer.text.length).toBeLessThanOrEqual(1_200);
  });

  it("begins with the numbers of a quota", async (test) => {
    const { expect } = test;
    const session = await sandbox(test);
    const { text } = await session.call("get_prefetch_quota", {});
    expect(text).toMatch(/^huawei-vod: 1,000 of 1,000 units left until 20\S+Z, in \d.*\. .*http: no limit, 0 sent today\./);
  });
});
