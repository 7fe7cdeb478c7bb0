/** The CDNs of four vendors in one server: routes by host, lost answers, refreshes, and the books of the emulators. */

import { describe, it, type TestContext } from "vitest";
import { startAlibabaCdn, startAlibabaDcdn } from "../../../src/sandbox/alibaba/plain.ts";
import { startHuaweiCdn } from "../../../src/sandbox/huawei/cdn.ts";
import { startTencentCdn } from "../../../src/sandbox/tencent/cdn.ts";
import { startTencentEdgeOne } from "../../../src/sandbox/tencent/edgeone.ts";
import { startTencentVod } from "../../../src/sandbox/tencent/vod.ts";
import { startVolcengineCdn } from "../../../src/sandbox/volcengine/cdn.ts";
import { endOf, modernSession, taskOf } from "../harness/clients-harness.ts";

const hosts = {
  "alibaba-cdn": "ali-cdn.example.net",
  "alibaba-dcdn": "ali-dcdn.example.net",
  "huawei-cdn": "hw-cdn.example.net",
  "tencent-cdn": "tencent-cdn.example.net",
  "volcengine-cdn": "volc-cdn.example.net",
};
/** Products without a purge, or with zones. */
const moreHosts = { "tencent-vod": "tencent-vod.example.net", "tencent-edgeone": "tencent-edgeone.example.net" };
const urlsOf = (host: string, count: number) => Array.from({ length: count }, (_, index) => `https://${host}/${index}.mp4`);

interface Domains {
  readonly routes: string;
  readonly cdn: readonly string[];
  readonly dcdn: readonly string[];
}

async function startVendors({ onTestFinished }: TestContext, own?: Domains) {
  const fast = { firstMs: 300, eachMs: 0 };
  const [cdn, dcdn, huawei, tencent, vod, edgeOne, volcengine] = await Promise.all([
    startAlibabaCdn({ ...fast, ...(own && { domains: own.cdn }) }),
    startAlibabaDcdn({ ...fast, ...(own && { domains: own.dcdn }) }),
    startHuaweiCdn(fast),
    startTencentCdn(fast),
    startTencentVod(fast),
    startTencentEdgeOne(fast),
    startVolcengineCdn(fast),
  ]);
  const vendors = { cdn, dcdn, huawei, tencent, vod, edgeOne, volcengine };
  onTestFinished(async () => {
    await Promise.all(Object.values(vendors).map((vendor) => vendor.close()));
  });
  const session = await modernSession({
    env: {
      ALIBABA_CLOUD_ACCESS_KEY_ID: cdn.user.accessKeyId,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: cdn.user.accessKeySecret,
      PREFETCH_ALIBABA_PRODUCTS: "cdn,dcdn",
      PREFETCH_ALIBABA_CDN_ENDPOINT: cdn.endpoint,
      PREFETCH_ALIBABA_DCDN_ENDPOINT: dcdn.endpoint,
      HUAWEICLOUD_SDK_AK: huawei.user.ak,
      HUAWEICLOUD_SDK_SK: huawei.user.sk,
      PREFETCH_HUAWEI_PRODUCTS: "cdn",
      PREFETCH_HUAWEI_CDN_ENDPOINT: huawei.endpoint,
      TENCENTCLOUD_SECRET_ID: tencent.user.secretId,
      TENCENTCLOUD_SECRET_KEY: tencent.user.secretKey,
      PREFETCH_TENCENT_PRODUCTS: "cdn,edgeone,vod",
      PREFETCH_TENCENT_CDN_ENDPOINT: tencent.endpoint,
      PREFETCH_TENCENT_VOD_ENDPOINT: vod.endpoint,
      PREFETCH_TENCENT_EDGEONE_ENDPOINT: edgeOne.endpoint,
      VOLCENGINE_ACCESS_KEY: volcengine.user.accessKeyId,
      VOLCENGINE_SECRET_KEY: volcengine.user.secretKey,
      PREFETCH_VOLCENGINE_CDN_ENDPOINT: volcengine.endpoint,
      PREFETCH_ROUTES:
        own?.routes ??
        Object.entries({ ...hosts, ...moreHosts })
          .map(([provider, host]) => `${host}=${provider}`)
          .join(","),
      PREFETCH_STORE: "memory:",
      PREFETCH_POLL_SECONDS: "0",
    },
  });
  onTestFinished(() => session.close());
  return { session, ...vendors };
}

const denied = {
  kind: "answer",
  status: 403,
  body: JSON.stringify({ error: { error_code: "CDN.0004", error_msg: "The user has no permission." } }),
} as const;

describe.concurrent("seven products of four vendors", () => {
  it("take a list of 1,000 URLs in one call, and every outcome is that of their books", { timeout: 120_000 }, async (context) => {
    const { expect } = context;
    const { session, cdn, dcdn, huawei, tencent, vod, edgeOne, volcengine } = await startVendors(context);
    const failing = (host: string) => `https://${host}/fail.mp4`;
    const all = Object.values({ ...hosts, ...moreHosts });
    const urls = all.flatMap((host, nth) => [...urlsOf(host, nth === 0 ? 147 : 141), failing(host)]).slice(0, 1_000);
    const sent = taskOf(await session.call("prefetch_urls", { urls }));
    expect(sent).toMatchObject({ cost: 1_000 });
    const end = await endOf(session, sent);
    // Tencent Cloud VOD tells no outcomes.
    expect(end).toMatchObject({ state: "partial", counts: { total: 1_000, succeeded: 852, failed: 6, untracked: 142 } });
    expect(new Set(end.problems.map(({ url }) => url))).toEqual(
      new Set(all.filter((host) => host !== moreHosts["tencent-vod"]).map(failing)),
    );
    const books = [cdn, dcdn, huawei, tencent, volcengine, vod, edgeOne];
    expect(books.map(({ spentToday }) => spentToday)).toEqual([148, 142, 142, 142, 142, 142, 142]);
    const accepted = books.flatMap(({ log }) => log.flatMap((entry) => entry.accepted));
    expect(accepted.toSorted()).toEqual(urls.toSorted());
    const quota = await session.call("get_prefetch_quota", { provider: "tencent-edgeone" });
    expect(quota.structured).toMatchObject({ quotas: [{ zone: "zone-sandbox1", source: "vendor" }, { zone: "zone-sandbox1" }] });
  });

  it("each get the URLs of their hosts, and lost answers spend nothing twice", { timeout: 90_000 }, async (context) => {
    const { expect } = context;
    const { session, cdn, dcdn, huawei, tencent, edgeOne, volcengine } = await startVendors(context);
    const lost = { kind: "reset", when: "after" } as const;
    cdn.inject({ action: "PushObjectCache", fault: lost });
    dcdn.inject({ action: "PreloadDcdnObjectCaches", fault: lost });
    huawei.inject({ method: "POST", fault: lost });
    tencent.inject({ action: "PushUrlsCache", fault: lost });
    edgeOne.inject({ action: "CreatePrefetchTask", fault: lost });
    volcengine.inject({ action: "SubmitPreloadTask", fault: lost });
    const followed = [...Object.values(hosts), moreHosts["tencent-edgeone"]];
    const urls = [...followed.flatMap((host) => urlsOf(host, 40)), `https://${hosts["huawei-cdn"]}/fail.mp4`];
    const sent = taskOf(await session.call("prefetch_urls", { urls }));
    const end = await endOf(session, sent);
    expect(end).toMatchObject({ state: "partial", counts: { succeeded: 240, failed: 1 } });
    const books = [cdn, dcdn, huawei, tencent, edgeOne, volcengine];
    expect(books.map(({ spentToday }) => spentToday)).toEqual([40, 40, 41, 40, 40, 40]);
    const quota = await session.call("get_prefetch_quota", {});
    expect(quota.structured).toMatchObject({
      quotas: expect.arrayContaining([
        expect.objectContaining({ provider: "alibaba-cdn", limit: 1_000, remaining: 960, source: "vendor" }),
        expect.objectContaining({ provider: "alibaba-dcdn", limit: 1_000, remaining: 960, source: "vendor" }),
        expect.objectContaining({ provider: "huawei-cdn", limit: 1_000, remaining: 959, source: "vendor" }),
        expect.objectContaining({ provider: "tencent-cdn", limit: 1_000, remaining: 960, source: "vendor" }),
        expect.objectContaining({ provider: "volcengine-cdn", limit: 1_000, remaining: 960, source: "vendor" }),
      ]),
    });
  });

  it("drop their copies first with refresh_first", { timeout: 90_000 }, async (context) => {
    const { expect } = context;
    const { session, cdn, dcdn, huawei, tencent, edgeOne, volcengine } = await startVendors(context);
    const urls = [...Object.values(hosts), moreHosts["tencent-edgeone"]].flatMap((host) => urlsOf(host, 2));
    const sent = taskOf(await session.call("prefetch_urls", { urls, refresh_first: true }));
    expect(sent).toMatchObject({ cost: 12, refresh_cost: 12 });
    expect(await endOf(session, sent)).toMatchObject({ state: "succeeded", counts: { succeeded: 12 } });
    const spends = (log: typeof huawei.log) => log.filter(({ accepted }) => accepted.length > 0).map(({ path }) => path);
    expect(spends(huawei.log)).toEqual(["/v1.0/cdn/content/refresh-tasks", "/v1.0/cdn/content/preheating-tasks"]);
    for (const { log } of [cdn, dcdn, tencent, edgeOne, volcengine]) {
      const actions = log.filter(({ accepted }) => accepted.length > 0).map(({ action }) => action);
      expect(actions).toEqual([expect.stringMatching(/Refresh|Purge/), expect.stringMatching(/^Push|Pre(load|fetch)/)]);
    }
  });

  it("get the hosts that they list with PREFETCH_ROUTES=auto, also a host that moves", { timeout: 90_000 }, async (context) => {
    const { expect } = context;
    const [moving, both] = ["moving.example.net", "both.example.net"];
    const domains = { cdn: [hosts["alibaba-cdn"], ".wild.example.net", moving, both], dcdn: [hosts["alibaba-dcdn"], both] };
    const { session, cdn, dcdn, huawei } = await startVendors(context, { routes: "auto", ...domains });
    huawei.inject({ method: "GET", fault: denied });
    const url = (host: string) => `https://${host}/a.mp4`;
    const list = [hosts["alibaba-cdn"], "a.b.wild.example.net", hosts["alibaba-dcdn"], both, "nowhere.test"].map(url);
    const plan = await session.call("prefetch_urls", { urls: list, dry_run: true });
    const { next_step: why, problems } = taskOf(plan);
    expect(why).toContain("ali-cdn.example.net, a.b.wild.example.net to alibaba-cdn by the domain list of alibaba-cdn.");
    expect(why).toContain("ali-dcdn.example.net to alibaba-dcdn by the domain list of alibaba-dcdn.");
    expect(why).toMatch(/huawei-cdn could not be asked for its list of domains: .*Grant the user cdn:configuration:queryDomains/);
    expect(problems.map((row) => row.reason)).toEqual([
      expect.stringContaining("domain lists of alibaba-cdn and alibaba-dcdn both have"),
      expect.stringContaining("no domain list has"),
    ]);
    const sent = taskOf(await session.call("prefetch_urls", { urls: list.slice(0, 3) }));
    expect(await endOf(session, sent)).toMatchObject({ state: "succeeded", counts: { succeeded: 3 } });
    expect([cdn.spentToday, dcdn.spentToday, huawei.spentToday]).toEqual([2, 1, 0]);

    domains.dcdn.push(...domains.cdn.splice(domains.cdn.indexOf(moving), 1));
    const refused = await session.call("prefetch_urls", { urls: [url(moving)] });
    expect(refused.text).toMatch(/^forbidden_domain: .*Sent to alibaba-cdn/s);
    const again = taskOf(await session.call("prefetch_urls", { urls: [url(moving)] }));
    expect(await endOf(session, again)).toMatchObject({ state: "succeeded", providers: ["alibaba-dcdn"] });
    const reads = cdn.log.filter(({ action }) => action === "DescribeUserDomains");
    expect(reads).toHaveLength(2);
  });

  it("take no asset, and say which argument takes URLs", { timeout: 60_000 }, async (context) => {
    const { session } = await startVendors(context);
    const refusal = await session.call("prefetch_asset", { asset_id: "93ab850b4f6f44eab54b6e91d24d81d4" });
    context.expect(refusal.text).toMatch(/^unsupported: .*prefetch_urls/s);
  });
});
