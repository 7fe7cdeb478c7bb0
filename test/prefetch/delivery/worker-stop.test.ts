import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { requeued } from "../../../src/prefetch/delivery/outcome.ts";
import { type FakeProvider, manyUrls, neverAnswered, urlsOf } from "../../fakes/provider.ts";
import { rejectOnAbort } from "../../fakes/signal.ts";
import { claimAsSurvivor } from "../../fakes/storage.ts";
import { setUp, taken, takingTwoTurns } from "./worker-harness.ts";

describe("worker, when processes die or stop", () => {
  it("sends nothing when another process took the batch while it waited for its slot", async () => {
    const { clock, provider, worker, admit, items, storage } = await setUp({ limits: { requestsPerMinute: 1 } });
    await admit({ urls: manyUrls(2) });
    // Six requests of other processes come first.
    for (let slot = 0; slot < 6; slot += 1) await storage.reserveSlot(provider.account, 60_000, 1, clock.now());
    worker.kick(provider);
    await clock.advance(301_000);
    const taken = await claimAsSurvivor(storage, provider.account, clock.now());
    expect(taken?.batch).toMatchObject({ number: 0, state: "claimed" });
    await clock.advance(100_000);
    expect(provider.received).toEqual([]);
    expect(await items()).toMatchObject([{ state: "queued" }, { state: "queued" }]);

    // The other process gives the batch back.
    expect(taken && (await storage.change(taken.batch, requeued()))).toBe(true);
    worker.kick(provider);
    await clock.advance(100_000);
    expect(provider.received).toHaveLength(1);
  });

  it("claims a batch again before it sends when the machine slept after the start", async () => {
    let starts = 0;
    const harness = await setUp({}, (storage) => ({
      ...storage,
      startSending: async (batch, start) => {
        const result = await storage.startSending(batch, start);
        starts += 1;
        if (starts === 1) await harness.clock.advance(31_000);
        expect(harness.provider.received).toEqual([]);
        return result;
      },
    }));
    const { clock, provider, worker, admit, items } = harness;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(31_000);
    await clock.advance(60_000);
    expect(starts).toBe(2);
    expect(provider.received).toHaveLength(1);
    expect(await items()).toMatchObject([{ state: "processing" }, { state: "processing" }]);
  });

  it("sends the batch of a dead process when its claim runs out", async () => {
    const { clock, provider, worker, admit, storage, items } = await setUp();
    await admit({ urls: manyUrls(2) });
    await storage.claim(provider.account, clock.now(), clock.now() + 300_000);
    worker.kick(provider);
    await clock.advance(299_999);
    expect(provider.received).toEqual([]);
    await clock.advance(1);
    expect(provider.received).toHaveLength(1);
    expect((await items()).map((item) => item.state)).toEqual(["processing", "processing"]);
  });

  it("ends a batch that a dead process had in flight as unknown when its lease runs out", async () => {
    const { clock, provider, worker, admit, dieWhileSending, items, used } = await setUp();
    await admit({ urls: manyUrls(4) });
    await dieWhileSending(45_000);
    await clock.advance(44_999);
    worker.kick(provider);
    await clock.settle();
    expect((await items()).slice(0, 2).map((item) => item.state)).toEqual(["queued", "queued"]);
    await clock.advance(1);
    await clock.settle();
    expect(await items()).toMatchObject([
      { state: "unknown", reason: expect.stringContaining("its outcome is not known") },
      { state: "unknown" },
      { state: "processing" },
      { state: "processing" },
    ]);
    expect(provider.received.flatMap(urlsOf)).not.toContain(manyUrls(1)[0]);
    expect(await used()).toBe(4);
  });

  it("waits for requests in flight and claims nothing more when it stops", async () => {
    let answer = (): void => undefined;
    const { clock, provider, worker, admit, items } = await setUp({
      answer: () =>
        new Promise((resolve) => {
          answer = () => resolve(taken);
        }),
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    await admit({ id: "pf_2", urls: manyUrls(2, "https://later.example/") });
    const stopping = worker.stop(500);
    await clock.advance(400);
    answer();
    await stopping;
    expect((await items()).map((item) => item.state)).toEqual(["processing", "processing"]);
    worker.kick(provider);
    await clock.advance(3_600_000);
    expect(provider.received).toHaveLength(1);
  });

  it.each<readonly [string, (signal: AbortSignal) => Promise<never>]>([
    ["reports an unknown delivery", neverAnswered],
    ["rejects with the reason of the stop", rejectOnAbort],
  ])("ends a batch that is not answered in time as unknown when the provider %s", async (_, wait) => {
    const { clock, provider, worker, admit, items, used } = await setUp({ answer: (_batch, _nth, signal) => wait(signal) });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    let stopped = false;
    const stopping = worker.stop(500).then(() => {
      stopped = true;
    });
    await clock.advance(499);
    expect(stopped).toBe(false);
    await clock.advance(1);
    await stopping;
    expect((await items()).map((item) => item.state)).toEqual(["unknown", "unknown"]);
    expect(await used()).toBe(2);
  });

  it("requeues a claimed batch when it stops, so the next process sends it at once", async () => {
    const { clock, provider, worker, another, admit, items, storage } = await setUp({ limits: { requestsPerMinute: 1 } });
    await admit({ urls: manyUrls(2) });
    await storage.reserveSlot(provider.account, 60_000, 1, clock.now());
    worker.kick(provider);
    await clock.advance(10_000);
    expect(await storage.nextDue(provider.account, clock.now())).toBeUndefined();
    await worker.stop(500);
    expect(provider.received).toEqual([]);
    expect((await items()).map((item) => item.state)).toEqual(["queued", "queued"]);
    expect(await storage.nextDue(provider.account, clock.now())).toBeLessThanOrEqual(clock.now());
    // The unused slot stays reserved.
    another().kick(provider);
    await clock.advance(120_000);
    expect(provider.received).toHaveLength(1);
  });

  it("does not reject a batch that waited for a second request when it stopped", async () => {
    const { clock, provider, worker, admit, items } = await setUp({ limits: { requestsPerMinute: 1 } });
    await admit({ urls: manyUrls(2) });
    worker.kick(takingTwoTurns(provider));
    await clock.advance(10_000);
    await worker.stop(500);
    expect(provider.received).toEqual([]);
    for (const item of await items()) expect(["queued", "unknown"]).toContain(item.state);
  });

  it("sends a provider's second request when its slot comes", async () => {
    const { clock, provider, worker, admit, items } = await setUp({ limits: { requestsPerMinute: 1 } });
    await admit({ urls: manyUrls(2) });
    worker.kick(takingTwoTurns(provider));
    await clock.advance(59_999);
    // Nothing is in flight between the two requests, so a crash now would lose nothing.
    expect(provider.received).toEqual([]);
    expect((await items()).map((item) => item.state)).toEqual(["queued", "queued"]);
    await clock.advance(1);
    expect(provider.received).toHaveLength(1);
    expect((await items()).map((item) => item.state)).toEqual(["processing", "processing"]);
  });

  it("does not send a provider's second request when another process took the batch before the slot", async () => {
    const { clock, provider, worker, admit, items, storage } = await setUp();
    const held: FakeProvider = {
      ...provider,
      submit: async (batch, call) => {
        await call.turn();
        // The vendor throttles another process, for longer than a claim lasts.
        await storage.pauseSlots(provider.account, clock.now() + 301_000);
        return provider.submit(batch, call);
      },
    };
    await admit({ urls: manyUrls(2) });
    worker.kick(held);
    await clock.advance(300_000);
    expect(await claimAsSurvivor(storage, provider.account, clock.now())).toMatchObject({ batch: { state: "claimed" } });
    await clock.advance(50_000);
    expect(provider.received).toEqual([]);
    expect((await items()).map((item) => item.state)).toEqual(["queued", "queued"]);
  });
});

it("keeps a batch's Retry-After when the server stops while the account is being paused", async () => {
  let stop = (): void => undefined;
  const { clock, provider, worker, admit, storage } = await setUp({}, (store) => ({
    ...store,
    pauseSlots: (...pause) => {
      stop();
      return store.pauseSlots(...pause);
    },
  }));
  stop = () => void worker.stop(0);
  const slowDown = new PrefetchError("rate_limited", "Slow down", { delivery: "refused", retryable: true, retryAfterMs: 3_600_000 });
  await admit({ urls: manyUrls(2) });
  worker.kick({ ...provider, submit: () => Promise.reject(slowDown) });
  await clock.settle();
  expect(await storage.nextDue(provider.account, clock.now())).toBe(clock.now() + 3_600_000);
});
