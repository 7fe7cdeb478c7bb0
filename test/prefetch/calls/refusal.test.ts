import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { localCaller } from "../../../src/prefetch/model/caller.ts";
import { manyUrls, type ProviderScript, urlsOf } from "../../fakes/provider.ts";
import { neverAborted as signal } from "../../fakes/signal.ts";
import { error, startService } from "./service-harness.ts";

describe("prefetchUrls, with a daily budget", () => {
  it("sends nothing when the list exceeds the budget", async () => {
    const { urls, used, status } = await startService({ dailyBudget: 5 });
    await expect(urls(manyUrls(6))).rejects.toThrow(
      error("quota_exhausted", { message: expect.stringContaining("needs 6 units of fake-cdn's quota; 5 of 5 a day") }),
    );
    expect(await urls(manyUrls(6), { dryRun: true })).toMatchObject({
      state: "planned",
      counts: { queued: 5, rejected: 1 },
      cost: 6,
      plan: { fitsToday: false, leftToday: 5 },
      nextStep:
        'Nothing was sent. 1 are over the quota, so the call would be refused: on_quota_exceeded "defer" would send them on later days, and "partial" the other 5 alone. Nothing is spent until then.',
    });
    expect(await used()).toBe(0);
    await expect(status("pf_0001")).rejects.toThrow(error("not_found"));
  });

  it("sends the first URLs that fit, and names the rest, under partial", async () => {
    const { urls, sent, used } = await startService({ dailyBudget: 5 });
    const view = await urls(manyUrls(7), { onQuotaExceeded: "partial" });
    expect(sent()).toEqual(manyUrls(5));
    expect(view).toMatchObject({ counts: { processing: 5, rejected: 2 }, quota: { limit: 5, used: 5, remaining: 0 } });
    expect(view.problems).toEqual(
      manyUrls(7)
        .slice(5)
        .map((url) => ({
          url,
          state: "rejected",
          code: "quota_exhausted",
          reason: "Over the quota of fake-cdn today; it can be sent after 2026-11-21T16:00:00.000Z.",
        })),
    );
    expect(await used()).toBe(5);
    await expect(urls(["https://media.example.com/one-more.mp4"], { onQuotaExceeded: "partial" })).rejects.toThrow(
      error("quota_exhausted"),
    );
  });

  it("has a new budget on the vendor's next day", async () => {
    const { clock, urls, storage, provider } = await startService({ dailyBudget: 2 });
    await urls(manyUrls(2));
    await expect(urls(["https://media.example.com/late.mp4"])).rejects.toThrow(error("quota_exhausted"));
    // From noon to midnight in Shanghai.
    await clock.advance(12 * 3_600_000);
    expect((await urls(["https://media.example.com/late.mp4"])).quota).toMatchObject({ used: 1, remaining: 1 });
    expect(await storage.ledger(provider.account, "2026-11-22")).toMatchObject({ used: 1 });
  });

  it("can use units again that a refusal refunded", async () => {
    const { urls } = await startService({
      dailyBudget: 2,
      script: {
        answer: (_, nth) => {
          if (nth === 0) throw new PrefetchError("forbidden_domain", "Not your domain", { delivery: "refused" });
          return { vendorTaskIds: ["vendor-1"], refused: [] };
        },
      },
    });
    await expect(urls(manyUrls(2))).rejects.toThrow(error("forbidden_domain"));
    expect(await urls(manyUrls(2))).toMatchObject({ quota: { used: 2, remaining: 0 }, counts: { processing: 2 } });
  });
});

describe("quota", () => {
  it("answers for one provider and for all configured providers", async () => {
    const { service, urls } = await startService({ dailyBudget: 30 });
    await urls(manyUrls(4));
    const expected = {
      provider: "fake-cdn",
      account: "fake-cdn:1",
      limit: 30,
      used: 4,
      remaining: 26,
      resetsAt: Date.parse("2026-11-21T16:00:00Z"),
      at: expect.any(Number),
      source: "ledger",
    };
    expect(await service.quota(undefined, { caller: localCaller, signal })).toEqual([expected]);
    expect(await service.quota("fake-cdn", { caller: localCaller, signal })).toEqual([expected]);
    await expect(service.quota("no-such-cdn", { caller: localCaller, signal })).rejects.toThrow(error("invalid_argument"));
  });

  it("is what the vendor's last answer to a submit told", async () => {
    const { urls } = await startService({
      script: {
        quota: async () => ({ limit: 100, remaining: 50 }),
        answer: () => ({ vendorTaskIds: ["vendor-1"], refused: [], quota: { limit: 100, remaining: 1 } }),
      },
    });
    expect(await urls(manyUrls(2))).toMatchObject({ quota: { remaining: 1, source: "vendor" } });
    const others = ["https://media.example.com/a", "https://media.example.com/b"];
    await expect(urls(others)).rejects.toThrow(error("quota_exhausted"));
  });

  it("has no limit when neither the vendor nor the operator names one", async () => {
    const { service } = await startService({ script: { limits: { urlsPerDay: undefined } } });
    expect(await service.quota(undefined, { caller: localCaller, signal })).toMatchObject([
      { limit: undefined, remaining: undefined, used: 0 },
    ]);
  });
});

describe("prefetchUrls, when the vendor refuses", () => {
  it("fails with the vendor's code, and keeps the task, when every URL is refused", async () => {
    const { urls, status, used } = await startService({
      script: {
        answer: () => {
          throw new PrefetchError("auth_failed", "The access key is not valid", {
            delivery: "refused",
            vendorCode: "APIGW.0301",
            requestId: "r-1",
          });
        },
      },
    });
    await expect(urls([...manyUrls(4), "not a url"])).rejects.toThrow(
      error("auth_failed", {
        message: "The access key is not valid (APIGW.0301, request id r-1).",
        hint: "Of 5, 4 were refused, at no cost of quota, and 1 could not be sent at all. Sent to fake-cdn (account fake-cdn:1), the only configured provider that takes them. Task pf_0001 keeps the record.",
        provider: "fake-cdn",
      }),
    );
    expect(await used()).toBe(0);
    expect(await status("pf_0001")).toMatchObject({ state: "failed", counts: { rejected: 5 } });
  });

  it("fails when all URLs are refused for one reason, and returns the task when the reasons differ", async () => {
    const refusing = (codes: readonly string[]): ProviderScript => ({
      limits: { urlsPerRequest: 10 },
      answer: (batch) => ({
        vendorTaskIds: ["vendor-1"],
        refused: urlsOf(batch).map((url, index) => ({ url, code: codes[index] ?? "internal", reason: "No." })),
      }),
    });
    const same = await startService({ script: refusing(["forbidden_domain", "forbidden_domain"]) });
    await expect(same.urls(manyUrls(2))).rejects.toThrow(error("forbidden_domain"));
    const several = await startService({ script: refusing(["forbidden_domain", "invalid_argument"]) });
    const view = await several.urls(manyUrls(2));
    expect(view).toMatchObject({ state: "failed", problems: [{ code: "forbidden_domain" }, { code: "invalid_argument" }] });
    expect(await several.used()).toBe(0);
  });

  it("returns the task when some URLs are refused", async () => {
    const { urls } = await startService({
      script: {
        answer: (_, nth) => {
          if (nth === 1) throw new PrefetchError("forbidden_domain", "Not your domain", { delivery: "refused" });
          return { vendorTaskIds: [`vendor-${nth}`], refused: [] };
        },
      },
    });
    const view = await urls(manyUrls(4));
    expect(view).toMatchObject({ state: "running", cost: 2, counts: { processing: 2, rejected: 2 }, quota: { used: 2 } });
  });

  it("says why the task waits when the vendor throttles it", async () => {
    const { clock, urls, status } = await startService({
      script: {
        answer: (_, nth) => {
          if (nth === 0)
            throw new PrefetchError("rate_limited", "Too fast", { delivery: "refused", retryable: true, retryAfterMs: 20_000 });
          return { vendorTaskIds: ["vendor-1"], refused: [] };
        },
      },
    });
    const view = await urls(manyUrls(2));
    expect(view).toMatchObject({ state: "queued", counts: { queued: 2 } });
    expect(view.nextStep).toContain("Too fast");
    await clock.advance(20_000);
    expect(await status(view.taskId)).toMatchObject({ state: "running", counts: { processing: 2 } });
  });
});

describe("status, when the vendor cannot be asked", () => {
  it("gives the last known state with the reason", async () => {
    const { urls, status, reports } = await startService({
      script: {
        status: async () => {
          throw new PrefetchError("vendor_unavailable", "The connection failed", { retryable: true });
        },
      },
    });
    const { taskId } = await urls(manyUrls(2));
    expect(await status(taskId)).toMatchObject({
      state: "running",
      counts: { processing: 2 },
      nextStep: expect.stringMatching(/last known state: The connection failed/),
    });
    expect(reports).not.toEqual([]);
  });
});
