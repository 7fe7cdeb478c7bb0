/** The emulated products of Tencent Cloud, driven by the vendor's own clients for Node. */

import { Agent } from "node:http";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { startTencentCdn } from "../../../src/sandbox/tencent/cdn.ts";
import { startTencentEdgeOne } from "../../../src/sandbox/tencent/edgeone.ts";
import type { TencentEmulator } from "../../../src/sandbox/tencent/frame.ts";
import { startTencentVod } from "../../../src/sandbox/tencent/vod.ts";

type Method = (params: object) => Promise<Readonly<Record<string, unknown>>>;
type Client = Readonly<Record<string, Method>>;

// Node and Vitest differ in the default import of a CommonJS module, so these are `require`s.
const load = createRequire(import.meta.url);

function clientOf(service: "cdn" | "teo" | "vod", version: string): new (config: object) => Client {
  const { Client: Class } = load(`tencentcloud-sdk-nodejs-${service}/tencentcloud/services/${service}/${version}/${service}_client.js`);
  return Class;
}

/** The client believes that it talks to the vendor's host, so it signs that host; the agent's connections end at the emulator. */
function driving(Class: new (config: object) => Client, { endpoint, user }: TencentEmulator, keys: object = {}) {
  const agent = new Agent();
  agent.createConnection = () => connect(Number(new URL(endpoint).port), "127.0.0.1");
  const credential = { secretId: user.secretId, secretKey: user.secretKey, token: user.token, ...keys };
  const client = new Class({ credential, profile: { httpProfile: { protocol: "http://", agent } } });
  return (action: string, params: object = {}) => (client[action] as Method).call(client, params);
}

let emulator: TencentEmulator | undefined;
afterEach(() => emulator?.close());

describe("the official client for CDN", () => {
  const Cdn = clientOf("cdn", "v20180606");
  const url = (name: string) => `https://tencent-cdn.example.net/${name}.mp4`;

  async function start(options: Parameters<typeof startTencentCdn>[0] = {}, keys: object = {}) {
    const cdn = await startTencentCdn({ firstMs: 0, eachMs: 0, ...options });
    emulator = cdn;
    return { cdn, ask: driving(Cdn, cdn, keys) };
  }

  it("prefetches, and finds every row by the task's id, and by time and host", async () => {
    const { cdn, ask } = await start();
    const { TaskId } = await ask("PushUrlsCache", { Urls: [url("a"), url("fail-b")], Area: "mainland" });
    expect(TaskId).toMatch(/^\d{19}$/);
    const { PushLogs, TotalCount } = await ask("DescribePushTasks", { TaskId, Limit: 10 });
    expect([TotalCount, PushLogs]).toMatchObject([
      2,
      [
        { TaskId, Url: url("a"), Status: "done", Percent: 100, Area: "mainland" },
        { TaskId, Url: url("fail-b"), Status: "invalid" },
      ],
    ]);
    const time = { StartTime: "2020-01-01 00:00:00", EndTime: "2099-12-31 23:59:59" };
    expect(await ask("DescribePushTasks", { ...time, Keyword: "tencent-cdn.example.net", Offset: 1 })).toMatchObject({
      TotalCount: 2,
      PushLogs: [{ Url: url("fail-b") }],
    });
    expect(await ask("DescribePushTasks", { ...time, Keyword: url("none") })).toMatchObject({ PushLogs: null, TotalCount: 0 });
    expect(cdn.warmedAt(url("a"))).toBeTypeOf("number");
  });

  it("purges, counts areas and kinds apart, and lists domains", async () => {
    const { cdn, ask } = await start();
    await ask("PushUrlsCache", { Urls: [url("a")], Area: "global" });
    const { TaskId } = await ask("PurgeUrlsCache", { Urls: [url("a")], Area: "overseas" });
    expect(await ask("DescribePurgeTasks", { TaskId, PurgeType: "url" })).toMatchObject({
      PurgeLogs: [{ Status: "done", PurgeType: "url" }],
    });
    expect(cdn.warmedAt(url("a"))).toBeUndefined();
    const quota = (Area: string, Batch: number, Total: number, used: number) => ({ Area, Batch, Total, Available: Total - used });
    expect(await ask("DescribePushQuota")).toMatchObject({ UrlPush: [quota("mainland", 500, 1_000, 1), quota("overseas", 500, 1_000, 1)] });
    expect(await ask("DescribePurgeQuota")).toMatchObject({
      UrlPurge: [quota("mainland", 1_000, 10_000, 0), quota("overseas", 1_000, 10_000, 1)],
    });
    expect(await ask("DescribeDomains", { Offset: 0, Limit: 10 })).toMatchObject({
      TotalNumber: 1,
      Domains: [{ Domain: "tencent-cdn.example.net", Status: "online" }],
    });
  });

  const disabled = { domainCodes: { "tencent-cdn.example.net": "ResourceUnavailable.CdnHostIsNotOnline" } };
  it.each<readonly [string, string, readonly string[], object]>([
    ["a domain of another account", "ResourceNotFound.CdnHostNotExists", ["https://foreign.example.org/a"], {}],
    ["a disabled domain", "ResourceUnavailable.CdnHostIsNotOnline", [url("a")], disabled],
    ["a wildcard host", "InvalidParameter.CdnPushWildcardNotAllowed", ["https://*.example.net/a"], {}],
    ["a malformed URL", "InvalidParameter.CdnParamError", [url("malformed")], {}],
    ["no URL", "InvalidParameter.CdnParamError", [], {}],
    ["too many URLs", "LimitExceeded.CdnPushExceedBatchLimit", Array.from({ length: 501 }, (_, index) => url(String(index))), {}],
    ["more than the day's quota", "LimitExceeded.CdnPushExceedDayLimit", [url("a"), url("b")], { dailyLimit: 1 }],
    ["an account that moves", "OperationDenied.UserMigrating", [url("a")], { accountCode: "OperationDenied.UserMigrating" }],
    ["too many calls", "RequestLimitExceeded", [url("a")], { callsPerSecond: 0 }],
  ])("reads the refusal of %s", async (_, code, Urls, options) => {
    const { cdn, ask } = await start(options);
    await expect(ask("PushUrlsCache", { Urls })).rejects.toMatchObject({ code, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(cdn.spentToday).toBe(0);
  });

  it("passes with a token, and is refused with wrong credentials", async () => {
    const { cdn, ask } = await start({ user: { token: "a-token" } });
    await ask("DescribePushQuota");
    const wrong = (keys: object) => driving(Cdn, cdn, keys)("DescribePushQuota");
    await expect(wrong({ token: undefined })).rejects.toMatchObject({ code: "AuthFailure.TokenFailure" });
    await expect(wrong({ secretKey: "wrong" })).rejects.toMatchObject({ code: "AuthFailure.SignatureFailure" });
    await expect(wrong({ secretId: "AKIDwrong" })).rejects.toMatchObject({ code: "AuthFailure.SecretIdNotFound" });
  });

  it("is refused when the clocks are more than five minutes apart", async () => {
    const { ask } = await start({ now: () => Date.now() + 301_000 });
    await expect(ask("DescribePushQuota")).rejects.toMatchObject({ code: "AuthFailure.SignatureExpire" });
  });
});

describe("the official client for EdgeOne", () => {
  const Teo = clientOf("teo", "v20220901");
  const url = (name: string) => `https://tencent-edgeone.example.net/${name}.mp4`;
  const ZoneId = "zone-sandbox1";

  async function start(options: Parameters<typeof startTencentEdgeOne>[0] = {}) {
    const edgeOne = await startTencentEdgeOne({ firstMs: 0, eachMs: 0, ...options });
    emulator = edgeOne;
    return { edgeOne, ask: driving(Teo, edgeOne) };
  }

  it("prefetches all but the named URLs, and finds rows by job, and by time and domain", async () => {
    const { edgeOne, ask } = await start();
    const { JobId, FailedList } = await ask("CreatePrefetchTask", { ZoneId, Targets: [url("a"), url("fail-b"), url("malformed")] });
    expect([JobId, FailedList]).toEqual([expect.stringMatching(/^\w+$/), [{ Reason: expect.any(String), Targets: [url("malformed")] }]]);
    const byJob = await ask("DescribePrefetchTasks", { ZoneId, Filters: [{ Name: "job-id", Values: [JobId] }], Limit: 1_000 });
    expect(byJob).toMatchObject({
      TotalCount: 2,
      Tasks: [
        { JobId, Target: url("a"), Status: "success" },
        { JobId, Target: url("fail-b"), Status: "failed", FailType: "originPullFailed" },
      ],
    });
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const since = { ZoneId, StartTime: at(-60_000), EndTime: at(60_000) };
    const inDomain = (domain: string) => ask("DescribePrefetchTasks", { ...since, Filters: [{ Name: "domains", Values: [domain] }] });
    expect(await inDomain("tencent-edgeone.example.net")).toMatchObject({ TotalCount: 2 });
    expect(await inDomain("other.example.net")).toMatchObject({ TotalCount: 0, Tasks: [] });
    await expect(ask("DescribePrefetchTasks", { ZoneId, StartTime: at(-9 * 86_400_000), EndTime: at(0) })).rejects.toMatchObject({
      code: "InvalidParameter.ParameterError",
    });
    expect(edgeOne.warmedAt(url("a"))).toBeTypeOf("number");
  });

  it("purges, counts kinds apart, and lists zones and domains", async () => {
    const { edgeOne, ask } = await start();
    await ask("CreatePrefetchTask", { ZoneId, Targets: [url("a")] });
    const { JobId } = await ask("CreatePurgeTask", { ZoneId, Type: "purge_url", Targets: [url("a"), url("b")] });
    expect(await ask("DescribePurgeTasks", { ZoneId, Filters: [{ Name: "job-id", Values: [JobId] }] })).toMatchObject({ TotalCount: 2 });
    expect(edgeOne.warmedAt(url("a"))).toBeUndefined();
    expect(await ask("DescribeContentQuota", { ZoneId })).toMatchObject({
      PrefetchQuota: [{ Type: "prefetch_url", Batch: 500, Daily: 1_000, DailyAvailable: 999 }],
      PurgeQuota: [{ Type: "purge_all" }, { Type: "purge_url", DailyAvailable: 998 }],
    });
    expect(await ask("DescribeZones", { Limit: 100 })).toMatchObject({ TotalCount: 1, Zones: [{ ZoneId, Paused: false }] });
    expect(await ask("DescribeAccelerationDomains", { ZoneId, Limit: 200 })).toMatchObject({
      AccelerationDomains: [{ DomainName: "tencent-edgeone.example.net", DomainStatus: "online" }],
    });
  });

  it.each<readonly [string, string, object, object]>([
    ["a domain of another zone", "InvalidParameter.DomainNotFound", { Targets: ["https://foreign.example.org/a"] }, {}],
    ["bad URLs only", "InvalidParameter.TaskNotGenerated", { Targets: [url("malformed")] }, {}],
    ["no URL", "InvalidParameter.ParameterError", { Targets: [] }, {}],
    ["another account's zone", "ResourceNotFound.ZoneNotFound", { ZoneId: "zone-other", Targets: [url("a")] }, {}],
    ["too many URLs for the plan", "LimitExceeded.BatchQuota", { Targets: [url("a"), url("b")] }, { batch: 1 }],
    ["more than the day's quota", "LimitExceeded.DailyQuota", { Targets: [url("a"), url("b")] }, { dailyLimit: 1 }],
  ])("reads the refusal of %s", async (_, code, params, options) => {
    const { edgeOne, ask } = await start(options);
    await expect(ask("CreatePrefetchTask", { ZoneId, ...params })).rejects.toMatchObject({ code });
    expect(edgeOne.spentToday).toBe(0);
  });
});

describe("the official client for VOD", () => {
  const Vod = clientOf("vod", "v20180717");
  const url = (name: string) => `https://tencent-vod.example.net/${name}.mp4`;

  it("prefetches, lists domains and reads refusals", async () => {
    const vod = await startTencentVod({ firstMs: 0, eachMs: 0, dailyLimit: 2, subAppId: 7 });
    emulator = vod;
    const ask = driving(Vod, vod);
    expect(await ask("PushUrlCache", { Urls: [url("a")], SubAppId: 7 })).toEqual({ RequestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(vod.warmedAt(url("a"))).toBeTypeOf("number");
    expect(await ask("DescribeVodDomains", { SubAppId: 7 })).toMatchObject({
      TotalCount: 1,
      DomainSet: [{ Domain: "tencent-vod.example.net" }],
    });
    const refused = (Urls: readonly string[], SubAppId = 7) => ask("PushUrlCache", { Urls, SubAppId });
    await expect(refused([url("a"), url("b")])).rejects.toMatchObject({ code: "LimitExceeded" });
    await expect(refused(Array.from({ length: 21 }, (_, index) => url(String(index))))).rejects.toMatchObject({
      code: "InvalidParameterValue",
    });
    await expect(refused(["https://foreign.example.org/a"])).rejects.toMatchObject({ code: "InvalidParameterValue" });
    await expect(refused([url("a")], 8)).rejects.toMatchObject({ code: "FailedOperation.InvalidVodUser" });
    expect(vod.spentToday).toBe(1);
  });
});
