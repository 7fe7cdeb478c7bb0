/** Alibaba Cloud VOD keeps the provider contract, and has behaviour of its own. */

import { afterEach, describe, expect, it } from "vitest";
import type { BatchContent, Provider, StatusRow } from "../../../src/prefetch/model/provider.ts";
import { countingCall, failureOf, type ProviderHarness, providerContract, shownOf } from "../../contract/provider.ts";
import { HOUR, MINUTE, SECOND } from "../clock-harness.ts";
import { type AlibabaHarness, assetId, refusal, type Setup, securityToken, startAlibaba, unknownId, unpublishedId } from "./harness.ts";

const urls = (count: number, host = "vod.example.net") => Array.from({ length: count }, (_, index) => `https://${host}/${index}.mp4`);
const assetUrls = ["https://vod.example.net/93ab850b/sd.mp4", "https://vod.example.net/93ab850b/hd/index.m3u8"];
const batchOf = (...list: string[]): BatchContent => ({ kind: "urls", urls: list });
const asset = { kind: "asset", assetId } as const;

async function contractHarness(setup: Setup, part: "prefetch" | "refresh" = "prefetch"): Promise<ProviderHarness> {
  const alibaba = await startAlibaba(setup);
  const { vod, provider: prefetch, clock, count } = alibaba;
  const provider = (part === "refresh" && prefetch.refresh) || prefetch;
  return {
    provider,
    sampleUrls: urls,
    sampleAsset: { assetId, urls: assetUrls },
    unknownAssetId: unknownId,
    foreignUrl: "https://foreign.example.org/a.mp4",
    unknownTaskId: "1",
    unknownTask: "empty",
    secrets: Object.values(vod.user).map(String),
    inject: (rule) => vod.inject(rule),
    refusalSaying: (text) => refusal(400, "InvalidParameter", text),
    receivedSubmits: () => count("PreloadVodObjectCaches", "RefreshVodObjectCaches", "RefreshMediaPlayUrls"),
    receivedQueries: () => count("DescribeVodRefreshTasks", "GetMediaRefreshJobs"),
    settle: () => clock.advance(10 * MINUTE),
    now: clock.now,
    pass: clock.advance,
    badUrl: "https://vod.example.net/malformed.mp4",
    unknownState: (url) => ({
      kind: "garble",
      body: JSON.stringify({ TotalCount: 1, Tasks: { Task: [{ TaskId: "1", ObjectPath: url, Status: "Wonderful" }] } }),
    }),
    stopVendor: alibaba.stopVendor,
    close: alibaba.close,
  };
}

providerContract({ name: "alibaba-vod", start: () => contractHarness({}) });
providerContract({ name: "alibaba-vod-refresh", start: () => contractHarness({}, "refresh") });
providerContract({ name: "alibaba-vod with temporary keys", start: () => contractHarness({ emulator: { user: { securityToken } } }) });
providerContract({
  name: "alibaba-vod with number ids and slow jobs",
  start: () => contractHarness({ emulator: { numbers: "numbers", jobMs: 2 * SECOND } }),
});

let alibaba: AlibabaHarness;
afterEach(() => alibaba?.close());

const start = async (setup: Setup = {}): Promise<AlibabaHarness> => {
  alibaba = await startAlibaba(setup);
  return alibaba;
};
const submit = (batch: BatchContent, provider: Provider = alibaba.provider, call = countingCall()) => provider.submit(batch, call);
const ask = (vendorTaskIds: readonly string[], content?: BatchContent): Promise<StatusRow[]> =>
  Promise.resolve(alibaba.provider.status?.({ vendorTaskIds, ...(content && { content }) }, countingCall()) ?? []);
const lastParams = (action: string) => Object.fromEntries(alibaba.vod.log.findLast((entry) => entry.action === action)?.params ?? []);

describe("a prefetch of URLs", () => {
  it("sends only the configured options", async () => {
    await start();
    await submit(batchOf(...urls(2)));
    expect(lastParams("PreloadVodObjectCaches")).toEqual({ ObjectPath: urls(2).join("\n") });
  });

  it("sends every configured option", async () => {
    const withHeader = '{"Accept-Encoding":["gzip, deflate, br"]}';
    await start({ provider: { area: "overseas", secondTier: true, withHeader } });
    await submit(batchOf(...urls(1)));
    expect(lastParams("PreloadVodObjectCaches")).toMatchObject({ Area: "overseas", L2Preload: "true", WithHeader: withHeader });
  });

  it("has a row for each URL when its hosts get different task ids", async () => {
    await start();
    const mixed = [...urls(60), ...urls(40, "media.example.net")];
    const { vendorTaskIds } = await submit(batchOf(...mixed));
    expect(vendorTaskIds).toHaveLength(2);
    alibaba.clock.advance(MINUTE);
    const rows = await ask(vendorTaskIds);
    expect(rows.map((row) => row.url).sort()).toEqual([...mixed].sort());
    expect(new Set(rows.map((row) => row.state))).toEqual(new Set(["succeeded"]));
    // 60 rows take two pages.
    expect(alibaba.count("DescribeVodRefreshTasks")).toBe(3);
  });

  it("lists the URLs of both submits when they share a task id", async () => {
    await start();
    const first = await submit(batchOf("https://vod.example.net/a.mp4"));
    const second = await submit(batchOf("https://vod.example.net/b.mp4"));
    expect(first.vendorTaskIds).toEqual(second.vendorTaskIds);
    expect((await ask(first.vendorTaskIds)).map((row) => row.url)).toEqual([
      "https://vod.example.net/a.mp4",
      "https://vod.example.net/b.mp4",
    ]);
  });

  it("is repeated with the vendor's date when this machine's clock is wrong", async () => {
    await start();
    const { vod, another, clock } = alibaba;
    for (const minutes of [-20, 20]) {
      const wrong = { ...clock, now: () => clock.now() + minutes * MINUTE };
      const provider = another({ clock: wrong });
      const call = countingCall();
      await provider.submit(batchOf(...urls(1)), call);
      // The refused attempt takes a turn, too. Later calls start with the adopted clock.
      expect(call.turns).toBe(2);
      const next = countingCall();
      await provider.submit(batchOf(...urls(1)), next);
      expect(next.turns).toBe(1);
    }
    expect(vod.spentToday).toBe(4);
  });

  it("is not repeated after SignatureNonceUsed, because the vendor may have done it", async () => {
    await start();
    const { vod } = alibaba;
    vod.inject({ fault: refusal(400, "SignatureNonceUsed") });
    expect(await failureOf(submit(batchOf(...urls(1))))).toMatchObject({ delivery: "unknown", retryable: true });
    expect(vod.log).toEqual([]);
  });

  it("is accepted behind a gateway that rewrites the host", async () => {
    await start();
    const { another, vod } = alibaba;
    // The emulator receives the signed host, as the vendor does behind a gateway.
    const provider = another({ cache: { url: vod.endpoint, signHost: "vod.cn-shanghai.aliyuncs.com" } });
    expect((await submit(batchOf(...urls(1)), provider)).vendorTaskIds).toHaveLength(1);
  });

  it("has the delivery unknown when the answer has no task id", async () => {
    await start();
    for (const body of ["{}", '{"PreloadTaskId":""}', '{"PreloadTaskId":null}']) {
      alibaba.vod.inject({ fault: { kind: "garble", body } });
      expect(await failureOf(submit(batchOf(...urls(1))))).toMatchObject({ code: "vendor_unavailable", delivery: "unknown" });
    }
  });
});

describe("the rows of a task", () => {
  it("are found when the vendor lists URLs without their scheme", async () => {
    await start({ emulator: { echoScheme: false } });
    const { vendorTaskIds } = await submit(batchOf("https://vod.example.net/a.mp4"));
    expect(await ask(vendorTaskIds)).toMatchObject([{ url: "vod.example.net/a.mp4", state: "processing" }]);
    alibaba.vod.inject({ fault: { kind: "reset", when: "after" }, action: "PreloadVodObjectCaches" });
    const sentAt = alibaba.clock.now();
    await failureOf(submit(batchOf("https://vod.example.net/b.mp4")));
    const found = await alibaba.provider.findSubmitted?.(
      batchOf("https://vod.example.net/b.mp4"),
      { notBefore: sentAt, elapsedMs: 0 },
      countingCall(),
    );
    expect(found).toMatchObject({ state: "found", urls: ["vod.example.net/b.mp4"] });
  });

  it("keep the vendor's word, progress and reason", async () => {
    await start();
    const { vendorTaskIds } = await submit(batchOf("https://vod.example.net/fail.mp4"));
    expect(await ask(vendorTaskIds)).toMatchObject([{ vendorState: "Pending 0%" }]);
    alibaba.clock.advance(SECOND);
    const [running] = await ask(vendorTaskIds);
    expect(running?.vendorState).toMatch(/^Refreshing \d+(\.\d+)?%$/);
    alibaba.clock.advance(MINUTE);
    const [row] = await ask(vendorTaskIds);
    expect(row).toMatchObject({ state: "failed", vendorState: "Failed 100%" });
    expect(row?.reason).toMatch(/Origin Return StatusCode 5XX.*origin answered with an error/);
  });

  it.each([
    ["Timeout", "10", "processing", "Timeout 10%"],
    ["COMPLETE", "99.37%", "succeeded", "COMPLETE 99.37%"],
    ["Complete", "250%", "succeeded", "Complete 100%"],
    ["", undefined, "processing", ""],
  ])("with status %j and progress %j are %s", async (Status, Process, state, vendorState) => {
    await start();
    const Task = [{ TaskId: 7, ObjectPath: "https://vod.example.net/a.mp4", Status, Process }];
    alibaba.vod.inject({ fault: { kind: "garble", body: JSON.stringify({ TotalCount: "1", Tasks: { Task } }) } });
    expect(await ask(["7"])).toMatchObject([{ state, vendorState }]);
  });

  it("are no longer listed after three days", async () => {
    await start();
    const { vendorTaskIds } = await submit(batchOf(...urls(1)));
    alibaba.clock.advance(73 * HOUR);
    expect(await ask(vendorTaskIds)).toEqual([]);
    expect(alibaba.provider.limits.recordDays).toBe(3);
  });
});

describe("a lost answer", () => {
  const lose = async (...list: string[]) => {
    alibaba.vod.inject({ fault: { kind: "reset", when: "after" } });
    const sentAt = alibaba.clock.now();
    await failureOf(submit(batchOf(...list)));
    return sentAt;
  };
  /** `elapsedMs`: how long ago it was sent, whatever the provider's clock says. */
  const findLost = (
    notBefore: number,
    batch: BatchContent,
    provider: Provider = alibaba.provider,
    elapsedMs = alibaba.clock.now() - notBefore,
  ) => provider.findSubmitted?.(batch, { notBefore, elapsedMs }, countingCall());

  it("is found over all pages among other URLs of the domain", async () => {
    await start();
    await submit(batchOf(...urls(100).map((url) => `${url}?other`)));
    const list = urls(100);
    const sentAt = await lose(...list);
    const found = await findLost(sentAt, batchOf(...list));
    expect(found?.state === "found" && [...found.urls].sort()).toEqual([...list].sort());
  });

  it("is found when this machine's clock is 12 minutes off", async () => {
    await start();
    const { another, clock, vod } = alibaba;
    for (const minutes of [-12, 12]) {
      const provider = another({ clock: { ...clock, now: () => clock.now() + minutes * MINUTE } });
      const list = [`https://vod.example.net/skew${minutes}.mp4`];
      const sentAt = clock.now() + minutes * MINUTE;
      expect(await findLost(sentAt, batchOf(...list), provider, 0)).toEqual({ state: "unclear" });
      vod.inject({ fault: { kind: "reset", when: "after" } });
      await failureOf(submit(batchOf(...list), provider));
      expect(await findLost(sentAt, batchOf(...list), provider, 0)).toMatchObject({ state: "found", urls: list });
    }
  });

  it.each([200_000, -200_000])("is found when the clock is set by %d ms in the middle of the look-up", async (stepMs) => {
    await start();
    const { another, clock } = alibaba;
    const list = urls(2);
    const sentAt = await lose(...list);
    clock.advance(3 * MINUTE);
    let now = 0;
    const provider = another({ clock: { ...clock, now: () => clock.now() + now } });
    const call = countingCall();
    const set = async (): Promise<void> => {
      now = stepMs;
    };
    const sent = { notBefore: sentAt, elapsedMs: 3 * MINUTE };
    expect(await provider.findSubmitted?.(batchOf(...list), sent, { ...call, turn: set })).toMatchObject({ state: "found" });
  });

  it("is absent after 130 seconds of measured time, whatever the clock says", async () => {
    await start();
    const { clock } = alibaba;
    const sentAt = clock.now();
    clock.advance(3 * MINUTE);
    const find = (elapsedMs: number) => findLost(sentAt, batchOf(...urls(1)), undefined, elapsedMs);
    expect(await find(130_000)).toEqual({ state: "unclear" });
    expect(await find(130_001)).toEqual({ state: "absent" });
  });

  it("is unclear until the vendor's list shows it", async () => {
    await start({ emulator: { listDelayMs: 30 * SECOND } });
    const sentAt = await lose(...urls(2));
    expect(await findLost(sentAt, batchOf(...urls(2)))).toEqual({ state: "unclear" });
    alibaba.clock.advance(31 * SECOND);
    expect(await findLost(sentAt, batchOf(...urls(2)))).toMatchObject({ state: "found" });
  });

  it("is unclear while only some URLs are listed, and later found with those URLs", async () => {
    await start();
    const sentAt = await lose(...urls(2));
    const batch = batchOf(...urls(3));
    expect(await findLost(sentAt, batch)).toEqual({ state: "unclear" });
    alibaba.clock.advance(3 * MINUTE);
    const found = await findLost(sentAt, batch);
    expect(found?.state === "found" && [...found.urls].sort()).toEqual(urls(2));
  });

  it("is found when this machine's clock is an hour off", async () => {
    await start();
    const { another, clock, vod } = alibaba;
    for (const minutes of [-60, 21, 60]) {
      const provider = another({ clock: { ...clock, now: () => clock.now() + minutes * MINUTE } });
      const batch = batchOf(`https://vod.example.net/far${minutes}.mp4`);
      // The refusal of this query teaches the vendor's clock.
      await provider.quota?.(countingCall());
      vod.inject({ fault: { kind: "reset", when: "after" } });
      await failureOf(submit(batch, provider));
      expect(await findLost(clock.now() + minutes * MINUTE, batch, provider, 0)).toMatchObject({ state: "found" });
    }
  });

  it("is found in a busy domain without reading its earlier prefetches", async () => {
    await start({ emulator: { dailyLimit: 10_000 } });
    for (let sent = 0; sent < 52; sent += 1) await submit(batchOf(...urls(100).map((url) => `${url}?${sent}`)));
    alibaba.clock.advance(MINUTE);
    const sentAt = await lose(...urls(100));
    const before = alibaba.count("DescribeVodRefreshTasks");
    expect(await findLost(sentAt, batchOf(...urls(100)))).toMatchObject({ state: "found" });
    expect(alibaba.count("DescribeVodRefreshTasks") - before).toBe(2);
  });

  it("is unclear when the list has fewer rows than its total", async () => {
    await start();
    const sentAt = alibaba.clock.now();
    alibaba.clock.advance(3 * MINUTE);
    const Task = Array.from({ length: 50 }, (_, index) => ({
      TaskId: "7",
      ObjectPath: `https://vod.example.net/other${index}.mp4`,
      Status: "Complete",
    }));
    alibaba.vod.inject({ fault: { kind: "garble", body: JSON.stringify({ TotalCount: 1_000_000, Tasks: { Task } }) }, times: 1_000 });
    expect(await findLost(sentAt, batchOf(...urls(1)))).toEqual({ state: "unclear" });
  });

  it.each([{}, { TotalCount: 3 }, { TotalCount: 3, Tasks: { Task: [] } }, { status: "maintenance" }])(
    "is unclear after an empty or contradictory list: %j",
    async (body) => {
      await start();
      const sentAt = await lose(...urls(2));
      alibaba.clock.advance(3 * MINUTE);
      alibaba.vod.inject({ fault: { kind: "garble", body: JSON.stringify({ RequestId: "x", ...body }) }, times: 9 });
      expect(await findLost(sentAt, batchOf(...urls(2)))).toEqual({ state: "unclear" });
    },
  );

  it("is unclear when the answer does not tell the vendor's clock", async () => {
    await start();
    const { vod, clock } = alibaba;
    const sentAt = clock.now();
    clock.advance(3 * MINUTE);
    const body = JSON.stringify({ TotalCount: 0, Tasks: { Task: [] } });
    vod.inject({ fault: { kind: "answer", status: 200, headers: { date: "yesterday" }, body } });
    expect(await findLost(sentAt, batchOf(...urls(2)))).toEqual({ state: "unclear" });
    expect(await findLost(sentAt, batchOf(...urls(2)))).toEqual({ state: "absent" });
  });

  it("is unclear when the vendor's records are older than three days", async () => {
    await start();
    const sentAt = await lose(...urls(2));
    alibaba.clock.advance(96 * HOUR);
    expect(await findLost(sentAt, batchOf(...urls(2)))).toEqual({ state: "unclear" });
  });

  it("is found with two rows for two URLs that differ only in their scheme", async () => {
    for (const echoScheme of [true, false]) {
      await start({ emulator: { echoScheme } });
      const twins = ["https://vod.example.net/a.mp4", "http://vod.example.net/a.mp4"];
      const sentAt = await lose(...twins);
      const found = await findLost(sentAt, batchOf(...twins));
      expect(found?.state === "found" && found.urls).toHaveLength(2);
      await alibaba.close();
    }
    await start();
  });

  it("is unclear for an asset when only one of its URLs is listed", async () => {
    await start();
    const { vod, clock } = alibaba;
    const sentAt = clock.now();
    vod.inject({ fault: { kind: "reset", when: "after" } });
    await failureOf(submit(batchOf(assetUrls[0] ?? "")));
    clock.advance(4 * MINUTE);
    expect(await findLost(sentAt, asset)).toEqual({ state: "unclear" });
  });

  it("is found for an asset by its URLs, and never absent", async () => {
    await start();
    const { clock, vod } = alibaba;
    const sentAt = clock.now();
    expect(await findLost(sentAt, asset)).toEqual({ state: "unclear" });
    clock.advance(10 * MINUTE);
    expect(await findLost(sentAt, asset)).toEqual({ state: "unclear" });
    const again = clock.now();
    vod.inject({ fault: { kind: "reset", when: "after" }, action: "RefreshMediaPlayUrls" });
    await failureOf(submit(asset));
    const found = await findLost(again, asset);
    if (found?.state !== "found") throw new Error("The asset was sent");
    clock.advance(MINUTE);
    expect((await ask(found.vendorTaskIds, asset)).map((row) => row.state)).toEqual(["succeeded", "succeeded"]);
  });
});

describe("an asset", () => {
  it("starts one job and reports each of its URLs", async () => {
    await start({ emulator: { jobMs: 5 * SECOND } });
    const { clock, vod } = alibaba;
    const { vendorTaskIds } = await submit(asset);
    expect(vendorTaskIds).toHaveLength(1);
    expect(await ask(vendorTaskIds, asset)).toEqual([{ url: assetId, state: "processing", vendorState: "submitting" }]);
    expect(vod.log.find((entry) => entry.action === "GetMediaRefreshJobs")?.method).toBe("GET");
    clock.advance(6 * SECOND);
    expect((await ask(vendorTaskIds, asset)).map((row) => [row.url, row.state])).toEqual(assetUrls.map((url) => [url, "processing"]));
    clock.advance(MINUTE);
    expect(new Set((await ask(vendorTaskIds)).map((row) => row.state))).toEqual(new Set(["succeeded"]));
    expect(vod.spentToday).toBe(2);
  });

  it("has no rows when its job has succeeded without a task", async () => {
    await start();
    const job = { MediaId: assetId, Status: "success", TaskIds: "", SuccessPlayUrls: "" };
    alibaba.vod.inject({ fault: { kind: "garble", body: JSON.stringify({ MediaRefreshJobs: [job] }) } });
    expect(await ask(["some-job"], asset)).toEqual([]);
  });

  it("includes the configured first segments in its job and its cost", async () => {
    await start({ provider: { assets: { segments: 7 } } });
    expect(await alibaba.provider.resolveAsset?.(assetId, countingCall())).toEqual({ urls: assetUrls, cost: 9 });
    await submit(asset);
    expect(alibaba.vod.spentToday).toBe(9);
    expect(lastParams("RefreshMediaPlayUrls")).toMatchObject({ SliceFlag: "true", SliceCount: "7" });
  });

  it("is limited to the configured formats and definitions in its job and its cost", async () => {
    await start({ provider: { assets: { segments: 0, formats: "mp4", definitions: "SD,HD" } } });
    expect(await alibaba.provider.resolveAsset?.(assetId, countingCall())).toEqual({ urls: [assetUrls[0]], cost: 1 });
    await submit(asset);
    expect(alibaba.vod.spentToday).toBe(1);
    expect(lastParams("RefreshMediaPlayUrls")).toMatchObject({ Formats: "mp4", Definitions: "SD,HD" });
  });

  it("resolves to unsigned URLs of the configured domain", async () => {
    await start({ emulator: { signedUrls: true }, provider: { assets: { segments: 0, playDomain: "media.example.net" } } });
    const elsewhere = assetUrls.map((url) => url.replace("vod.example.net", "media.example.net"));
    expect((await alibaba.provider.resolveAsset?.(assetId, countingCall()))?.urls).toEqual(elsewhere);
    expect(JSON.parse(lastParams("GetPlayInfo").PlayConfig ?? "")).toEqual({ PlayDomain: "media.example.net" });
  });

  it("resolves when all of its streams are encrypted", async () => {
    const plays = [{ url: "https://vod.example.net/e.m3u8", format: "m3u8", definition: "HD", encrypted: true }];
    await start({ emulator: { assets: { [assetId]: { status: "Normal", plays } } } });
    expect((await alibaba.provider.resolveAsset?.(assetId, countingCall()))?.urls).toEqual(["https://vod.example.net/e.m3u8"]);
  });

  it("is refused when it is unpublished or belongs to another application", async () => {
    await start({ emulator: { forbiddenAssets: [assetId] } });
    const { provider } = alibaba;
    expect(await failureOf(Promise.resolve(provider.resolveAsset?.(unpublishedId, countingCall())))).toMatchObject({
      code: "not_published",
    });
    const forbidden = await failureOf(submit(asset));
    expect(forbidden).toMatchObject({ code: "auth_failed", delivery: "refused", vendorCode: "ForbiddenMediaIds" });
    expect(alibaba.vod.spentToday).toBe(0);
  });

  it("has one row with the reason when its job fails", async () => {
    await start({ emulator: { dailyLimit: 1 } });
    const { vendorTaskIds } = await submit(asset);
    const [row, ...others] = await ask(vendorTaskIds, asset);
    expect(others).toEqual([]);
    expect(row).toMatchObject({ url: assetId, state: "failed" });
    expect(row?.reason).toMatch(/QuotaExceeded/);
  });

  it.each([
    ["the action does not exist", { missingActions: ["RefreshMediaPlayUrls"] }, undefined],
    ["the RAM user may not use the action", {}, refusal(403, "Forbidden.RAM")],
  ])("is submitted by its URLs where %s", async (_, emulator, fault) => {
    await start({ emulator });
    const { vod, clock } = alibaba;
    if (fault) vod.inject({ fault, action: "RefreshMediaPlayUrls" });
    const call = countingCall();
    const { vendorTaskIds } = await submit(asset, alibaba.provider, call);
    // A second turn declares that the first request was refused.
    expect(call.turns).toBe(2);
    clock.advance(MINUTE);
    expect((await ask(vendorTaskIds, asset)).map((row) => [row.url, row.state])).toEqual(assetUrls.map((url) => [url, "succeeded"]));
    expect(vod.spentToday).toBe(2);
  });

  it("has no unknown delivery when the look-up of its URLs fails", async () => {
    await start({ emulator: { missingActions: ["RefreshMediaPlayUrls"] } });
    for (const fault of [
      { kind: "reset", when: "after" },
      { kind: "garble", body: "[7]" },
    ] as const) {
      alibaba.vod.inject({ fault, action: "GetPlayInfo" });
      const error = await failureOf(submit(asset));
      expect(error).toMatchObject({ retryable: true });
      expect(error.delivery).not.toBe("unknown");
    }
    expect(alibaba.vod.spentToday).toBe(0);
  });

  it("has the delivery unknown when only a part of its URLs was sent", async () => {
    const plays = ["vod.example.net", "media.example.net"].map((host, index) => ({
      url: `https://${host}/a.mp4`,
      format: "mp4",
      definition: ["SD", "HD"][index] ?? "",
    }));
    await start({ emulator: { missingActions: ["RefreshMediaPlayUrls"], assets: { [assetId]: { status: "Normal", plays } } } });
    alibaba.vod.inject({ fault: refusal(403, "PreloadQueueFull"), action: "PreloadVodObjectCaches", after: 1 });
    const error = await failureOf(submit(asset));
    expect(error).toMatchObject({ code: "queue_full", delivery: "unknown" });
    expect(error.message).toMatch(/^Only a part of the asset/);
    expect(alibaba.vod.spentToday).toBe(1);
  });
});

describe("secrets of the keys", () => {
  it("stay out of the error when the vendor echoes a refused signature", async () => {
    await start({ emulator: { user: { securityToken } } });
    const { vod, another } = alibaba;
    const provider = another({ credentials: { kind: "keys", id: vod.user.accessKeyId, secret: "wrong-secret-0123456789", securityToken } });
    const error = await failureOf(submit(batchOf(...urls(1)), provider));
    expect(error).toMatchObject({ code: "auth_failed", vendorCode: "SignatureDoesNotMatch", delivery: "refused", retryable: false });
    for (const secret of [vod.user.accessKeyId, "wrong-secret-0123456789", securityToken]) expect(shownOf(error)).not.toContain(secret);
    expect(error.message).not.toMatch(/x-acs|ObjectPath/);
  });
});
