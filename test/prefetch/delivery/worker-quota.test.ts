import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { BatchContent, Call } from "../../../src/prefetch/model/provider.ts";
import { TODAY } from "../../fakes/clock.ts";
import { manyUrls, type ProviderScript, urlsOf } from "../../fakes/provider.ts";
import { setUp, taken, throwing } from "./worker-harness.ts";

describe("worker, when the vendor's day is used up", () => {
  it("rejects the remaining batches without a request", async () => {
    const { clock, provider, worker, admit, items, storage, used } = await setUp({
      answer: throwing("quota_exhausted", { delivery: "refused" }),
    });
    await admit({ urls: manyUrls(20) });
    worker.kick(provider);
    await clock.advance(60_000);
    // Four batches were in flight when the first answer came.
    expect(provider.received).toHaveLength(4);
    const ended = await items();
    expect(ended.map((item) => item.state)).toEqual(Array(20).fill("rejected"));
    expect(new Set(ended.map((item) => item.code))).toEqual(new Set(["quota_exhausted"]));
    expect(await used()).toBe(0);
    expect(await storage.ledger(provider.account, TODAY)).toEqual({ used: 0, pending: 0, exhausted: true });
  });

  it("sends no request when the ledger holds the day as exhausted", async () => {
    const { clock, provider, worker, admit, exhaustDay, items, used } = await setUp();
    await exhaustDay();
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(60_000);
    expect(provider.received).toEqual([]);
    expect(await items()).toMatchObject([{ state: "rejected", code: "quota_exhausted" }, { state: "rejected" }]);
    expect(await used()).toBe(0);
  });
});

it("worker keeps the key of a batch when it sends the batch again", async () => {
  const keys: (string | undefined)[] = [];
  const { clock, provider, worker, admit } = await setUp({
    limits: { urlsPerRequest: 2 },
    answer: (_, nth) => {
      if (nth === 0) throw new PrefetchError("rate_limited", "Too fast", { retryable: true, delivery: "refused" });
      return { vendorTaskIds: [`vendor-${nth}`], refused: [] };
    },
  });
  const { submit } = provider;
  Object.assign(provider, {
    submit: (batch: BatchContent, call: Call) => {
      keys.push(call.batchKey);
      return submit(batch, call);
    },
  });
  await admit({ urls: manyUrls(2) });
  worker.kick(provider);
  await clock.advance(120_000);
  expect(keys).toEqual(["pf_1-0-2", "pf_1-0-2"]);
});

describe("worker, when the vendor counts the quota", () => {
  const refusingForQuota = throwing("quota_exhausted", { delivery: "refused" });
  const HALF_MINUTE = 30_000;

  /** An account whose day the vendor has called exhausted. */
  const setUpExhausted = async (script: ProviderScript) => {
    const harness = await setUp(script);
    await harness.exhaustDay();
    return harness;
  };

  it("sends from an exhausted day once the vendor reports units", async () => {
    const { clock, provider, worker, admit, items } = await setUpExhausted({ quota: async () => ({ limit: 500, remaining: 4 }) });
    await admit({ urls: manyUrls(4) });
    worker.kick(provider);
    await clock.advance(60_000);
    expect(provider.received).toHaveLength(2);
    expect((await items()).map((item) => item.state)).toEqual(Array(4).fill("processing"));
  });

  it("sends the batches that fit into the vendor's count, and rejects the other ones", async () => {
    let left = 3;
    const { clock, provider, worker, admit, items, used } = await setUpExhausted({
      quota: async () => ({ limit: 500, remaining: left }),
      answer: (batch) => {
        if (urlsOf(batch).length > left) return refusingForQuota();
        left -= urlsOf(batch).length;
        return taken;
      },
    });
    await admit({ urls: manyUrls(8) });
    worker.kick(provider);
    await clock.advance(60_000);
    expect((await items()).filter((item) => item.state === "processing")).toHaveLength(2);
    expect((await items()).filter((item) => item.code === "quota_exhausted")).toHaveLength(6);
    expect(await used()).toBe(2);
  });

  it("asks for the quota again when a refusal contradicts the vendor's count", async () => {
    let questions = 0;
    const { clock, provider, worker, admit, items, storage } = await setUpExhausted({
      quota: async () => {
        questions += 1;
        return { limit: 500, remaining: provider.received.length === 0 ? 100 : 0 };
      },
      answer: refusingForQuota,
    });
    await admit({ urls: manyUrls(20) });
    worker.kick(provider);
    await clock.advance(HALF_MINUTE - 1);
    // Four batches were in flight when the first answer came.
    expect(provider.received).toHaveLength(4);
    expect(questions).toBeGreaterThan(1);
    expect((await items()).map((item) => item.state)).toEqual(Array(20).fill("rejected"));
    expect(await storage.ledger(provider.account, TODAY)).toEqual({ used: 0, pending: 0, exhausted: true });
  });

  it("goes by the ledger when the vendor cannot be asked", async () => {
    const { clock, provider, worker, admit, items, reports } = await setUpExhausted({
      quota: async () => {
        throw new PrefetchError("vendor_unavailable", "Down");
      },
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(60_000);
    expect(provider.received).toEqual([]);
    expect((await items()).map((item) => item.state)).toEqual(["rejected", "rejected"]);
    expect(reports).toEqual([expect.stringContaining("asking fake-cdn for its quota")]);
  });

  it("sends only the batches that the next day has room for", async () => {
    const { clock, provider, worker, admit, items, storage } = await setUp({ quota: async () => ({ limit: 500, remaining: 3 }) });
    await admit({ urls: manyUrls(6) });
    // From noon to one o'clock of the next day in Shanghai.
    await clock.advance(13 * 3_600_000);
    worker.kick(provider);
    await clock.advance(60_000);
    expect(provider.received).toHaveLength(1);
    expect((await items()).filter((item) => item.state === "rejected")).toHaveLength(4);
    expect(await storage.ledger(provider.account, "2026-11-22")).toMatchObject({ used: 2 });
  });

  it("requeues the batch, without a report, when the process stops while it asks for the quota", async () => {
    const { clock, provider, worker, admit, items, storage, reports } = await setUpExhausted({ quota: () => new Promise(() => undefined) });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    await worker.stop(500);
    expect(reports).toEqual([]);
    expect((await items()).map((item) => item.state)).toEqual(["queued", "queued"]);
    expect(await storage.nextDue(provider.account, clock.now())).toBe(0);
  });
});

describe("worker, when a batch is sent on another day than planned", () => {
  const tomorrow = "2026-11-22";
  /** From noon to one o'clock of the next day in Shanghai. */
  const THIRTEEN_HOURS = 13 * 3_600_000;

  it("charges the batch to the day on which it is sent", async () => {
    const { clock, provider, worker, admit, storage, used } = await setUp();
    await admit({ urls: manyUrls(2) });
    await clock.advance(THIRTEEN_HOURS);
    worker.kick(provider);
    await clock.settle();
    expect(provider.received).toHaveLength(1);
    expect(await used()).toBe(0);
    expect(await storage.ledger(provider.account, tomorrow)).toEqual({ used: 2, pending: 0, exhausted: false });
  });

  it("sends the batch although its planned day is exhausted", async () => {
    const { clock, provider, worker, admit, exhaustDay } = await setUp();
    await exhaustDay();
    await admit({ urls: manyUrls(2) });
    await clock.advance(THIRTEEN_HOURS);
    worker.kick(provider);
    await clock.settle();
    expect(provider.received).toHaveLength(1);
  });

  it("rejects and refunds the batch when the new day has no room for it", async () => {
    const { clock, provider, worker, admit, items, storage, used } = await setUp({ limits: { urlsPerDay: 3 } });
    await admit({ urls: manyUrls(2) });
    await clock.advance(THIRTEEN_HOURS);
    await admit({ id: "pf_2", urls: manyUrls(2, "https://other.example/"), day: tomorrow, now: clock.now() + 60_000 });
    worker.kick(provider);
    await clock.settle();
    expect(provider.received).toEqual([]);
    expect(await items()).toMatchObject([
      { state: "rejected", code: "quota_exhausted" },
      { state: "rejected", code: "quota_exhausted" },
    ]);
    expect(await used()).toBe(0);
    expect((await storage.ledger(provider.account, tomorrow)).used).toBe(2);
  });
});
