import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { CallContext, Caller } from "../../../src/prefetch/model/caller.ts";
import { TODAY } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { neverAborted as signal } from "../../fakes/signal.ts";
import { error, startService } from "./service-harness.ts";

const callOf = (tenant: string, more: Partial<Caller> = {}): CallContext => ({ signal, caller: { tenant, seesAll: false, ...more } });
const one = callOf("token:one");
const two = callOf("token:two");
const admin = callOf("token:admin", { seesAll: true });

describe("a task of one tenant", () => {
  it("does not exist for other tenants, in status, pages and cancel", async () => {
    const { clock, service, urls } = await startService();
    const { taskId = "" } = await urls(manyUrls(2), {}, one);
    const missing = error("not_found", { message: expect.stringContaining("there is no task") });
    for (const detail of ["summary", "problems", "all"] as const) {
      const asked = service.status({ taskId, detail, waitSeconds: 0 }, two);
      await expect(clock.drive(asked)).rejects.toEqual(missing);
    }
    await expect(clock.drive(service.status({ taskId, detail: "summary", waitSeconds: 50 }, two))).rejects.toEqual(missing);
    await expect(clock.drive(service.cancel(taskId, two))).rejects.toEqual(missing);
    // An id that does not exist gives the same message.
    const nothing = clock.drive(service.status({ taskId: `${taskId.slice(0, -1)}x`, detail: "summary", waitSeconds: 0 }, two));
    await expect(nothing).rejects.toEqual(missing);
    expect(await clock.drive(service.status({ taskId, detail: "summary", waitSeconds: 0 }, one))).toMatchObject({ state: "running" });
  });

  it("is visible to an administrator and can be cancelled by one", async () => {
    const { clock, service, urls } = await startService({ dailyBudget: 2 });
    const { taskId = "" } = await urls(manyUrls(6), { onQuotaExceeded: "defer" }, one);
    expect(await clock.drive(service.status({ taskId, detail: "summary", waitSeconds: 0 }, admin))).toMatchObject({ taskId });
    expect(await clock.drive(service.cancel(taskId, admin))).toMatchObject({ counts: { cancelled: 4 } });
  });

  it("is listed for its tenant only, and for an administrator with its tenant", async () => {
    const { service, urls } = await startService();
    const { taskId: first } = await urls(manyUrls(1), {}, one);
    const { taskId: second } = await urls(manyUrls(1, "https://two.example/"), {}, two);
    const { taskId: local } = await urls(manyUrls(1, "https://local.example/"));
    const listed = async (call: CallContext) =>
      (await service.list({ limit: 9 }, call)).tasks.map(({ taskId, tenant }) => [taskId, tenant]);
    expect(await listed(one)).toEqual([[first, undefined]]);
    expect(await listed(two)).toEqual([[second, undefined]]);
    expect(await listed(callOf("token:three"))).toEqual([]);
    expect((await listed(admin)).sort()).toEqual([
      [first, "token:one"],
      [second, "token:two"],
      [local, undefined],
    ]);
  });

  it("neither makes a URL recent for another tenant nor is named to one", async () => {
    const { urls, sent } = await startService();
    const first = await urls(manyUrls(2), {}, one);
    const second = await urls(manyUrls(2), {}, two);
    expect(second.taskId).not.toBe(first.taskId);
    expect(second).toMatchObject({ skippedRecent: 0, counts: { processing: 2 } });
    expect(JSON.stringify(second)).not.toContain(first.taskId);
    expect(sent()).toEqual([...manyUrls(2), ...manyUrls(2)]);
    // Each tenant finds its own task.
    expect((await urls(manyUrls(2), {}, two)).taskId).toBe(second.taskId);
    expect((await urls(manyUrls(2), {}, one)).taskId).toBe(first.taskId);
  });

  it("can be asked for by the vendor's own id only by an administrator", async () => {
    const { clock, service, urls, provider } = await startService();
    await urls(manyUrls(2), {}, one);
    const ask = (call: CallContext) =>
      clock.drive(service.status({ taskId: "vendor-1", provider: provider.id, detail: "all", waitSeconds: 0 }, call));
    await expect(ask(two)).rejects.toEqual(error("not_found"));
    await expect(ask(one)).rejects.toEqual(error("not_found"));
    expect(await ask(admin)).toMatchObject({ taskId: "vendor-1" });
  });
});

describe("a tenant's daily budget", () => {
  it("bounds the spending of that tenant only", async () => {
    const { urls, used } = await startService({ tenantDailyBudget: 3 });
    const over = urls(manyUrls(4), {}, one);
    await expect(over).rejects.toEqual(
      error("quota_exhausted", {
        message: expect.stringContaining("3 of the 3 a day that you may spend (PREFETCH_TENANT_DAILY_BUDGET) are left"),
        hint: expect.stringContaining('"partial" to send the 3'),
      }),
    );
    expect(await used()).toBe(0);
    expect(await urls(manyUrls(4), { onQuotaExceeded: "partial" }, one)).toMatchObject({ counts: { processing: 3, rejected: 1 } });
    const again = urls(manyUrls(1, "https://more.example/"), {}, one);
    await expect(again).rejects.toEqual(error("quota_exhausted", { message: expect.stringContaining("; 0 of the 3 a day") }));
    expect(await urls(manyUrls(3, "https://two.example/"), {}, two)).toMatchObject({ counts: { processing: 3 } });
    // A local caller is no tenant.
    expect(await urls(manyUrls(9, "https://local.example/"))).toMatchObject({ counts: { processing: 9 } });
    expect(await used()).toBe(15);
  });

  it("is the tenant's quota, without the spending of other tenants and within the account's rest", async () => {
    const { clock, service, urls, provider } = await startService({ tenantDailyBudget: 60 });
    await urls(manyUrls(10), {}, one);
    const quota = (call: CallContext) => clock.drive(service.quota(provider.id, call));
    expect(await quota(one)).toMatchObject([{ limit: 60, used: 10, remaining: 50 }]);
    expect(await quota(two)).toMatchObject([{ limit: 60, used: 0, remaining: 60 }]);
    await urls(manyUrls(50, "https://local.example/"));
    expect(await quota(two)).toMatchObject([{ limit: 60, used: 0, remaining: 40 }]);
    const [rest = ""] = manyUrls(1);
    expect((await urls([rest], {}, one)).quota).toMatchObject({ limit: 60, used: 10, remaining: 40 });
  });

  it("has room on the next days, which deferral uses", async () => {
    const { clock, service, urls, storage, provider } = await startService({ tenantDailyBudget: 3 });
    const { taskId = "" } = await urls(manyUrls(8), { onQuotaExceeded: "defer" }, one);
    const spent = (day: string) => storage.spentBy("token:one", provider.account, day);
    expect(await Promise.all([TODAY, "2026-11-22", "2026-11-23", "2026-11-24"].map(spent))).toEqual([3, 3, 2, 0]);
    await clock.drive(service.cancel(taskId, one));
    expect(await Promise.all(["2026-11-22", "2026-11-23"].map(spent))).toEqual([0, 0]);
  });

  it("bounds the day to which a refusal defers a batch", async () => {
    const { clock, urls, storage, provider } = await startService({
      tenantDailyBudget: 4,
      script: {
        answer: () => {
          throw new PrefetchError("quota_exhausted", "The vendor's limit is reached", { delivery: "refused" });
        },
      },
    });
    // The call takes the budget of two days; then the vendor has nothing left today.
    await urls(manyUrls(8), { onQuotaExceeded: "defer" }, one);
    await clock.advance(60_000);
    const spent = (day: string) => storage.spentBy("token:one", provider.account, day);
    expect(await Promise.all([TODAY, "2026-11-22", "2026-11-23"].map(spent))).toEqual([0, 4, 4]);
  });

  it("bounds the day on which a delayed batch is sent", async () => {
    let busy = true;
    const { clock, urls, storage, provider } = await startService({
      tenantDailyBudget: 4,
      script: {
        answer: (_, nth) => {
          if (busy) throw new PrefetchError("rate_limited", "Slow down", { delivery: "refused", retryable: true, retryAfterMs: 600_000 });
          return { vendorTaskIds: [`vendor-${nth}`], refused: [] };
        },
      },
    });
    const midnight = Date.parse("2026-11-22T00:00:00+08:00");
    await clock.advance(midnight - 120_000 - clock.now());
    await urls(manyUrls(4), {}, one);
    await clock.advance(midnight + 5_000 - clock.now());
    busy = false;
    await urls(manyUrls(4, "https://new.example/"), {}, one);
    await clock.advance(1_800_000);
    expect(await storage.spentBy("token:one", provider.account, "2026-11-22")).toBe(4);
  });

  it("is refunded for refused URLs", async () => {
    const { urls, storage, provider } = await startService({
      tenantDailyBudget: 3,
      script: {
        answer: ({ ...batch }) => ({
          vendorTaskIds: ["v"],
          refused: "urls" in batch ? batch.urls.slice(0, 1).map((url) => ({ url, code: "forbidden_domain", reason: "No." })) : [],
        }),
      },
    });
    await urls(manyUrls(2), {}, one);
    expect(await storage.spentBy("token:one", provider.account, TODAY)).toBe(1);
  });
});

describe("status calls that wait for one task", () => {
  it("share the questions to the vendor and all return at the end", async () => {
    let questions = 0;
    const { clock, service, urls, outcomes } = await startService({
      script: {
        status: async ({ content }) => {
          questions += 1;
          const known = content?.kind === "urls" ? content.urls : [];
          return known.map((url) => ({ url, state: outcomes.get(url) === "succeeded" ? "succeeded" : "processing", vendorState: "word" }));
        },
      },
    });
    const { taskId = "" } = await urls(manyUrls(2), {}, one);
    const wait = () => service.status({ taskId, detail: "summary", waitSeconds: 50 }, one);
    questions = 0;
    const waiting = Promise.all(Array.from({ length: 20 }, wait));
    await clock.advance(20_000);
    for (const url of manyUrls(2)) outcomes.set(url, "succeeded");
    const views = await clock.drive(waiting);
    expect(views.every(({ state }) => state === "succeeded")).toBe(true);
    // The vendor allows a question every 30 seconds.
    expect(questions).toBeLessThanOrEqual(3);
  });

  it("refuse another tenant, and go on when one caller leaves", async () => {
    const { clock, service, urls, outcomes } = await startService();
    const { taskId = "" } = await urls(manyUrls(2), {}, one);
    const request = { taskId, detail: "summary", waitSeconds: 50 } as const;
    const stop = new AbortController();
    const leaving = expect(service.status(request, { ...one, signal: stop.signal })).rejects.toThrow("gone");
    const staying = service.status(request, one);
    await expect(clock.drive(service.status(request, two))).rejects.toEqual(error("not_found"));
    await clock.advance(1_000);
    stop.abort(new Error("gone"));
    await leaving;
    for (const url of manyUrls(2)) outcomes.set(url, "succeeded");
    expect(await clock.drive(staying)).toMatchObject({ state: "succeeded" });
  });
});

describe("status, when the server drains", () => {
  it("answers a waiting call with the stored state", async () => {
    const { clock, service, urls, drain } = await startService();
    const { taskId = "" } = await urls(manyUrls(2), {}, one);
    const begun = clock.now();
    const waiting = service.status({ taskId, detail: "summary", waitSeconds: 50 }, one);
    await clock.advance(1_000);
    drain();
    expect(await waiting).toMatchObject({ state: "running", counts: { processing: 2 } });
    expect(clock.now()).toBe(begun + 1_000);
  });
});
