import { describe, expect, it } from "vitest";
import { requeued } from "../../../src/prefetch/delivery/outcome.ts";
import { claimAsSurvivor, type FakeProvider, manyUrls, neverAnswered, TODAY, urlsOf } from "../../fakes.ts";
import { askingTwice, setUp, taken } from "../bench-harness.ts";

describe("processes that die or stop", () => {
  it("sends nothing when another process took the batch while it waited for its turn", async () => {
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

    // The other process gives it back.
    expect(taken && (await storage.change(taken.batch, requeued()))).toBe(true);
    worker.kick(provider);
    await clock.advance(100_000);
    expect(provider.received).toHaveLength(1);
  });

  it("sends nothing that it took up just before it was suspended, until it has taken it up again", async () => {
    let starts = 0;
    const bench = await setUp({}, (storage) => ({
      ...storage,
      startSending: async (batch, start) => {
        const result = await storage.startSending(batch, start);
        starts += 1;
        if (starts === 1) await bench.clock.advance(31_000);
        expect(bench.provider.received).toEqual([]);
        return result;
      },
    }));
    const { clock, provider, worker, admit, items } = bench;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(31_000);
    await clock.advance(60_000);
    expect(starts).toBe(2);
    expect(provider.received).toHaveLength(1);
    expect(await items()).toMatchObject([{ state: "processing" }, { state: "processing" }]);
  });

  it("sends what a dead process had claimed, once its claim runs out", async () => {
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

  it("calls unknown what a dead process had in flight when its lease runs out", async () => {
    const { clock, provider, worker, admit, storage, items, used } = await setUp();
    await admit({ urls: manyUrls(4) });
    const dead = await storage.claim(provider.account, clock.now(), clock.now() + 300_000);
    if (!dead) throw new Error("Nothing to claim.");
    const start = { now: clock.now(), leaseUntil: clock.now() + 45_000, day: TODAY, allowance: undefined };
    expect(await storage.startSending(dead.batch, start)).toBe("started");
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

  it("lets what is on the wire be answered before it stops, and takes nothing new", async () => {
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
    ["says that it was sent", neverAnswered],
    ["passes on why it was stopped", (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))],
  ])("lets go of what is not answered in time, as unknown, when the provider %s", async (_, wait) => {
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

  it("puts back what it had claimed but not sent, for the next process to send at once", async () => {
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
    // The slot that was not used stays reserved.
    another().kick(provider);
    await clock.advance(120_000);
    expect(provider.received).toHaveLength(1);
  });

  it("does not call a batch refused that was waiting to be sent a second time when it stopped", async () => {
    const { clock, provider, worker, admit, items } = await setUp({ limits: { requestsPerMinute: 1 } });
    await admit({ urls: manyUrls(2) });
    worker.kick(askingTwice(provider));
    await clock.advance(10_000);
    await worker.stop(500);
    expect(provider.received).toEqual([]);
    for (const item of await items()) expect(["queued", "unknown"]).toContain(item.state);
  });

  it("sends a provider's second request, however long it waits for its turn", async () => {
    const { clock, provider, worker, admit, items } = await setUp({ limits: { requestsPerMinute: 1 } });
    await admit({ urls: manyUrls(2) });
    worker.kick(askingTwice(provider));
    await clock.advance(59_999);
    // Nothing is on the wire between the two, so nothing would be lost if the process died now.
    expect(provider.received).toEqual([]);
    expect((await items()).map((item) => item.state)).toEqual(["queued", "queued"]);
    await clock.advance(1);
    expect(provider.received).toHaveLength(1);
    expect((await items()).map((item) => item.state)).toEqual(["processing", "processing"]);
  });

  it("does not send a provider's second request when another process took the batch before its turn", async () => {
    const { clock, provider, worker, admit, items, storage } = await setUp();
    const held: FakeProvider = {
      ...provider,
      submit: async (batch, call) => {
        await call.turn();
        // Another process was told to slow down meanwhile, and for longer than a claim lasts.
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
