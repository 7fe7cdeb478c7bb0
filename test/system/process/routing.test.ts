/** Two vendors behind one server: each URL goes to its vendor, and trouble at one vendor does not reach the other. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "vitest";
import { type AlibabaVodEmulator, startAlibabaVod } from "../../../src/sandbox/alibaba/vod.ts";
import { type HuaweiVodEmulator, startHuaweiVod } from "../../../src/sandbox/huawei/vod.ts";
import { alibabaEnv, endOf, huaweiEnv, modernSession, type Session, taskOf } from "../harness/clients-harness.ts";
import { fastServer } from "../harness/fast-bundle-harness.ts";
import { fastClock, fastEnv } from "../harness/fast-clock-harness.ts";

type Test = Pick<TestContext, "onTestFinished">;

/** The vendors allow about one request a second and host, so the scene runs faster than real time. */
const time = { since: Date.now(), speed: 8 };
const { now } = fastClock(time);

async function vendors({
  onTestFinished,
}: Test): Promise<{ huawei: HuaweiVodEmulator; alibaba: AlibabaVodEmulator; env: Record<string, string> }> {
  const huawei = await startHuaweiVod({ now, firstMs: 0, eachMs: 0 });
  const alibaba = await startAlibabaVod({ now, firstMs: 0, eachMs: 0 });
  onTestFinished(() => huawei.close());
  onTestFinished(() => alibaba.close());
  const store = `sqlite:${join(mkdtempSync(join(tmpdir(), "store-")), "s.sqlite")}`;
  return { huawei, alibaba, env: { ...huaweiEnv(huawei, store), ...alibabaEnv(alibaba, store), ...fastEnv(time) } };
}

async function open({ onTestFinished }: Test, env: Record<string, string>): Promise<Session> {
  const session = await modernSession({ entry: await fastServer(), env });
  onTestFinished(() => session.close());
  return session;
}

const numbered = (host: string, count: number) => Array.from({ length: count }, (_, index) => `https://${host}/${index}.mp4`);
const routes = "*.example.net=alibaba-vod,*=huawei-vod";

describe.concurrent("with two vendors", () => {
  it("warms every good URL of a mixed list and names every bad one", { timeout: 60_000 }, async (test) => {
    const { expect } = test;
    const { huawei, alibaba, env } = await vendors(test);
    const session = await open(test, { ...env, PREFETCH_ROUTES: routes });
    const good = [...numbered("example.com", 50), ...numbered("vod.example.net", 50), ...numbered("media.example.net", 40)];
    const bad = [
      ["ftp://example.com/a.mp4", "rejected", "invalid_argument"],
      ["not a url", "rejected", "invalid_argument"],
      ["https://user:secret@example.com/a.mp4", "rejected", "invalid_argument"],
      [`https://vod.example.net/${"x".repeat(1_100)}`, "rejected", "invalid_argument"],
      ["https://vod.example.net/malformed.mp4", "rejected", "invalid_argument"],
      ["https://media.example.net/malformed.mp4", "rejected", "invalid_argument"],
      ["https://foreign.example.net/a.mp4", "rejected", "forbidden_domain"],
      ["https://foreign.example.org/a.mp4", "rejected", "forbidden_domain"],
      ["https://vod.example.net/fail.mp4", "failed", "vendor_failed"],
      ["https://example.com/fail.mp4", "failed", "vendor_failed"],
    ] as const;
    const urls = good.flatMap((url, index) => (index % 14 === 7 ? [url, bad[(index - 7) / 14]?.[0] ?? ""] : [url]));
    expect(urls).toHaveLength(150);

    const sent = taskOf(await session.call("prefetch_urls", { urls }));
    expect([...sent.providers].sort()).toEqual(["alibaba-vod", "huawei-vod"]);
    const ended = await endOf(session, sent);
    expect(ended.state).toBe("partial");
    expect(ended.counts).toMatchObject({ total: 150, succeeded: 140, rejected: 8, failed: 2 });
    const named = ended.problems.map((row) => [row.url?.replace("***", "user:secret").replace(/x…$/, "x"), row.state, row.code]);
    for (const [url, state, code] of bad) {
      const shown = named.find(([name = ""]) => name === url || (name.length > 150 && url.startsWith(name)));
      expect(shown?.slice(1), url).toEqual([state, code]);
    }
    expect(ended.problems.every((row) => (row.reason ?? "").length > 10)).toBe(true);

    // By the vendors' books, each URL was sent once, to its own vendor, and refused URLs cost nothing.
    const received = [...huawei.log, ...alibaba.log].flatMap((entry) => entry.accepted);
    expect([...received].sort()).toEqual([...good, "https://vod.example.net/fail.mp4", "https://example.com/fail.mp4"].sort());
    expect([huawei.spentToday, alibaba.spentToday]).toEqual([51, 91]);
    const { quotas } = (await session.call("get_prefetch_quota")).structured as { quotas: { provider: string; used: number }[] };
    expect(quotas.map(({ provider, used }) => [provider, used])).toEqual([
      ["huawei-vod", 51],
      ["alibaba-vod", 91],
      ["alibaba-vod-refresh", 0],
      ["http", 0],
    ]);
  });

  it("refuses a call without a provider and lists the choices when there are no routes", async (test) => {
    const { expect } = test;
    const { env, huawei, alibaba } = await vendors(test);
    const session = await open(test, env);
    const answer = await session.call("prefetch_urls", { urls: numbered("example.com", 2) });
    expect(answer).toMatchObject({ isError: true });
    expect(answer.text).toMatch(/^invalid_argument: provider: several .*Choose one of: huawei-vod, alibaba-vod/);
    const named = taskOf(await session.call("prefetch_urls", { urls: numbered("example.com", 2), provider: "huawei-vod" }));
    expect(await endOf(session, named)).toMatchObject({ providers: ["huawei-vod"], state: "succeeded" });
    expect([huawei.spentToday, alibaba.spentToday]).toEqual([2, 0]);
  });

  it("names URLs that no route covers and warms the rest", async (test) => {
    const { expect } = test;
    const { env } = await vendors(test);
    const session = await open(test, { ...env, PREFETCH_ROUTES: "*.example.net=alibaba-vod" });
    const urls = [...numbered("vod.example.net", 2), "https://example.com/a"];
    const task = await endOf(session, taskOf(await session.call("prefetch_urls", { urls })));
    expect(task).toMatchObject({ providers: ["alibaba-vod"], state: "partial", counts: { succeeded: 2, rejected: 1 } });
    expect(task.problems[0]?.reason).toMatch(
      /example\.com, for which PREFETCH_ROUTES names no provider; pass provider: huawei-vod, alibaba-vod/,
    );
    const none = await session.call("prefetch_urls", { urls: ["https://example.com/b"] });
    expect(none.text).toMatch(/^invalid_argument: urls: no entry can be used: .*pass provider: huawei-vod, alibaba-vod/);
  });

  it("warms the URLs of one vendor while the other vendor is down", { timeout: 30_000 }, async (test) => {
    const { expect } = test;
    const { env, alibaba } = await vendors(test);
    await alibaba.close();
    const session = await open(test, { ...env, PREFETCH_ROUTES: routes });
    const urls = [...numbered("example.com", 3), ...numbered("vod.example.net", 3)];
    const task = taskOf(await session.call("prefetch_urls", { urls }));
    const status = async () => taskOf(await session.call("get_prefetch_status", { task_id: task.task_id })).counts;
    await expect.poll(status, { timeout: 20_000 }).toMatchObject({ total: 6, succeeded: 3 });
    const { queued, rejected } = await status();
    expect(queued + rejected).toBe(3);
  });

  it("believes the vendor's own quota before it sends anything", async (test) => {
    const { expect } = test;
    const { env, alibaba } = await vendors(test);
    const small = await startAlibabaVod({ firstMs: 0, eachMs: 0, dailyLimit: 3 });
    test.onTestFinished(() => small.close());
    const session = await open(test, { ...env, PREFETCH_ALIBABA_VOD_ENDPOINT: small.endpoint, PREFETCH_ROUTES: routes });
    const urls = [...numbered("example.com", 2), ...numbered("vod.example.net", 5)];
    const refused = await session.call("prefetch_urls", { urls });
    expect(refused.text).toMatch(/^quota_exhausted: This call needs 5 units of alibaba-vod's quota; 3 of 3 a day are left.*partial/s);
    const part = await endOf(session, taskOf(await session.call("prefetch_urls", { urls, on_quota_exceeded: "partial" })));
    expect(part.counts).toMatchObject({ succeeded: 5, rejected: 2 });
    expect(part.problems.map((row) => row.code)).toEqual(["quota_exhausted", "quota_exhausted"]);
    expect(part.quota).toMatchObject({ provider: "alibaba-vod", limit: 3, used: 3, remaining: 0, source: "vendor" });
    expect(small.log.filter((entry) => entry.status !== 200)).toEqual([]);
    expect(alibaba.spentToday).toBe(0);
  });

  it("looks up a request whose answer was lost, and sends nothing twice", { timeout: 30_000 }, async (test) => {
    const { expect } = test;
    const { env, alibaba } = await vendors(test);
    const session = await open(test, { ...env, PREFETCH_ROUTES: routes });
    alibaba.inject({ fault: { kind: "reset", when: "after" }, action: "PreloadVodObjectCaches" });
    const sent = taskOf(await session.call("prefetch_urls", { urls: numbered("vod.example.net", 4) }));
    expect(await endOf(session, sent)).toMatchObject({ state: "succeeded", counts: { succeeded: 4, unknown: 0 } });
    expect(alibaba.log.filter((entry) => entry.action === "PreloadVodObjectCaches")).toHaveLength(1);
    expect(alibaba.spentToday).toBe(4);
  });

  it("says that queued URLs wait for credentials that the server no longer has", async (test) => {
    const { expect } = test;
    const { env, alibaba } = await vendors(test);
    const body = JSON.stringify({ RequestId: "R1", Code: "PreloadQueueFull", Message: "Preload queue is full, please try again later!" });
    alibaba.inject({ fault: { kind: "answer", status: 403, body }, action: "PreloadVodObjectCaches" });
    const first = await open(test, { ...env, PREFETCH_ROUTES: routes });
    const task = taskOf(await first.call("prefetch_urls", { urls: numbered("vod.example.net", 2), wait_seconds: 1 }));
    const second = await open(test, { ...env, PREFETCH_ROUTES: routes, ALIBABA_CLOUD_ACCESS_KEY_ID: "LTAIanotherAccount00000" });
    const later = taskOf(await second.call("get_prefetch_status", { task_id: task.task_id }));
    expect(later).toMatchObject({ state: "queued", counts: { queued: 2 } });
    expect(later.next_step).toMatch(/wait for a server with other credentials.*alibaba-vod:[0-9a-f]{12}.*PREFETCH_…_ACCOUNT/);
    expect(later.next_step).not.toContain(env.ALIBABA_CLOUD_ACCESS_KEY_ID);
  });

  it("keeps URLs queued, and says why, while the vendor's queue is full", async (test) => {
    const { expect } = test;
    const { env, alibaba } = await vendors(test);
    const body = JSON.stringify({ RequestId: "R1", Code: "PreloadQueueFull", Message: "Preload queue is full, please try again later!" });
    alibaba.inject({ fault: { kind: "answer", status: 403, body }, action: "PreloadVodObjectCaches" });
    const session = await open(test, { ...env, PREFETCH_ROUTES: routes });
    const { task_id: id } = taskOf(await session.call("prefetch_urls", { urls: numbered("vod.example.net", 2) }));
    const status = async () => taskOf(await session.call("get_prefetch_status", { task_id: id }));
    await expect
      .poll(async () => (await status()).next_step, { timeout: 20_000 })
      .toMatch(/2 not sent yet.*Will be sent again\..*PreloadQueueFull/);
    expect(await status()).toMatchObject({ state: "queued", counts: { queued: 2, rejected: 0 } });
  });
});
