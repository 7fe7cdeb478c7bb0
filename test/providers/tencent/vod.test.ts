/** Tencent Cloud VOD keeps the provider contract without outcomes. */

import { afterEach, describe, expect, it } from "vitest";
import type { TencentOptions } from "../../../src/providers/tencent/options.ts";
import { createTencentVod, type TencentVodOptions } from "../../../src/providers/tencent/vod.ts";
import type { TencentEmulator } from "../../../src/sandbox/tencent/frame.ts";
import { startTencentVod, type TencentVodEmulatorOptions } from "../../../src/sandbox/tencent/vod.ts";
import { countingCall, failureOf, type ProviderHarness, providerContract } from "../../contract/provider.ts";
import { MINUTE } from "../clock-harness.ts";
import { refusal, saying, startTencentHarness, type TencentHarness, token } from "./harness.ts";

type Own = Pick<TencentVodOptions, "subAppId">;
type VodHarness = TencentHarness<TencentEmulator, TencentOptions & Own>;

const host = "tencent-vod.example.net";
const urls = (count: number) => Array.from({ length: count }, (_, index) => `https://${host}/${index}.mp4`);
const startUnclosed = (own: Own = {}, emulator: TencentVodEmulatorOptions = {}): Promise<VodHarness> =>
  startTencentHarness<TencentEmulator, Own>(
    (options) => startTencentVod({ ...options, ...emulator }),
    (options) => createTencentVod({ ...own, ...options, account: "tencent-vod:test" }),
  );

async function contractHarness(own: Own, emulator: TencentVodEmulatorOptions): Promise<ProviderHarness> {
  const { provider, vendor, clock, count, secrets, stopVendor, close } = await startUnclosed(own, emulator);
  return {
    provider,
    sampleUrls: urls,
    foreignUrl: "https://foreign.example.org/a.mp4",
    unknownTaskId: "1",
    unknownTask: "empty",
    secrets,
    inject: vendor.inject,
    refusalSaying: (text) => refusal("InvalidParameterValue", text),
    receivedSubmits: () => count("PushUrlCache"),
    receivedQueries: () => 0,
    settle: () => clock.advance(10 * MINUTE),
    now: clock.now,
    pass: clock.advance,
    stopVendor,
    close,
  };
}

providerContract({ name: "tencent-vod", start: () => contractHarness({}, {}) });
providerContract({
  name: "tencent-vod of an application, with temporary keys",
  start: () => contractHarness({ subAppId: 1_500_000_001 }, { user: { token }, subAppId: 1_500_000_001 }),
});

describe("tencent-vod", () => {
  let harness: VodHarness | undefined;
  afterEach(() => harness?.close());
  const start = async (own: Own = {}, emulator: TencentVodEmulatorOptions = {}): Promise<VodHarness> => {
    harness = await startUnclosed(own, emulator);
    return harness;
  };
  const submit = ({ provider }: VodHarness, count = 1) => provider.submit({ kind: "urls", urls: urls(count) }, countingCall());

  it("names the application only when it is set, and has no task", async () => {
    const vod = await start();
    expect(await submit(vod, 2)).toEqual({ vendorTaskIds: [], refused: [], requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect(vod.lastParams("PushUrlCache")).toEqual({ Urls: urls(2) });
    await vod.another({ subAppId: 7 }).submit({ kind: "urls", urls: urls(1) }, countingCall());
    expect(vod.lastParams("PushUrlCache")).toEqual({ Urls: urls(1), SubAppId: 7 });
    expect(vod.provider).toMatchObject({ tracking: "none", limits: { urlsPerRequest: 20, urlsPerDay: 10_000 } });
    expect(vod.provider.refresh).toBeUndefined();
  });

  it("says what is missing when the application is", async () => {
    const error = await failureOf(submit(await start({}, { subAppId: 7 })));
    expect(error).toMatchObject({ code: "auth_failed", vendorCode: "FailedOperation.InvalidVodUser", delivery: "refused" });
  });

  it("is out of quota by the vendor's word, and keeps a refused 503 apart from a lost answer", async () => {
    const vod = await start({}, { dailyLimit: 1 });
    expect(await failureOf(submit(vod, 2))).toMatchObject({ code: "quota_exhausted", delivery: "refused" });
    vod.vendor.inject({ fault: refusal("InternalError") });
    expect(await failureOf(submit(vod))).toMatchObject({ code: "vendor_unavailable", delivery: "unknown" });
  });

  it("lists domains over all pages", async () => {
    const domains = Array.from({ length: 45 }, (_, index) => `d${index}.example.net`);
    const { provider, vendor, count } = await start({}, { domains });
    expect((await provider.hosts?.(countingCall()))?.map(({ pattern }) => pattern)).toEqual(domains);
    expect(count("DescribeVodDomains")).toBe(3);
    vendor.inject({ fault: saying({ DomainSet: null, TotalCount: 0 }) });
    expect(await provider.hosts?.(countingCall())).toEqual([]);
  });
});
