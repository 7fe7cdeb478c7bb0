import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { TODAY } from "../../fakes/clock.ts";
import { manyUrls, type ProviderScript, urlsOf } from "../../fakes/provider.ts";
import { setUp, taken, throwing } from "../bench-harness.ts";

describe("the day's quota", () => {
  it("rejects without a request what is left when the vendor says that the day is used up", async () => {
    const { clock, provider, worker, admit, items, storage, used } = await setUp({
      answer: throwing("quota_exhausted", { delivery: "refused" }),
    });
    await admit({ urls: manyUrls(20) });
    worker.kick(provider);
    await clock.advance(60_000);
    // Four were on the wire together when the first answer came.
    expect(provider.received).toHaveLength(4);
    const ended = await items();
    expect(ended.map((item) => item.state)).toEqual(Array(20).fill("rejected"));
    expect(new Set(ended.map((item) => item.code))).toEqual(new Set(["quota_exhausted"]));
    expect(await used()).toBe(0);
    expect(await storage.ledger(provider.account, TODAY)).toEqual({ used: 0, pending: 0, exhausted: true });
  });

  it("asks nothing of a vendor that said so before", async () => {
    const { clock, provider, worker, admit, items, storage, used } = await setUp();
    const [earlier] = (await admit({ id: "pf_0", urls: manyUrls(1) })).batches;
    if (earlier) await storage.change(earlier, { kind: "end", items: [], refund: 1, exhausted: true });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(60_000);
    expect(provider.received).toEqual([]);
    expect(await items()).toMatchObject([{ state: "rejected", code: "quota_exhausted" }, { state: "rejected" }]);
    expect(await used()).toBe(0);
  });
});

describe("the day's quota, at a vendor that counts it", () => {
  const spentUp = throwing("quota_exhausted", { delivery: "refused" });
  const HALF_MINUTE = 30_000;

  /** An account that the vendor has once called used up. */
  const usedUp = async (script: ProviderScript) => {
    const bench = await setUp(script);
    const [earlier] = (await bench.admit({ id: "pf_0", urls: manyUrls(1) })).batches;
    if (earlier) await bench.storage.change(earlier, { kind: "end", items: [], refund: 1, exhausted: true });
    return bench;
  };

  it("is sent from, although it was called used up before, once the vendor says that there is some", async () => {
    const { clock, provider, worker, admit, items } = await usedUp({ quota: async () => ({ limit: 500, remaining: 4 }) });
    await admit({ urls: manyUrls(4) });
    worker.kick(provider);
    await clock.advance(60_000);
    expect(provider.received).toHaveLength(2);
    expect((await items()).map((item) => item.state)).toEqual(Array(4).fill("processing"));
  });

  it("is sent from as far as the vendor says that there is some, and what fits is not refused with what does not", async () => {
    let left = 3;
    const { clock, provider, worker, admit, items, used } = await usedUp({
      quota: async () => ({ limit: 500, remaining: left }),
      answer: (batch) => {
        if (urlsOf(batch).length > left) return spentUp();
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

  it("is asked for anew when a submit contradicts what the vendor said of it", async () => {
    let questions = 0;
    const { clock, provider, worker, admit, items, storage } = await usedUp({
      quota: async () => {
        questions += 1;
        return { limit: 500, remaining: provider.received.length === 0 ? 100 : 0 };
      },
      answer: spentUp,
    });
    await admit({ urls: manyUrls(20) });
    worker.kick(provider);
    await clock.advance(HALF_MINUTE - 1);
    // Four were on the wire together when the first answer came.
    expect(provider.received).toHaveLength(4);
    expect(questions).toBeGreaterThan(1);
    expect((await items()).map((item) => item.state)).toEqual(Array(20).fill("rejected"));
    expect(await storage.ledger(provider.account, TODAY)).toEqual({ used: 0, pending: 0, exhausted: true });
  });

  it("is spent from by ledger alone when the vendor cannot be asked", async () => {
    const { clock, provider, worker, admit, items, reports } = await usedUp({
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

  it("bounds what is moved to the next day, as far as others have spent that already", async () => {
    const { clock, provider, worker, admit, items, storage } = await setUp({ quota: async () => ({ limit: 500, remaining: 3 }) });
    await admit({ urls: manyUrls(6) });
    // From noon to the first hour of the next day, in Shanghai.
    await clock.advance(13 * 3_600_000);
    worker.kick(provider);
    await clock.advance(60_000);
    expect(provider.received).toHaveLength(1);
    expect((await items()).filter((item) => item.state === "rejected")).toHaveLength(4);
    expect(await storage.ledger(provider.account, "2026-11-22")).toMatchObject({ used: 2 });
  });

  it("lets a process stop that is just asking for it: the batch goes back, and nothing is told of", async () => {
    const { clock, provider, worker, admit, items, storage, reports } = await usedUp({ quota: () => new Promise(() => undefined) });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    await worker.stop(500);
    expect(reports).toEqual([]);
    expect((await items()).map((item) => item.state)).toEqual(["queued", "queued"]);
    expect(await storage.nextDue(provider.account, clock.now())).toBe(0);
  });
});

describe("a batch that is sent on another day than it was planned for", () => {
  const tomorrow = "2026-11-22";
  /** Noon to one o'clock in the morning, in Shanghai. */
  const THIRTEEN_HOURS = 13 * 3_600_000;

  it("spends the quota of the day on which it is sent", async () => {
    const { clock, provider, worker, admit, storage, used } = await setUp();
    await admit({ urls: manyUrls(2) });
    await clock.advance(THIRTEEN_HOURS);
    worker.kick(provider);
    await clock.settle();
    expect(provider.received).toHaveLength(1);
    expect(await used()).toBe(0);
    expect(await storage.ledger(provider.account, tomorrow)).toEqual({ used: 2, pending: 0, exhausted: false });
  });

  it("is sent although the day that it was planned for was used up", async () => {
    const { clock, provider, worker, admit, storage } = await setUp();
    const [earlier] = (await admit({ id: "pf_0", urls: manyUrls(1) })).batches;
    if (earlier) await storage.change(earlier, { kind: "end", items: [], refund: 1, exhausted: true });
    await admit({ urls: manyUrls(2) });
    await clock.advance(THIRTEEN_HOURS);
    worker.kick(provider);
    await clock.settle();
    expect(provider.received).toHaveLength(1);
  });

  it("is rejected, and given back, where that day has no room for it", async () => {
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
