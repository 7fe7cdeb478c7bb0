/** Tencent Cloud CDN keeps the provider contract, and has behaviour of its own. */

import { afterEach, describe, expect, it } from "vitest";
import type { BatchContent } from "../../../src/prefetch/model/provider.ts";
import { createTencentCdn, type TencentCdnOptions } from "../../../src/providers/tencent/cdn.ts";
import type { TencentOptions } from "../../../src/providers/tencent/options.ts";
import { startTencentCdn, type TencentCdnEmulator, type TencentCdnEmulatorOptions } from "../../../src/sandbox/tencent/cdn.ts";
import { countingCall, failureOf, type ProviderHarness, providerContract } from "../../contract/provider.ts";
import { HOUR, MINUTE } from "../clock-harness.ts";
import { refusal, saying, startTencentHarness, type TencentHarness, token } from "./harness.ts";

type Area = TencentCdnOptions["area"];
type CdnHarness = TencentHarness<TencentCdnEmulator, TencentOptions & { readonly area: Area }>;

const host = "tencent-cdn.example.net";
const urls = (count: number) => Array.from({ length: count }, (_, index) => `https://${host}/${index}.mp4`);
const batch = (count: number): BatchContent => ({ kind: "urls", urls: urls(count) });

let harness: CdnHarness | undefined;
afterEach(() => harness?.close());

const startUnclosed = (area: Area, emulator: TencentCdnEmulatorOptions): Promise<CdnHarness> =>
  startTencentHarness<TencentCdnEmulator, { readonly area: Area }>(
    (options) => startTencentCdn({ ...options, ...emulator }),
    (options) => createTencentCdn({ area, ...options, account: "tencent-cdn:test" }),
  );

async function start(area: Area = "mainland", emulator: TencentCdnEmulatorOptions = {}): Promise<CdnHarness> {
  harness = await startUnclosed(area, emulator);
  return harness;
}

async function contractHarness(
  area: Area,
  emulator: TencentCdnEmulatorOptions = {},
  part: "prefetch" | "refresh" = "prefetch",
): Promise<ProviderHarness> {
  const { provider: prefetch, vendor, clock, count, secrets, stopVendor, close } = await startUnclosed(area, emulator);
  const field = part === "refresh" ? "PurgeLogs" : "PushLogs";
  return {
    provider: (part === "refresh" && prefetch.refresh) || prefetch,
    sampleUrls: urls,
    foreignUrl: "https://foreign.example.org/a.mp4",
    badUrl: `https://${host}/malformed.mp4`,
    unknownTaskId: "1",
    unknownTask: "empty",
    secrets,
    inject: vendor.inject,
    refusalSaying: (text) => refusal("InvalidParameter.CdnParamError", text),
    receivedSubmits: () => count("PushUrlsCache", "PurgeUrlsCache"),
    receivedQueries: () => count("DescribePushTasks", "DescribePurgeTasks"),
    settle: () => clock.advance(10 * MINUTE),
    now: clock.now,
    pass: clock.advance,
    unknownState: (url) =>
      saying({ [field]: [{ TaskId: vendor.rows[0]?.taskId, Url: url, Status: "wonderful", Percent: 3 }], TotalCount: 1 }),
    stopVendor,
    close,
  };
}

providerContract({ name: "tencent-cdn", start: () => contractHarness("mainland") });
providerContract({ name: "tencent-cdn-refresh", start: () => contractHarness("global", {}, "refresh") });
providerContract({
  name: "tencent-cdn overseas with temporary keys and numbers as ids",
  start: () => contractHarness("overseas", { user: { token }, ids: "numbers" }),
});

describe("the area", () => {
  it.each([
    ["mainland", "mid-tier", { Area: "mainland" }, { Area: "mainland" }],
    ["overseas", "edge", { Area: "overseas" }, { Area: "overseas" }],
    // A refresh without an area covers the domain's own.
    ["global", "unknown", { Area: "global" }, {}],
  ] as const)("%s decides depth, ledger and the requests", async (area, depth, prefetched, refreshed) => {
    const { provider, lastParams } = await start(area);
    expect(provider).toMatchObject({
      depth,
      account: `tencent-cdn:test:${area}`,
      refresh: { account: `tencent-cdn-refresh:test:${area}` },
    });
    await provider.submit(batch(2), countingCall());
    expect(lastParams("PushUrlsCache")).toEqual({ Urls: urls(2), ...prefetched });
    await provider.refresh?.submit(batch(2), countingCall());
    expect(lastParams("PurgeUrlsCache")).toEqual({ Urls: urls(2), ...refreshed });
  });

  it("picks the row of the quota, and the smaller one for global", async () => {
    const { provider, another } = await start("overseas");
    await provider.submit(batch(3), countingCall());
    expect(await another({ area: "mainland" }).quota?.(countingCall())).toEqual({ limit: 1_000, remaining: 1_000, urlsPerRequest: 500 });
    expect(await provider.quota?.(countingCall())).toEqual({ limit: 1_000, remaining: 997, urlsPerRequest: 500 });
    const global = another({ area: "global" });
    expect(await global.quota?.(countingCall())).toEqual({ limit: 1_000, remaining: 997, urlsPerRequest: 500 });
    await global.submit(batch(2), countingCall());
    expect(await another({ area: "mainland" }).quota?.(countingCall())).toEqual({ limit: 1_000, remaining: 998, urlsPerRequest: 500 });
    expect(await global.refresh?.quota?.(countingCall())).toEqual({ limit: 10_000, remaining: 10_000, urlsPerRequest: 1_000 });
  });

  it("has no quota when the vendor tells none for it", async () => {
    const { provider, vendor } = await start("overseas");
    for (const UrlPush of [[], null, [{ Area: "mainland", Batch: 500, Total: 1_000, Available: 1_000 }]]) {
      vendor.inject({ fault: saying({ UrlPush }) });
      expect(await failureOf(Promise.resolve(provider.quota?.(countingCall())))).toMatchObject({ code: "vendor_unavailable" });
    }
    vendor.inject({ fault: saying({ UrlPush: [{ Area: "overseas", Batch: 500, Total: "1000", Available: -7 }] }) });
    expect(await provider.quota?.(countingCall())).toEqual({ limit: 1_000, remaining: 0, urlsPerRequest: 500 });
  });
});

describe("a task", () => {
  const statusOf = async ({ provider }: CdnHarness, vendorTaskIds: readonly string[]) =>
    provider.status?.({ vendorTaskIds }, countingCall());

  it("has all of its rows over the vendor's pages, in the vendor's words", async () => {
    const cdn = await start();
    const mixed = [...urls(249), `https://${host}/fail.mp4`];
    const { vendorTaskIds, requestId } = await cdn.provider.submit({ kind: "urls", urls: mixed }, countingCall());
    expect([vendorTaskIds, requestId]).toEqual([[expect.stringMatching(/^\d{19}$/)], expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    cdn.clock.advance(HOUR);
    const rows = (await statusOf(cdn, vendorTaskIds)) ?? [];
    expect(rows).toHaveLength(250);
    expect(rows[0]).toMatchObject({ url: urls(1)[0], taskId: vendorTaskIds[0], state: "succeeded", vendorState: "done 100%" });
    expect(rows.at(-1)).toMatchObject({
      state: "failed",
      vendorState: "invalid 100%",
      reason: 'Tencent Cloud reports "invalid": the origin answered with 4xx or 5xx.',
    });
    expect(cdn.count("DescribePushTasks")).toBe(3);
  });

  it("keeps every digit of an id that is a number, and asks for it as text", async () => {
    const cdn = await start();
    cdn.vendor.inject({ fault: { kind: "garble", body: '{"Response":{"TaskId":1633944109143463812,"RequestId":"0a1b"}}' } });
    const { vendorTaskIds } = await cdn.provider.submit(batch(1), countingCall());
    expect(vendorTaskIds).toEqual(["1633944109143463812"]);
    await statusOf(cdn, vendorTaskIds);
    expect(cdn.lastParams("DescribePushTasks")).toEqual({ TaskId: "1633944109143463812", Offset: 0, Limit: 100 });
  });

  it("has no rows of other tasks, and none when the list is null or the task has vanished", async () => {
    const cdn = await start();
    const row = { TaskId: "7", Url: urls(1)[0], Status: "done", Percent: 100, CreateTime: "2026-11-21 20:00:00" };
    cdn.vendor.inject({ fault: saying({ PushLogs: [{ ...row, TaskId: "8", Url: "https://other.example/" }, row], TotalCount: 2 }) });
    expect(await statusOf(cdn, ["7"])).toMatchObject([{ url: urls(1)[0], state: "succeeded" }]);
    cdn.vendor.inject({ fault: saying({ PushLogs: null, TotalCount: null }) });
    expect(await statusOf(cdn, ["7"])).toEqual([]);
    expect(await statusOf(cdn, ["7"])).toEqual([]);
  });

  it("reads on when the vendor's pages are shorter than asked for, and stops when a page is empty or the list never ends", async () => {
    const cdn = await start();
    const row = (index: number) => ({ TaskId: "7", Url: `https://${host}/${index}`, Status: "process", Percent: "12" });
    for (const index of [0, 1]) cdn.vendor.inject({ fault: saying({ PushLogs: [row(index)], TotalCount: 9 }) });
    expect(await statusOf(cdn, ["7"])).toHaveLength(2);
    expect(cdn.vendor.log.map(({ params }) => params.Offset)).toEqual([0, 1, 2]);
    cdn.vendor.inject({ fault: saying({ PushLogs: [row(0)], TotalCount: 1_000_000 }), times: 500 });
    const before = cdn.vendor.log.length;
    await statusOf(cdn, ["7"]);
    expect(cdn.vendor.log.length - before).toBe(100);
  });

  it("does not exist when its id cannot be one", async () => {
    const cdn = await start();
    const error = await failureOf(statusOf(cdn, ["7/8"]));
    expect(error).toMatchObject({ code: "not_found", provider: "tencent-cdn" });
    expect(cdn.vendor.log).toEqual([]);
  });
});

describe("a lost answer", () => {
  it.each([
    ["China time", 8],
    ["UTC", 0],
  ])("is found, and an older request for the same URL is not, with records in %s", async (_, utcOffsetHours) => {
    const { provider, clock } = await start("mainland", { utcOffsetHours });
    const [first] = (await provider.submit(batch(1), countingCall())).vendorTaskIds;
    const lookUp = () => provider.findSubmitted?.(batch(1), { notBefore: clock.now() - 3 * MINUTE, elapsedMs: 3 * MINUTE }, countingCall());
    expect(await lookUp()).toMatchObject({ state: "found", vendorTaskIds: [first] });
    clock.advance(HOUR);
    expect(await lookUp()).toEqual({ state: "absent" });
    const [second] = (await provider.submit(batch(1), countingCall())).vendorTaskIds;
    expect(await lookUp()).toMatchObject({ state: "found", vendorTaskIds: [second] });
  });

  it("is looked up by the URLs' host, over the times that the vendor's zone can be in", async () => {
    const { provider, clock, lastParams } = await start();
    await provider.findSubmitted?.(batch(1), { notBefore: clock.now() - 1_000, elapsedMs: 1_000 }, countingCall());
    expect(lastParams("DescribePushTasks")).toEqual({
      StartTime: "2026-11-21 11:59:54",
      EndTime: "2026-11-21 20:00:05",
      Keyword: host,
      Offset: 0,
      Limit: 100,
    });
    await provider.refresh?.findSubmitted?.(batch(1), { notBefore: clock.now(), elapsedMs: 0 }, countingCall());
    expect(lastParams("DescribePurgeTasks")).toMatchObject({ PurgeType: "url", Keyword: host });
  });

  it("is unclear when it is older than the records are known to reach back", async () => {
    const { provider, clock, vendor } = await start();
    const sent = { notBefore: clock.now() - 25 * HOUR, elapsedMs: 25 * HOUR };
    expect(await provider.findSubmitted?.(batch(1), sent, countingCall())).toEqual({ state: "unclear" });
    expect(vendor.log).toEqual([]);
  });
});

describe("credentials", () => {
  it("are proved by a look-up that spends nothing", async () => {
    const { provider, vendor } = await start();
    await provider.checkLogin?.(countingCall());
    expect(vendor.log.map(({ action }) => action)).toEqual(["DescribePushTasks"]);
    vendor.inject({ fault: refusal("AuthFailure.SecretIdNotFound") });
    expect(await failureOf(Promise.resolve(provider.checkLogin?.(countingCall())))).toMatchObject({ code: "auth_failed" });
  });

  it("sign once more with the vendor's time when it refuses this machine's", async () => {
    const { provider, clock, vendor } = await start();
    vendor.inject({ fault: refusal("AuthFailure.SignatureExpire") });
    const call = countingCall();
    await provider.submit(batch(1), call);
    expect(call.turns).toBe(2);
    // From then on, setting this machine's clock changes no signature; the emulator has the unmoved time.
    vendor.inject({ fault: refusal("AuthFailure.SignatureExpire"), times: 2 });
    clock.step(HOUR);
    expect(await failureOf(provider.submit(batch(1), countingCall()))).toMatchObject({
      code: "auth_failed",
      message: expect.stringContaining("this machine's clock is 60 minutes ahead of the vendor's"),
      hint: expect.stringContaining("Set the clock"),
    });
  });
});

describe("the served hosts", () => {
  it("are inactive when their domain is offline", async () => {
    const domainCodes = { "old.example.net": "ResourceUnavailable.CdnHostIsNotOnline" };
    const { provider } = await start("mainland", { domains: [host, "old.example.net"], domainCodes });
    expect(await provider.hosts?.(countingCall())).toEqual([
      { pattern: host, active: true },
      { pattern: "old.example.net", active: false },
    ]);
  });
});

it("takes no asset", async () => {
  const { provider } = await start();
  expect(await failureOf(provider.submit({ kind: "asset", assetId: "a" }, countingCall()))).toMatchObject({ code: "unsupported" });
});
