import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { error, startService } from "../calls/service-harness.ts";

describe("prefetchAssets", () => {
  const renditions = manyUrls(3);

  it("reserves the cost of the asset's URLs and sends its id", async () => {
    const { asset, provider, used } = await startService({ script: { resolveAsset: async () => ({ urls: renditions, cost: 3 }) } });
    expect(await asset(" asset1 ")).toMatchObject({ counts: { processing: 1 }, batches: 1, quota: { used: 3, remaining: 97 } });
    expect(provider.received).toEqual([{ kind: "asset", assetId: "asset1" }]);
    expect(await asset("asset1")).toMatchObject({ taskId: "pf_0001", skippedRecent: 1 });
    expect(await used()).toBe(3);
  });

  it("names the failed URLs of an asset", async () => {
    const { asset } = await startService({
      script: {
        resolveAsset: async () => ({ urls: renditions, cost: 3 }),
        status: async () =>
          renditions.map((url, index) => ({ url, state: index === 1 ? "failed" : "succeeded", vendorState: "x", reason: "403" })),
      },
    });
    const view = await asset("asset1", { waitSeconds: 50 });
    expect(view).toMatchObject({ state: "failed", counts: { failed: 1 } });
    expect(view.problems).toEqual([
      { assetId: "asset1", state: "failed", code: "vendor_failed", reason: "1 of the asset's 3 URLs failed." },
      { assetId: "asset1", url: renditions[1], state: "failed", reason: "403" },
    ]);
  });

  it.each(["vendor_unavailable", "timeout", "rate_limited"] as const)("sends the asset when its look-up fails with %s", async (code) => {
    const { asset, provider, used, reports } = await startService({
      script: {
        resolveAsset: async () => {
          throw new PrefetchError(code, "Not now", { retryable: true });
        },
      },
    });
    expect(await asset("asset1")).toMatchObject({ counts: { processing: 1 } });
    expect(provider.received).toHaveLength(1);
    expect(await used()).toBe(1);
    expect(reports).toEqual([expect.stringContaining("looking up asset asset1")]);
  });

  it.each(["not_found", "not_published"] as const)("fails with %s and stores nothing when the look-up does", async (code) => {
    const { asset, provider, used, status } = await startService({
      script: {
        resolveAsset: async () => {
          throw new PrefetchError(code, "No such asset");
        },
      },
    });
    await expect(asset("asset1")).rejects.toThrow(error(code));
    expect(provider.received).toEqual([]);
    expect(await used()).toBe(0);
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));
  });

  it("waits with wait_seconds until the vendor shows the asset as published, and then sends it once", async () => {
    let looks = 0;
    const { asset, provider, clock } = await startService({
      script: {
        resolveAsset: async () => {
          looks += 1;
          if (looks < 4) throw new PrefetchError("not_published", "Not yet", { retryable: true });
          return { urls: renditions, cost: 3 };
        },
      },
    });
    const begun = clock.monotonic();
    expect(await asset("asset1", { waitSeconds: 30 })).toMatchObject({ taskId: "pf_0001", quota: { used: 3 } });
    expect([looks, clock.monotonic() - begun >= 15_000, clock.monotonic() - begun <= 31_000]).toEqual([4, true, true]);
    expect(provider.received).toEqual([{ kind: "asset", assetId: "asset1" }]);
  });

  it.each([
    [{ retryable: true }, 12, 5],
    [{ retryable: false }, 12, 1],
    [{ retryable: true }, 0, 1],
  ])("gives up on an unpublished asset (%j) after %d seconds", async (facts, waitSeconds, most) => {
    let looks = 0;
    const { asset, provider } = await startService({
      script: {
        resolveAsset: async () => {
          looks += 1;
          throw new PrefetchError("not_published", "Not yet", facts);
        },
      },
    });
    await expect(asset("asset1", { waitSeconds })).rejects.toThrow(error("not_published", facts));
    expect(looks).toBeGreaterThanOrEqual(Math.min(most, 3));
    expect(looks).toBeLessThanOrEqual(most);
    expect(provider.received).toEqual([]);
  });

  it("answers at once when the server stops while it waits for an asset to be published", async () => {
    const server = await startService({
      script: {
        resolveAsset: async () => {
          server.drain();
          throw new PrefetchError("not_published", "Not yet", { retryable: true });
        },
      },
    });
    const begun = server.clock.monotonic();
    await expect(server.asset("asset1", { waitSeconds: 50 })).rejects.toThrow(error("not_published"));
    expect(server.clock.monotonic() - begun).toBe(0);
  });

  it("refuses an asset that costs more than the quota has left, also under partial", async () => {
    const { asset, used } = await startService({ dailyBudget: 2, script: { resolveAsset: async () => ({ urls: renditions, cost: 3 }) } });
    await expect(asset("asset1", { onQuotaExceeded: "partial" })).rejects.toThrow(error("quota_exhausted"));
    expect(await used()).toBe(0);
  });

  it("refunds the whole cost when the vendor refuses the asset", async () => {
    const { asset, used } = await startService({
      script: {
        resolveAsset: async () => ({ urls: renditions, cost: 3 }),
        answer: () => {
          throw new PrefetchError("not_published", "Not published", { delivery: "refused", vendorCode: "VOD.10060" });
        },
      },
    });
    await expect(asset("asset1")).rejects.toThrow(
      error("not_published", {
        hint: "It was refused, at no cost of quota. Sent to fake-cdn (account fake-cdn:1), the only configured provider that takes them. Task pf_0001 keeps the record.",
      }),
    );
    expect(await used()).toBe(0);
  });

  it.each([
    ["https://media.example.com/a.mp4", "prefetch_urls"],
    ["", "asset's id"],
    ["a b", "asset's id"],
    ["x".repeat(129), "asset's id"],
  ])("refuses the id %j", async (id, hint) => {
    const { asset } = await startService();
    await expect(asset(id)).rejects.toThrow(error("invalid_argument", { hint: expect.stringContaining(hint) }));
  });

  it("checks the asset's URLs against the allowed domains, and fails when it cannot look them up", async () => {
    const guards = { allowedDomains: ["*.example.com"] };
    const seen = await startService({ guards, script: { resolveAsset: async () => ({ urls: renditions, cost: 3 }) } });
    expect(await seen.asset("asset1")).toMatchObject({ counts: { processing: 1 } });
    const foreign = await startService({
      guards,
      script: { resolveAsset: async () => ({ urls: [...renditions, "https://elsewhere.test/a.m3u8"], cost: 4 }) },
    });
    await expect(foreign.asset("asset1")).rejects.toThrow(
      error("forbidden_domain", { message: expect.stringContaining("elsewhere.test") }),
    );
    const down = await startService({
      guards,
      script: {
        resolveAsset: async () => {
          throw new PrefetchError("vendor_unavailable", "Down");
        },
      },
    });
    await expect(down.asset("asset1")).rejects.toThrow(error("vendor_unavailable"));
    for (const harness of [foreign, down]) expect(harness.provider.received).toEqual([]);
  });

  it("fails when domains are restricted and the provider cannot resolve assets", async () => {
    const { asset, provider } = await startService({ guards: { allowedDomains: ["*.example.com"] }, script: { resolveAsset: undefined } });
    await expect(asset("asset1")).rejects.toThrow(PrefetchError);
    expect(provider.received).toEqual([]);
  });
});
