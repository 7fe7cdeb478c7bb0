/** Tencent EdgeOne keeps the provider contract in each zone, and finds the zones of hosts. */

import { afterEach, describe, expect, it } from "vitest";
import type { BatchContent, Provider } from "../../../src/prefetch/model/provider.ts";
import { createTencentEdgeOne, type TencentEdgeOneOptions } from "../../../src/providers/tencent/edgeone.ts";
import type { TencentOptions } from "../../../src/providers/tencent/options.ts";
import { startTencentEdgeOne, type TencentEdgeOneEmulatorOptions } from "../../../src/sandbox/tencent/edgeone.ts";
import type { TencentEmulator } from "../../../src/sandbox/tencent/frame.ts";
import { countingCall, failureOf, type ProviderHarness, providerContract } from "../../contract/provider.ts";
import { HOUR, MINUTE } from "../clock-harness.ts";
import { refusal, saying, startTencentHarness, type TencentHarness, token } from "./harness.ts";

type Own = Pick<TencentEdgeOneOptions, "hosts">;
type EdgeOneHarness = TencentHarness<TencentEmulator, TencentOptions & Own>;

const zone = "zone-sandbox1";
const host = "tencent-edgeone.example.net";
const urls = (count: number) => Array.from({ length: count }, (_, index) => `https://${host}/${index}.mp4`);
const batch = (count: number): BatchContent => ({ kind: "urls", urls: urls(count) });
const startUnclosed = (emulator: TencentEdgeOneEmulatorOptions): Promise<EdgeOneHarness> =>
  startTencentHarness<TencentEmulator, Own>(
    (options) => startTencentEdgeOne({ ...options, ...emulator }),
    (options) => createTencentEdgeOne({ hosts: "auto", ...options, account: "tencent-edgeone:test" }),
  );

function inZone(provider: Provider, id = zone): Provider {
  const found = provider.zone?.(id);
  if (!found) throw new Error("The provider has no zones");
  return found;
}

async function contractHarness(part: "zone" | "refresh", emulator: TencentEdgeOneEmulatorOptions = {}): Promise<ProviderHarness> {
  const { provider: all, vendor, clock, count, secrets, stopVendor, close } = await startUnclosed(emulator);
  const provider = inZone(all);
  return {
    provider: (part === "refresh" && provider.refresh) || provider,
    sampleUrls: urls,
    foreignUrl: "https://foreign.example.org/a.mp4",
    unknownTaskId: `${zone}/1`,
    unknownTask: "empty",
    secrets,
    inject: vendor.inject,
    refusalSaying: (text) => refusal("InvalidParameter.Target", text),
    receivedSubmits: () => count("CreatePrefetchTask", "CreatePurgeTask"),
    receivedQueries: () => count("DescribePrefetchTasks", "DescribePurgeTasks"),
    settle: () => clock.advance(10 * MINUTE),
    now: clock.now,
    pass: clock.advance,
    unknownState: (url) => saying({ Tasks: [{ JobId: "1379afjk91u32h", Target: url, Status: "wonderful" }], TotalCount: 1 }),
    stopVendor,
    close,
  };
}

providerContract({ name: "tencent-edgeone, a zone", start: () => contractHarness("zone") });
providerContract({ name: "tencent-edgeone-refresh", start: () => contractHarness("refresh", { user: { token } }) });

let harness: EdgeOneHarness | undefined;
afterEach(() => harness?.close());
async function start(emulator: TencentEdgeOneEmulatorOptions = {}): Promise<EdgeOneHarness> {
  harness = await startUnclosed(emulator);
  return harness;
}

describe("the zones", () => {
  const zones = { "zone-a": ["a.example.net", "*.example.org"], "zone-b": ["x.example.org"], "zone-c": [] };

  it("are looked up with their domains, the most specific first", async () => {
    const { provider, count } = await start({ zones });
    const call = countingCall();
    expect(await provider.hosts?.(call)).toEqual([
      { pattern: "a.example.net", active: true, zone: "zone-a" },
      { pattern: "x.example.org", active: true, zone: "zone-b" },
      { pattern: "*.example.org", active: true, zone: "zone-a" },
    ]);
    expect([call.turns, count("DescribeZones"), count("DescribeAccelerationDomains")]).toEqual([0, 1, 3]);
  });

  it("are read over all pages, without paused ones, and boundedly", async () => {
    const many = Object.fromEntries(Array.from({ length: 130 }, (_, index) => [`zone-${index}`, [`h${index}.example.net`]]));
    const { provider, vendor, count } = await start({ zones: many });
    expect(await provider.hosts?.(countingCall())).toHaveLength(130);
    expect(count("DescribeZones")).toBe(2);
    vendor.inject({ fault: saying({ TotalCount: 2, Zones: [{ ZoneId: "zone-1", Paused: true }, { ZoneId: "zone-2" }] }) });
    expect((await provider.hosts?.(countingCall()))?.map((each) => each.zone)).toEqual(["zone-2"]);
    vendor.inject({ fault: saying({ TotalCount: 1_000_000, Zones: [{ ZoneId: "zone-1" }] }), times: 500, action: "DescribeZones" });
    expect(await provider.hosts?.(countingCall())).toHaveLength(1);
  });

  it("are those of the setting, without a request", async () => {
    const { another, vendor } = await start();
    const hosts = [{ pattern: "a.example.net", zone: "zone-a" }];
    expect(await another({ hosts }).hosts?.(countingCall())).toEqual(hosts);
    expect(vendor.log).toEqual([]);
  });

  it("are one object each, with ledgers of their own for both kinds of tasks", async () => {
    const { provider } = await start({ zones });
    const one = inZone(provider, "zone-a");
    expect(inZone(provider, "zone-a")).toBe(one);
    expect(one).toMatchObject({ id: "tencent-edgeone", zoneId: "zone-a", account: "tencent-edgeone:test/zone-a" });
    expect(one.refresh).toMatchObject({ id: "tencent-edgeone-refresh", account: "tencent-edgeone-refresh:test/zone-a" });
    expect(provider).toMatchObject({ account: "tencent-edgeone:test", refresh: { account: "tencent-edgeone-refresh:test" } });
    expect(await failureOf(provider.submit(batch(1), countingCall()))).toMatchObject({ code: "unsupported", delivery: "not_sent" });
  });

  it("have quotas of their own, with the URLs of one request", async () => {
    const { provider } = await start({ zones, batch: 50, dailyLimit: 9 });
    const url = "https://a.example.net/1";
    await inZone(provider, "zone-a").submit({ kind: "urls", urls: [url] }, countingCall());
    const quotaOf = (id: string) => inZone(provider, id).quota?.(countingCall());
    expect(await quotaOf("zone-a")).toEqual({ limit: 9, remaining: 8, urlsPerRequest: 50 });
    expect(await quotaOf("zone-b")).toEqual({ limit: 9, remaining: 9, urlsPerRequest: 50 });
    expect(await inZone(provider, "zone-a").refresh?.quota?.(countingCall())).toEqual({
      limit: 1_000,
      remaining: 1_000,
      urlsPerRequest: 50,
    });
    expect(await failureOf(Promise.resolve(quotaOf("zone-z")))).toMatchObject({
      code: "not_found",
      hint: expect.stringContaining("HOSTS"),
    });
  });
});

describe("a submit", () => {
  it("refuses the URLs that the vendor names as failed, and has a job for the rest", async () => {
    const { provider, clock } = await start();
    const bad = `https://${host}/malformed.mp4`;
    const { vendorTaskIds, refused } = await inZone(provider).submit({ kind: "urls", urls: [...urls(2), bad] }, countingCall());
    expect(refused).toEqual([{ url: bad, code: "invalid_argument", reason: 'Tencent EdgeOne refuses the URL: "The target is invalid.".' }]);
    expect(vendorTaskIds).toEqual([`${zone}/1379afjk91u32h`]);
    clock.advance(HOUR);
    const rows = await provider.status?.({ vendorTaskIds }, countingCall());
    expect(rows?.map(({ url, state }) => [url, state])).toEqual(urls(2).map((url) => [url, "succeeded"]));
  });

  it("has no job when every URL failed, and is unclear without a job and a reason", async () => {
    const { provider, vendor } = await start();
    const failed = (Targets: readonly string[] | null, Reason: string | null) => saying({ JobId: "", FailedList: [{ Reason, Targets }] });
    vendor.inject({ fault: failed(urls(1), null) });
    expect(await inZone(provider).submit(batch(1), countingCall())).toMatchObject({
      vendorTaskIds: [],
      refused: [{ url: urls(1)[0], reason: "Tencent EdgeOne refuses the URL and gives no reason." }],
    });
    for (const fault of [failed(null, "x"), saying({ FailedList: null })]) {
      vendor.inject({ fault });
      expect(await failureOf(inZone(provider).submit(batch(1), countingCall()))).toMatchObject({ delivery: "unknown" });
    }
  });
});

describe("a task", () => {
  it.each([
    ["failed", "originPullFailed", "502", 'Tencent EdgeOne reports "failed": originPullFailed: 502.'],
    ["timeout", "", null, 'Tencent EdgeOne reports "timeout": it gives no reason.'],
    ["canceled", null, null, 'Tencent EdgeOne reports "canceled": it gives no reason.'],
    ["invalid", null, "", 'Tencent EdgeOne reports "invalid": the origin did not answer with 2xx.'],
  ])("has failed when the vendor says %s", async (Status, FailType, FailMessage, reason) => {
    const { provider, vendor } = await start();
    vendor.inject({ fault: saying({ Tasks: [{ JobId: "7", Target: urls(1)[0], Status, FailType, FailMessage }], TotalCount: "1" }) });
    const rows = await provider.status?.({ vendorTaskIds: [`${zone}/7`] }, countingCall());
    expect(rows).toMatchObject([{ state: "failed", vendorState: Status, reason }]);
  });

  it("is asked for in the zone of its id, and does not exist without one", async () => {
    const { provider, lastParams, vendor } = await start({ zones: { "zone-a": [], "zone-b": [] } });
    await provider.status?.({ vendorTaskIds: ["zone-b/7"] }, countingCall());
    expect(lastParams("DescribePrefetchTasks")).toEqual({
      ZoneId: "zone-b",
      Filters: [{ Name: "job-id", Values: ["7"] }],
      Offset: 0,
      Limit: 100,
    });
    await provider.refresh?.status({ vendorTaskIds: ["zone-a/8"] }, countingCall());
    expect(lastParams("DescribePurgeTasks")).toMatchObject({ ZoneId: "zone-a" });
    const asked = vendor.log.length;
    for (const id of ["7", "zone-a/", "zone-a/7/8", "zone-A/7"]) {
      expect(await failureOf(Promise.resolve(provider.status?.({ vendorTaskIds: [id] }, countingCall())))).toMatchObject({
        code: "not_found",
      });
    }
    expect(
      await failureOf(Promise.resolve(inZone(provider, "zone-b").status?.({ vendorTaskIds: ["zone-b/ 7"] }, countingCall()))),
    ).toMatchObject({
      code: "not_found",
    });
    expect(vendor.log).toHaveLength(asked);
  });

  it("whose answer was lost is looked up in UTC by the URLs' host", async () => {
    const { provider, clock, lastParams } = await start();
    await inZone(provider).findSubmitted?.(batch(1), { notBefore: clock.now(), elapsedMs: 0 }, countingCall());
    expect(lastParams("DescribePrefetchTasks")).toMatchObject({
      ZoneId: zone,
      StartTime: "2026-11-21T11:59:55Z",
      EndTime: "2026-11-21T12:00:05Z",
      Filters: [{ Name: "domains", Values: [host] }],
    });
  });
});

describe("the check of the credentials of all zones", () => {
  it("asks for a zone, or for a task in the first zone of the setting, and needs the vendor's own answer", async () => {
    const { provider, another, vendor } = await start();
    await provider.checkLogin?.(countingCall());
    await another({ hosts: [{ pattern: host, zone }] }).checkLogin?.(countingCall());
    expect(vendor.log.map(({ action }) => action)).toEqual(["DescribeZones", "DescribePrefetchTasks"]);
    vendor.inject({ fault: refusal("UnauthorizedOperation.CamUnauthorized") });
    expect(await failureOf(Promise.resolve(provider.checkLogin?.(countingCall())))).toMatchObject({
      code: "auth_failed",
      hint: expect.stringContaining("teo:DescribeZones"),
    });
  });
});
