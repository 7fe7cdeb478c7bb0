import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { Settled } from "../../../src/prefetch/model/provider.ts";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import {
  accountQuery,
  claimAsSurvivor,
  type DirectBatch,
  fakeClock,
  fakeProvider,
  manyUrls,
  NOON,
  newTask,
  startProcess,
  TODAY,
  urlsOf,
} from "../../fakes.ts";
import { openStorage } from "../../storage/open-harness.ts";
import { type Bench, setUp } from "../bench-harness.ts";

const good = (url = ""): Settled => ({ url, state: "succeeded", reason: "It came whole." });

/** Ends with the reason when the work is given up, and not before. */
const hanging = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));

const [first = "", second = ""] = manyUrls(2);
const statesIn = async ({ items }: Pick<Bench, "items">) => (await items()).map(({ state }) => state);

describe("a provider that does the work itself", () => {
  it("has what it tells stored while it is at it, and the batch for as long as it takes, however long it tells nothing", async () => {
    const bench = await setUp({
      work: async ({ progress, signal }) => {
        progress.moved(500);
        progress.settled(good(first));
        await bench.clock.sleep(600_000, signal);
        progress.moved(20);
        progress.settled({ url: second, state: "failed", code: "not_found", reason: "It was answered with status 404." });
      },
    });
    const { clock, provider, worker, another, admit, storage, used } = bench;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(1_000);
    expect(await statesIn(bench)).toEqual(["succeeded", "queued"]);
    expect(await storage.task("pf_1")).toMatchObject({ bytes: 500, sending: 1, openBatches: 1 });
    for (let minute = 0; minute < 9; minute += 1) {
      await clock.advance(60_000);
      another().kick(provider);
    }
    await clock.advance(60_000);
    expect(provider.received).toHaveLength(1);
    expect(await bench.items()).toMatchObject([
      { state: "succeeded", code: undefined, reason: "It came whole." },
      { state: "failed", code: "not_found", reason: "It was answered with status 404." },
    ]);
    expect(await storage.task("pf_1")).toMatchObject({ bytes: 520, openBatches: 0 });
    expect(await used()).toBe(2);
    expect(bench.reports).toEqual([]);
  });

  it("is due to no other process while its own lives, which it shows every two seconds", async () => {
    const { clock, provider, worker, admit, storage } = await setUp({ work: ({ signal }) => hanging(signal) });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    const beats: number[] = [];
    for (let look = 0; look < 30; look += 1) {
      await clock.advance(2_000);
      beats.push(...(await storage.holders("another")).map(({ beat }) => beat));
      expect(await storage.nextDue(provider.account, clock.now())).toBeUndefined();
    }
    expect(new Set(beats).size).toBe(30);
    await clock.drive(worker.stop(0));
    expect(await storage.holders("another")).toEqual([]);
    expect(clock.alarms()).toEqual([]);
  });

  it("is known to be alive while it is at a long batch", async () => {
    const { clock, provider, worker, admit } = await setUp({ work: ({ signal }) => hanging(signal) });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(3_600_000);
    expect(worker.busySince()).toBeGreaterThan(clock.now() - 60_000);
    await clock.drive(worker.stop(0));
  });

  it("is told of its task, and how many bytes its earlier batches came to", async () => {
    const told: [string, number][] = [];
    const { clock, provider, worker, admit } = await setUp({
      limits: { batchesAtOnce: 1 },
      work: ({ urls, progress }) => {
        told.push([progress.taskId, progress.taskBytes]);
        progress.moved(100);
        for (const url of urls) progress.settled(good(url));
      },
    });
    await admit({ urls: manyUrls(5) });
    worker.kick(provider);
    await clock.settle();
    expect(told).toEqual([
      ["pf_1", 0],
      ["pf_1", 100],
      ["pf_1", 200],
    ]);
  });

  it.each([1, 2])("gives back the units of what it did not ask for, told in %i parts", async (parts) => {
    const bench = await setUp({
      limits: { urlsPerRequest: 4 },
      work: async ({ urls, progress, signal }) => {
        for (const [nth, url] of urls.entries()) {
          if (nth === 2 && parts === 2) await bench.clock.sleep(5_000, signal);
          progress.settled(nth % 2 === 0 ? { url, state: "rejected", code: "forbidden_domain", reason: "Not public." } : good(url));
        }
      },
    });
    const { clock, provider, worker, admit, used } = bench;
    await admit({ urls: manyUrls(4), perBatch: 4 });
    worker.kick(provider);
    await clock.advance(1_000);
    if (parts === 2) expect(await used()).toBe(3);
    await clock.advance(10_000);
    expect(await statesIn(bench)).toEqual(["rejected", "succeeded", "rejected", "succeeded"]);
    expect(await used()).toBe(2);
  });

  it("leaves room for the next task, however long the one before it takes", async () => {
    const begun: string[] = [];
    const { clock, provider, worker, admit } = await setUp({
      limits: { batchesAtOnce: 8, urlsPerRequest: 1 },
      work: async ({ progress, signal }) => {
        begun.push(progress.taskId);
        await hanging(signal);
      },
    });
    const many = (task: string) => Array.from({ length: 20 }, (_, nth) => `https://cdn.example.com/${task}/${nth}`);
    for (const [id, most] of [
      ["pf_1", 4],
      ["pf_2", 2],
      ["pf_3", 1],
      ["pf_4", 1],
      ["pf_5", 0],
    ] as const) {
      await admit({ id, urls: many(id), perBatch: 1 });
      worker.kick(provider);
      await clock.settle();
      expect(begun.filter((task) => task === id)).toHaveLength(most);
    }
    await clock.drive(worker.stop(0));
  });

  it("stops when its task is cancelled: what it told stays, the rest is cancelled and its units are free", async () => {
    const bench = await setUp({
      limits: { urlsPerRequest: 3 },
      work: async ({ urls: [url = ""], progress, signal }) => {
        progress.settled(good(url));
        await hanging(signal);
      },
    });
    const { clock, provider, worker, admit, storage, used } = bench;
    await admit({ urls: manyUrls(3), perBatch: 3 });
    worker.kick(provider);
    await clock.settle();
    await storage.cancel("pf_1");
    await clock.advance(1_000);
    expect(await statesIn(bench)).toEqual(["succeeded", "cancelled", "cancelled"]);
    expect(await used()).toBe(1);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 0 });
  });

  it("learns within seconds that its task is cancelled, though it has nothing to tell", async () => {
    const bench = await setUp({ work: ({ signal }) => hanging(signal) });
    const { clock, provider, worker, admit, storage } = bench;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    await storage.cancel("pf_1");
    await clock.advance(6_000);
    expect(await statesIn(bench)).toEqual(["cancelled", "cancelled"]);
  });

  it("has all that it leaves untold called untracked, rather than waited for", async () => {
    const bench = await setUp({ work: ({ progress }) => progress.settled(good(second)) });
    const { clock, provider, worker, admit, storage } = bench;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    expect(await statesIn(bench)).toEqual(["untracked", "succeeded"]);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 0 });
  });
});

describe("an error in the middle of the work", () => {
  /** Tells the first URL of its first batch, waits for `pause`, and fails. */
  const failingOnce = (error: unknown, pause: number) =>
    setUpWith(async ({ urls, progress, signal }, nth, { clock }) => {
      progress.moved(10);
      progress.settled(good(urls[0]));
      if (pause > 0) await clock.sleep(pause, signal);
      if (nth === 0) throw error;
    });

  it.each([0, 1_500])("keeps what was told and refuses, and pays back, only the rest, after %i ms", async (pause) => {
    const error = new PrefetchError("vendor_unavailable", "It went wrong", { delivery: "refused" });
    const bench = await failingOnce(error, pause);
    await bench.clock.advance(60_000);
    expect(await bench.items()).toMatchObject([{ state: "succeeded" }, { state: "rejected", code: "vendor_unavailable" }]);
    expect(await bench.used()).toBe(1);
    expect(await bench.storage.task("pf_1")).toMatchObject({ bytes: 10, openBatches: 0 });
  });

  it.each([
    ["that may be repeated", new PrefetchError("vendor_unavailable", "It went wrong", { delivery: "refused", retryable: true })],
    ["of which nobody knows how far it got", new PrefetchError("timeout", "It went wrong", { delivery: "unknown" })],
    ["that nobody foresaw", new TypeError("undefined is not a function")],
  ])("%s has only the rest done again", async (_, error) => {
    const bench = await failingOnce(error, 0);
    await bench.clock.advance(300_000);
    expect(bench.provider.received.map(urlsOf)).toEqual([[first, second], [second]]);
    expect(await statesIn(bench)).toEqual(["succeeded", "succeeded"]);
    expect(await bench.used()).toBe(2);
    expect(await bench.storage.task("pf_1")).toMatchObject({ bytes: 20, openBatches: 0 });
  });

  it("that comes when all is told changes nothing", async () => {
    const bench = await setUpWith(({ urls, progress }) => {
      for (const url of urls) progress.settled(good(url));
      throw new PrefetchError("vendor_unavailable", "It went wrong", { delivery: "refused", retryable: true });
    });
    await bench.clock.advance(300_000);
    expect(bench.provider.received).toHaveLength(1);
    expect(await statesIn(bench)).toEqual(["succeeded", "succeeded"]);
    expect(await bench.used()).toBe(2);
  });

  it("keeps what was told of a task that was cancelled meanwhile, and cancels the rest", async () => {
    const bench = await setUp({
      work: async ({ urls, progress }) => {
        progress.moved(10);
        progress.settled(good(urls[0]));
        progress.settled({ url: urls[1] ?? "", state: "rejected", code: "forbidden_domain", reason: "Not public." });
        await bench.storage.cancel("pf_1");
        throw new PrefetchError("vendor_unavailable", "It went wrong", { delivery: "refused", retryable: true });
      },
    });
    await bench.admit({ urls: manyUrls(4), perBatch: 4 });
    bench.worker.kick(bench.provider);
    await bench.clock.advance(60_000);
    expect(await statesIn(bench)).toEqual(["succeeded", "rejected", "cancelled", "cancelled"]);
    expect(await bench.used()).toBe(1);
    expect(await bench.storage.task("pf_1")).toMatchObject({ bytes: 10, openBatches: 0 });
  });

  it("of the store loses nothing of what was told", async () => {
    let broken = false;
    const bench = await setUp(
      {
        work: async ({ urls, progress, signal }) => {
          broken = true;
          progress.settled(good(urls[0]));
          await bench.clock.sleep(3_500, signal);
          broken = false;
          await bench.clock.sleep(3_500, signal);
          progress.settled(good(urls[1]));
        },
      },
      (storage) => ({
        ...storage,
        change: async (batch, change) => {
          if (broken) throw new PrefetchError("internal", "The disk is full");
          return storage.change(batch, change);
        },
      }),
    );
    await bench.admit({ urls: manyUrls(2) });
    bench.worker.kick(bench.provider);
    await bench.clock.advance(3_500);
    expect(await statesIn(bench)).toEqual(["queued", "queued"]);
    await bench.clock.advance(1_000);
    expect(await statesIn(bench)).toEqual(["succeeded", "queued"]);
    await bench.clock.advance(60_000);
    expect(await statesIn(bench)).toEqual(["succeeded", "succeeded"]);
    expect(bench.provider.received).toHaveLength(1);
    expect(bench.reports).toHaveLength(3);
  });
});

describe("a process that dies, stops or is overtaken in the middle of the work", () => {
  /** A batch on the wire of a process that is gone, as far as it got. */
  const leftBehind = async (settled: readonly number[], more: Parameters<typeof setUp>[0]) => {
    const bench = await setUp(more);
    const { clock, storage, provider, admit } = bench;
    await admit({ urls: manyUrls(4), perBatch: 4 });
    const claim = await storage.claim(provider.account, clock.now(), clock.now() + 300_000);
    if (!claim) throw new Error("Nothing to claim.");
    const sent = { leaseUntil: clock.now() + 90_000, day: TODAY };
    await storage.startSending(claim.batch, { now: clock.now(), allowance: undefined, ...sent });
    const items = settled.map((index) => ({ index, state: "succeeded", reason: "Before." }) as const);
    const held = { ...claim.batch, ...sent, state: "sending" } as const;
    expect(await storage.change(held, { kind: "progress", leaseUntil: sent.leaseUntil, attempts: 0, items, refund: 0, bytes: 70 })).toBe(
      true,
    );
    return bench;
  };

  it("leaves to others only what it had not settled, and not before its lease runs out", async () => {
    const told: number[] = [];
    const bench = await leftBehind([0, 2], {
      work: ({ urls, progress }) => {
        told.push(progress.taskBytes);
        for (const url of urls) progress.settled(good(url));
      },
    });
    const { clock, provider, worker, used } = bench;
    worker.kick(provider);
    await clock.advance(89_999);
    expect(provider.received).toEqual([]);
    await clock.advance(60_000);
    expect(provider.received.map(urlsOf)).toEqual([manyUrls(4).filter((_, index) => index === 1 || index === 3)]);
    expect(await bench.items()).toMatchObject(["Before.", "It came whole.", "Before.", "It came whole."].map((reason) => ({ reason })));
    expect(told).toEqual([70]);
    expect(await used()).toBe(4);
  });

  it("has spent what it had settled on its own day, and only the rest is spent on the day that goes on with it", async () => {
    const bench = await leftBehind([0, 2], {
      work: ({ urls, progress }) => {
        for (const url of urls) progress.settled(good(url));
      },
      limits: { urlsPerDay: 3 },
    });
    const { clock, provider, worker, storage, used } = bench;
    await clock.advance(86_400_000);
    worker.kick(provider);
    await clock.advance(60_000);
    expect(await statesIn(bench)).toEqual(Array(4).fill("succeeded"));
    expect(await used()).toBe(2);
    expect(await storage.ledger(provider.account, "2026-11-22")).toMatchObject({ used: 2 });
  });

  it("leaves nothing to do where it had settled all", async () => {
    const { clock, provider, worker, storage, used } = await leftBehind([0, 1, 2, 3], { work: () => undefined });
    worker.kick(provider);
    await clock.advance(120_000);
    expect(provider.received).toEqual([]);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 0, counts: { succeeded: 4 } });
    expect(await used()).toBe(4);
  });

  it("gives the work up when somebody else has taken the batch over, and writes nothing of it any more", async () => {
    const signals: AbortSignal[] = [];
    const bench = await setUp({
      work: async ({ urls, progress, signal }) => {
        signals.push(signal);
        progress.settled(good(urls[0]));
        await hanging(signal);
      },
    });
    const { clock, provider, worker, admit, storage, used } = bench;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    const taken = await claimAsSurvivor(storage, provider.account, clock.now());
    expect(taken?.batch).toMatchObject({ state: "sending" });
    await clock.advance(1_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(signals[0]?.reason).toMatchObject({ code: "cancelled" });
    await clock.advance(10_000);
    expect(await statesIn(bench)).toEqual(["queued", "queued"]);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 1, bytes: 0 });
    expect(taken && (await storage.change(taken.batch, { kind: "report", items: [], refund: 0 }))).toBe(true);
    expect(await used()).toBe(2);
    expect(bench.reports).toEqual([]);
  });

  it("writes nothing either when the work is done before it notices", async () => {
    const bench = await setUp({
      work: async ({ urls, progress }) => {
        progress.settled(good(urls[0]));
        await bench.clock.sleep(1_500);
        progress.settled(good(urls[1]));
      },
    });
    const { clock, provider, worker, admit, storage } = bench;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    await claimAsSurvivor(storage, provider.account, clock.now());
    await clock.advance(10_000);
    expect(await statesIn(bench)).toEqual(["queued", "queued"]);
  });

  it("keeps what was told when it stops, and leaves the rest to the next", async () => {
    const bench = await setUp({
      work: async ({ urls, progress, signal }, nth) => {
        progress.moved(5);
        progress.settled(good(urls[0]));
        if (nth === 0) await hanging(signal);
      },
    });
    const { clock, provider, worker, another, admit, storage, used } = bench;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    await clock.drive(worker.stop(500));
    expect(await statesIn(bench)).toEqual(["succeeded", "queued"]);
    another().kick(provider);
    await clock.settle();
    expect(provider.received.map(urlsOf)).toEqual([[first, second], [second]]);
    expect(await statesIn(bench)).toEqual(["succeeded", "succeeded"]);
    expect(await storage.task("pf_1")).toMatchObject({ bytes: 10, openBatches: 0 });
    expect(await used()).toBe(2);
    expect(bench.reports).toEqual([]);
  });
});

describe("a batch that is interrupted again and again", () => {
  const urls = manyUrls(20);

  /** Each process settles one more, and goes on until it is ended. */
  const oneEach = () =>
    setUp({
      work: async ({ urls: left, progress, signal }) => {
        progress.settled(good(left[0]));
        if (left.length > 1) await hanging(signal);
      },
    });

  it("by stopping processes gets on, and ends well", async () => {
    const bench = await oneEach();
    await bench.admit({ urls, perBatch: 20 });
    for (const _ of urls) {
      const worker = bench.another();
      worker.kick(bench.provider);
      await bench.clock.settle();
      await bench.clock.drive(worker.stop(500));
    }
    expect(new Set(await statesIn(bench))).toEqual(new Set(["succeeded"]));
    expect(bench.provider.received.map((batch) => urlsOf(batch).length)).toEqual(urls.map((_, nth) => 20 - nth));
  });

  it("by dying processes gets on, and ends well", async () => {
    const { clock, storage, provider, admit, ...bench } = await oneEach();
    await admit({ urls, perBatch: 20 });
    for (const _ of urls) {
      const life = { over: false };
      const mortal: Storage = {
        ...storage,
        change: async (batch, change) => {
          if (life.over) throw new Error("This process is dead");
          return storage.change(batch, change);
        },
      };
      const { worker, presence } = startProcess({ storage: mortal, clock, report: () => undefined });
      // It sees that the one before it is silent.
      for (let look = 0; look < 6; look += 1) {
        await presence.look();
        await clock.advance(2_000);
      }
      const before = provider.received.length;
      worker.kick(provider);
      while (provider.received.length === before) await clock.advance(1_000);
      await clock.advance(1_500);
      life.over = true;
      await clock.drive(worker.stop(0));
    }
    expect(new Set(await statesIn(bench))).toEqual(new Set(["succeeded"]));
    expect(provider.received).toHaveLength(20);
  });
});

describe("whatever becomes of the work", () => {
  it("every URL is told of once and done until it is, and what was not asked for costs nothing", async () => {
    const outcome = fc.constantFrom<Settled["state"] | "untold">("succeeded", "failed", "rejected", "untold");
    const end = fc.constantFrom("done", "refused", "unknown", "bug");
    const attempt = fc.record({
      outcomes: fc.array(outcome, { minLength: 4, maxLength: 4 }),
      pause: fc.constantFrom(0, 1_500, 100_000),
      end,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(attempt, { maxLength: 12 }), fc.integer({ min: 1, max: 9 }), async (attempts, count) => {
        const clock = fakeClock();
        const storage = await openStorage(":memory:", clock);
        const states = new Map<string, string>();
        const provider = fakeProvider({
          work: async ({ urls, progress, signal }, nth) => {
            const plan = attempts[nth];
            for (const [index, url] of urls.entries()) {
              if (states.has(url)) throw new Error(`${url} was done again`);
              const state = plan?.outcomes[index] ?? "succeeded";
              if (state === "untold" && plan?.end !== "done") continue;
              const final = state === "untold" ? "failed" : state;
              states.set(url, final);
              progress.settled({ url, state: final, reason: "So it is." });
              progress.moved(1);
              if (plan && plan.pause > 0) await clock.sleep(plan.pause, signal);
            }
            if (plan?.end === "refused") throw new PrefetchError("queue_full", "No", { delivery: "refused", retryable: true });
            if (plan?.end === "unknown") throw new PrefetchError("timeout", "No", { delivery: "unknown" });
            if (plan?.end === "bug") throw new TypeError("No");
          },
        });
        const { worker } = startProcess({ storage, clock, report: () => undefined });
        const task = newTask({ id: "pf_1", urls: manyUrls(count), perBatch: 4 });
        await storage.admit([accountQuery()], () => ({ task: task }));
        worker.kick(provider);
        await clock.advance(3_600_000);
        const items = await storage.items("pf_1", { limit: 100 });
        expect(items.map(({ target, state }) => [target, state])).toEqual(manyUrls(count).map((url) => [url, states.get(url)]));
        expect((await storage.ledger(provider.account, TODAY)).used).toBe(items.filter(({ state }) => state !== "rejected").length);
        expect(await storage.task("pf_1")).toMatchObject({ bytes: count, openBatches: 0 });
        await worker.stop(0);
        await storage.close();
      }),
      { numRuns: 40 },
    );
  });
});

/** A worker that has begun with one batch of two URLs. */
async function setUpWith(work: (batch: DirectBatch, nth: number, bench: Bench) => void | Promise<void>): Promise<Bench> {
  const bench: Bench = await setUp({ work: (batch, nth) => work(batch, nth, bench) });
  await bench.admit({ urls: manyUrls(2) });
  bench.worker.kick(bench.provider);
  await bench.clock.settle();
  expect(bench.clock.now()).toBe(NOON);
  return bench;
}
