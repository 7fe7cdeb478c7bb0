import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { localCaller } from "../../../src/prefetch/model/caller.ts";
import type { Provider } from "../../../src/prefetch/model/provider.ts";
import { fakeClock } from "../../fakes/clock.ts";
import { fakeEdge } from "../../fakes/edge.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { fakeTimeouts, neverAborted as signal } from "../../fakes/signal.ts";
import { defaultRequest, error, startService } from "../calls/service-harness.ts";

/** Each asset costs two units; those whose ids begin with "missing" do not exist. */
const resolveAsset: Provider["resolveAsset"] = async (assetId) => {
  if (assetId.startsWith("missing")) throw new PrefetchError("not_found", `asset_id: no asset ${assetId}`, { hint: "Check the id." });
  return { urls: manyUrls(2, `https://media.example.com/${assetId}/`), cost: 2 };
};

const hundred = Array.from({ length: 100 }, (_, nth) => `asset${nth}`);

describe("prefetchAssets with several ids", () => {
  it("resolves and counts each asset, and sends each alone", async () => {
    const { asset, provider, used } = await startService({ script: { resolveAsset }, dailyBudget: 100 });
    const view = await asset(["a1", " a2 ", "a3"]);
    expect(view).toMatchObject({ counts: { processing: 3 }, batches: 3, quota: { used: 6, remaining: 94 } });
    expect(provider.received).toEqual(["a1", "a2", "a3"].map((assetId) => ({ kind: "asset", assetId })));
    expect(await used()).toBe(6);
  });

  it("rejects each bad id with its reason, in the order of the list, and sends the others", async () => {
    const { asset, provider, status } = await startService({ script: { resolveAsset }, secrets: ["hunter2hunter2"] });
    const bad = ["missing1", "https://media.example.com/a.mp4", 7, null, "", "a b", "hunter2hunter2", ["a"], "x".repeat(300)];
    const view = await asset([...bad.slice(0, 4), "a1", ...bad.slice(4), "a2"]);
    expect(view.counts).toMatchObject({ processing: 2, rejected: 9 });
    expect(provider.received).toHaveLength(2);
    const { items = [] } = await status(view.taskId, "all");
    expect(items.map(({ assetId, code, reason }) => [assetId, code, reason?.slice(0, 24)])).toEqual([
      ["missing1", "not_found", "asset_id: no asset missi"],
      ["https://media.example.com/a.mp4", "invalid_argument", "asset_id: this is a URL."],
      ["7", "invalid_argument", "asset_id: must be 1 to 1"],
      ["null", "invalid_argument", "asset_id: must be 1 to 1"],
      ["a1", undefined, undefined],
      ["", "invalid_argument", "asset_id: must be 1 to 1"],
      ["a b", "invalid_argument", "asset_id: must be 1 to 1"],
      [expect.not.stringContaining("hunter2"), "invalid_argument", "asset_id: holds a creden"],
      ['["a"]', "invalid_argument", "asset_id: must be 1 to 1"],
      [`${"x".repeat(200)}…`, "invalid_argument", "asset_id: must be 1 to 1"],
      ["a2", undefined, undefined],
    ]);
  });

  it("looks a repeated id up once and counts it as a duplicate", async () => {
    const asked: string[] = [];
    const { asset } = await startService({
      script: { resolveAsset: async (assetId) => ({ urls: manyUrls(asked.push(assetId)), cost: 1 }) },
    });
    expect(await asset(["a1", "a2", "a1 ", "a1"])).toMatchObject({ counts: { processing: 2 }, duplicatesRemoved: 2 });
    expect(asked).toEqual(["a1", "a2"]);
  });

  it("looks at most four assets up at a time", async () => {
    let now = 0;
    let most = 0;
    const clock = fakeClock();
    const { asset } = await startService({
      clock,
      script: {
        resolveAsset: async () => {
          most = Math.max(most, ++now);
          await clock.sleep(10);
          now -= 1;
          return { urls: [], cost: 1 };
        },
      },
    });
    expect(await asset(hundred, { dryRun: true })).toMatchObject({ counts: { queued: 100 }, cost: 100 });
    expect(most).toBe(4);
  });

  it("sends what fits under partial, in list order", async () => {
    const { asset, provider } = await startService({ script: { resolveAsset }, dailyBudget: 5 });
    const view = await asset(["a1", "a2", "a3"], { onQuotaExceeded: "partial" });
    expect(view).toMatchObject({ counts: { processing: 2, rejected: 1 }, problems: [{ assetId: "a3", code: "quota_exhausted" }] });
    expect(provider.received).toHaveLength(2);
  });

  it("fails when no id can be used, and keeps the code that all have", async () => {
    const { asset, provider, status } = await startService({ script: { resolveAsset } });
    await expect(asset(["missing1", "missing2"])).rejects.toThrow(
      error("not_found", { message: expect.stringMatching(/^asset_ids: no entry can be used: "missing1": asset_id: no asset/) }),
    );
    await expect(asset(["missing1", "a b"])).rejects.toThrow(error("invalid_argument"));
    expect(provider.received).toEqual([]);
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));
  });

  it("refuses more ids than one call may have", async () => {
    const { asset } = await startService({ script: { resolveAsset } });
    await expect(asset([...hundred, "one more"])).rejects.toThrow(
      error("invalid_argument", { message: "asset_ids: 101 entries; one call takes at most 100" }),
    );
    const guarded = await startService({ script: { resolveAsset }, guards: { maxUrlsPerCall: 2 } });
    await expect(guarded.asset(["a1", "a2", "a3"])).rejects.toThrow(error("invalid_argument"));
  });

  it("names the assets that an earlier task holds as assets, beside this call's bad ids", async () => {
    const { asset } = await startService({ script: { resolveAsset } });
    await asset(["a1", "a2"]);
    const again = await asset(["a1", "missing1"]);
    expect(again).toMatchObject({ taskId: "pf_0001", skippedRecent: 1, problems: [{ assetId: "missing1", code: "not_found" }] });
  });

  it("rejects each asset on a host that the guards do not list", async () => {
    const { asset } = await startService({
      guards: { allowedDomains: ["media.example.com"] },
      script: {
        resolveAsset: async (id) => ({ urls: [`https://${id === "a2" ? "elsewhere.test" : "media.example.com"}/${id}`], cost: 1 }),
      },
    });
    expect(await asset(["a1", "a2"])).toMatchObject({
      counts: { processing: 1, rejected: 1 },
      problems: [{ assetId: "a2", code: "forbidden_domain" }],
    });
  });

  it("fails with nothing sent when the look-ups take more than forty seconds", async () => {
    const timeouts = fakeTimeouts();
    const { service, clock, used } = await startService({ script: { resolveAsset: () => new Promise(() => undefined) } });
    const call = service.prefetchAssets({ ...defaultRequest, assetIds: hundred }, { signal, caller: localCaller });
    await clock.settle();
    timeouts.expire(40_000);
    await expect(call).rejects.toThrow(error("timeout", { retryable: true, hint: "Nothing was sent. Pass fewer assets in one call." }));
    expect(await used()).toBe(0);
  });

  it("passes on an error that is no statement about an asset", async () => {
    const { asset, provider } = await startService({
      script: {
        resolveAsset: async () => {
          throw new TypeError("a bug");
        },
      },
    });
    await expect(asset(["a1", "a2"])).rejects.toThrow(TypeError);
    expect(provider.received).toEqual([]);
  });

  it("with expand streams, sends the URLs of the assets that exist and rejects the others", async () => {
    const { asset, sent } = await startService({ script: { resolveAsset, edge: fakeEdge() } });
    const view = await asset(["a1", "missing1", "a2", "a2"], { expand: { kind: "streams", scope: "startup" } });
    expect(view).toMatchObject({
      counts: { processing: 4, rejected: 1 },
      duplicatesRemoved: 1,
      problems: [{ assetId: "missing1", code: "not_found" }],
    });
    expect(sent().sort()).toEqual(["a1", "a2"].flatMap((id) => manyUrls(2, `https://media.example.com/${id}/`)));
    await expect(asset(["missing1", "missing2"], { expand: { kind: "streams", scope: "startup" } })).rejects.toThrow(error("not_found"));
  });
});
