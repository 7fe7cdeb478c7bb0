import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { Settled } from "../../../src/prefetch/model/provider.ts";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import { fakeClock, NOON, TODAY } from "../../fakes/clock.ts";
import { startProcess } from "../../fakes/process.ts";
import { type DirectBatch, fakeProvider, manyUrls, urlsOf } from "../../fakes/provider.ts";
import { runs } from "../../fakes/runs.ts";
import { rejectOnAbort } from "../../fakes/signal.ts";
import { claimAsSurvivor } from "../../fakes/storage.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";
import { openStorage } from "../../storage/open-harness.ts";
import { setUp, type WorkerHarness } from "./worker-harness.ts";

const good = (url = ""): Settled => ({ url, state: "succeeded", reason: "It came whole." });

const [first = "", second = ""] = manyUrls(2);
const statesIn = async ({ items }: Pick<WorkerHarness, "items">) => (await items()).map(({ state }) => state);

describe("worker, with a direct provider", () => {
  it("stores reports while the provider works, and holds the batch for as long as the provider needs", async () => {
    const harness = await setUp({
      work: async ({ progress, signal }) => {
        progress.moved(500);
        progress.settled(good(first));
        await harness.clock.sleep(600_000, signal);
        progress.moved(20);
        progress.settled({ url: second, state: "failed", code: "not_found", reason: "It was answered with status 404." });
      },
    });
    const { clock, provider, worker, another, admit, storage, used } = harness;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(1_000);
    expect(await statesIn(harness)).toEqual(["succeeded", "queued"]);
    expect(await storage.task("pf_1")).toMatchObject({ bytes: 500, sending: 1, openBatches: 1 });
    for (let minute = 0; minute < 9; minute += 1) {
      await clock.advance(60_000);
      another().kick(provider);
    }
    await clock.advance(60_000);
    expect(provider.received).toHaveLength(1);
    expect(await harness.items()).toMatchObject([
      { state: "succeeded", code: undefined, reason: "It came whole." },
      { state: "failed", code: "not_found", reason: "It was answered with status 404." },
    ]);
    expect(await storage.task("pf_1")).toMatchObject({ bytes: 520, openBatches: 0 });
    expect(await used()).toBe(2);
    expect(harness.reports).toEqual([]);
  });

  it("keeps its batch from other processes while its own process lives, which beats every two seconds", async () => {
    const { clock, provider, worker, admit, storage } = await setUp({ work: ({ signal }) => rejectOnAbort(signal) });
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

  it("counts as busy since its last progress during a long batch", async () => {
    const { clock, provider, worker, admit } = await setUp({ work: ({ signal }) => rejectOnAbort(signal) });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(3_600_000);
    expect(worker.busySince()).toBeGreaterThan(clock.now() - 60_000);
    await clock.drive(worker.stop(0));
  });

  it("gives the provider the task's id and the bytes of its earlier batches", async () => {
    const given: [string, number][] = [];
    const { clock, provider, worker, admit } = await setUp({
      limits: { batchesAtOnce: 1 },
      work: ({ urls, progress }) => {
        given.push([progress.taskId, progress.taskBytes]);
        progress.moved(100);
        for (const url of urls) progress.settled(good(url));
      },
    });
    await admit({ urls: manyUrls(5) });
    worker.kick(provider);
    await clock.settle();
    expect(given).toEqual([
      ["pf_1", 0],
      ["pf_1", 100],
      ["pf_1", 200],
    ]);
  });

  it.each([1, 2])("refunds the units of rejected URLs that are reported in %i parts", async (parts) => {
    const harness = await setUp({
      limits: { urlsPerRequest: 4 },
      work: async ({ urls, progress, signal }) => {
        for (const [nth, url] of urls.entries()) {
          if (nth === 2 && parts === 2) await harness.clock.sleep(5_000, signal);
          progress.settled(nth % 2 === 0 ? { url, state: "rejected", code: "forbidden_domain", reason: "Not public." } : good(url));
        }
      },
    });
    const { clock, provider, worker, admit, used } = harness;
    await admit({ urls: manyUrls(4), perBatch: 4 });
    worker.kick(provider);
    await clock.advance(1_000);
    if (parts === 2) expect(await used()).toBe(3);
    await clock.advance(10_000);
    expect(await statesIn(harness)).toEqual(["rejected", "succeeded", "rejected", "succeeded"]);
    expect(await used()).toBe(2);
  });

  it("leaves slots for the next task while long tasks run", async () => {
    const begun: string[] = [];
    const { clock, provider, worker, admit } = await setUp({
      limits: { batchesAtOnce: 8, urlsPerRequest: 1 },
      work: async ({ progress, signal }) => {
        begun.push(progress.taskId);
        await rejectOnAbort(signal);
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

  it("keeps reported URLs, and cancels and refunds the rest, when the task is cancelled", async () => {
    const harness = await setUp({
      limits: { urlsPerRequest: 3 },
      work: async ({ urls: [url = ""], progress, signal }) => {
        progress.settled(good(url));
        await rejectOnAbort(signal);
      },
    });
    const { clock, provider, worker, admit, storage, used } = harness;
    await admit({ urls: manyUrls(3), perBatch: 3 });
    worker.kick(provider);
    await clock.settle();
    await storage.cancel("pf_1");
    await clock.advance(1_000);
    expect(await statesIn(harness)).toEqual(["succeeded", "cancelled", "cancelled"]);
    expect(await used()).toBe(1);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 0 });
  });

  it("stops within seconds when the task is cancelled and the provider reports nothing", async () => {
    const harness = await setUp({ work: ({ signal }) => rejectOnAbort(signal) });
    const { clock, provider, worker, admit, storage } = harness;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    await storage.cancel("pf_1");
    await clock.advance(6_000);
    expect(await statesIn(harness)).toEqual(["cancelled", "cancelled"]);
  });

  it("ends URLs that the provider left out as untracked", async () => {
    const harness = await setUp({ work: ({ progress }) => progress.settled(good(second)) });
    const { clock, provider, worker, admit, storage } = harness;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    expect(await statesIn(harness)).toEqual(["untracked", "succeeded"]);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 0 });
  });
});

describe("worker, when a direct provider fails", () => {
  /** The provider reports the first URL, waits for `pause` milliseconds, and fails in its first batch. */
  const failingOnce = (error: unknown, pause: number) =>
    setUpWith(async ({ urls, progress, signal }, nth, { clock }) => {
      progress.moved(10);
      progress.settled(good(urls[0]));
      if (pause > 0) await clock.sleep(pause, signal);
      if (nth === 0) throw error;
    });

  it.each([0, 1_500])("keeps reported URLs, and rejects and refunds the rest, after a refusal %i ms later", async (pause) => {
    const error = new PrefetchError("vendor_unavailable", "It went wrong", { delivery: "refused" });
    const harness = await failingOnce(error, pause);
    await harness.clock.advance(60_000);
    expect(await harness.items()).toMatchObject([{ state: "succeeded" }, { state: "rejected", code: "vendor_unavailable" }]);
    expect(await harness.used()).toBe(1);
    expect(await harness.storage.task("pf_1")).toMatchObject({ bytes: 10, openBatches: 0 });
  });

  it.each([
    ["a retryable refusal", new PrefetchError("vendor_unavailable", "It went wrong", { delivery: "refused", retryable: true })],
    ["an unknown delivery", new PrefetchError("timeout", "It went wrong", { delivery: "unknown" })],
    ["an unforeseen error", new TypeError("undefined is not a function")],
  ])("fetches only the unreported URLs again after %s", async (_, error) => {
    const harness = await failingOnce(error, 0);
    await harness.clock.advance(300_000);
    expect(harness.provider.received.map(urlsOf)).toEqual([[first, second], [second]]);
    expect(await statesIn(harness)).toEqual(["succeeded", "succeeded"]);
    expect(await harness.used()).toBe(2);
    expect(await harness.storage.task("pf_1")).toMatchObject({ bytes: 20, openBatches: 0 });
  });

  it("ends the batch when every URL is reported before the error", async () => {
    const harness = await setUpWith(({ urls, progress }) => {
      for (const url of urls) progress.settled(good(url));
      throw new PrefetchError("vendor_unavailable", "It went wrong", { delivery: "refused", retryable: true });
    });
    await harness.clock.advance(300_000);
    expect(harness.provider.received).toHaveLength(1);
    expect(await statesIn(harness)).toEqual(["succeeded", "succeeded"]);
    expect(await harness.used()).toBe(2);
  });

  it("keeps reported URLs, and cancels the rest, when the task was cancelled before the error", async () => {
    const harness = await setUp({
      work: async ({ urls, progress }) => {
        progress.moved(10);
        progress.settled(good(urls[0]));
        progress.settled({ url: urls[1] ?? "", state: "rejected", code: "forbidden_domain", reason: "Not public." });
        await harness.storage.cancel("pf_1");
        throw new PrefetchError("vendor_unavailable", "It went wrong", { delivery: "refused", retryable: true });
      },
    });
    await harness.admit({ urls: manyUrls(4), perBatch: 4 });
    harness.worker.kick(harness.provider);
    await harness.clock.advance(60_000);
    expect(await statesIn(harness)).toEqual(["succeeded", "rejected", "cancelled", "cancelled"]);
    expect(await harness.used()).toBe(1);
    expect(await harness.storage.task("pf_1")).toMatchObject({ bytes: 10, openBatches: 0 });
  });

  it("loses no report when the store fails for a while", async () => {
    let broken = false;
    const harness = await setUp(
      {
        work: async ({ urls, progress, signal }) => {
          broken = true;
          progress.settled(good(urls[0]));
          await harness.clock.sleep(3_500, signal);
          broken = false;
          await harness.clock.sleep(3_500, signal);
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
    await harness.admit({ urls: manyUrls(2) });
    harness.worker.kick(harness.provider);
    await harness.clock.advance(3_500);
    expect(await statesIn(harness)).toEqual(["queued", "queued"]);
    await harness.clock.advance(1_000);
    expect(await statesIn(harness)).toEqual(["succeeded", "queued"]);
    await harness.clock.advance(60_000);
    expect(await statesIn(harness)).toEqual(["succeeded", "succeeded"]);
    expect(harness.provider.received).toHaveLength(1);
    expect(harness.reports).toHaveLength(3);
  });
});

describe("worker, when a process dies, stops or loses the batch of a direct provider", () => {
  /** A batch in flight of a dead process, with these items settled. */
  const leftBehind = async (settled: readonly number[], more: Parameters<typeof setUp>[0]) => {
    const harness = await setUp(more);
    await harness.admit({ urls: manyUrls(4), perBatch: 4 });
    const held = await harness.dieWhileSending(90_000);
    const items = settled.map((index) => ({ index, state: "succeeded", reason: "Before." }) as const);
    const leaseUntil = harness.clock.now() + 90_000;
    const progress = { kind: "progress", leaseUntil, attempts: 0, items, refund: 0, bytes: 70 } as const;
    expect(await harness.storage.change(held, progress)).toBe(true);
    return harness;
  };

  it("fetches only the unsettled URLs of a dead process, after its lease runs out", async () => {
    const taskBytes: number[] = [];
    const harness = await leftBehind([0, 2], {
      work: ({ urls, progress }) => {
        taskBytes.push(progress.taskBytes);
        for (const url of urls) progress.settled(good(url));
      },
    });
    const { clock, provider, worker, used } = harness;
    worker.kick(provider);
    await clock.advance(89_999);
    expect(provider.received).toEqual([]);
    await clock.advance(60_000);
    expect(provider.received.map(urlsOf)).toEqual([manyUrls(4).filter((_, index) => index === 1 || index === 3)]);
    expect(await harness.items()).toMatchObject(["Before.", "It came whole.", "Before.", "It came whole."].map((reason) => ({ reason })));
    expect(taskBytes).toEqual([70]);
    expect(await used()).toBe(4);
  });

  it("charges settled URLs to the day of the dead process, and the rest to the day that fetches them", async () => {
    const harness = await leftBehind([0, 2], {
      work: ({ urls, progress }) => {
        for (const url of urls) progress.settled(good(url));
      },
      limits: { urlsPerDay: 3 },
    });
    const { clock, provider, worker, storage, used } = harness;
    await clock.advance(86_400_000);
    worker.kick(provider);
    await clock.advance(60_000);
    expect(await statesIn(harness)).toEqual(Array(4).fill("succeeded"));
    expect(await used()).toBe(2);
    expect(await storage.ledger(provider.account, "2026-11-22")).toMatchObject({ used: 2 });
  });

  it("ends the batch of a dead process that had settled every URL", async () => {
    const { clock, provider, worker, storage, used } = await leftBehind([0, 1, 2, 3], { work: () => undefined });
    worker.kick(provider);
    await clock.advance(120_000);
    expect(provider.received).toEqual([]);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 0, counts: { succeeded: 4 } });
    expect(await used()).toBe(4);
  });

  it("aborts the provider, and writes nothing more, when another process has taken the batch", async () => {
    const signals: AbortSignal[] = [];
    const harness = await setUp({
      work: async ({ urls, progress, signal }) => {
        signals.push(signal);
        progress.settled(good(urls[0]));
        await rejectOnAbort(signal);
      },
    });
    const { clock, provider, worker, admit, storage, used } = harness;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    const taken = await claimAsSurvivor(storage, provider.account, clock.now());
    expect(taken?.batch).toMatchObject({ state: "sending" });
    await clock.advance(1_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(signals[0]?.reason).toMatchObject({ code: "cancelled" });
    await clock.advance(10_000);
    expect(await statesIn(harness)).toEqual(["queued", "queued"]);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 1, bytes: 0 });
    expect(taken && (await storage.change(taken.batch, { kind: "report", items: [], refund: 0 }))).toBe(true);
    expect(await used()).toBe(2);
    expect(harness.reports).toEqual([]);
  });

  it("writes nothing when another process has taken a batch that is done", async () => {
    const harness = await setUp({
      work: async ({ urls, progress }) => {
        progress.settled(good(urls[0]));
        await harness.clock.sleep(1_500);
        progress.settled(good(urls[1]));
      },
    });
    const { clock, provider, worker, admit, storage } = harness;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    await claimAsSurvivor(storage, provider.account, clock.now());
    await clock.advance(10_000);
    expect(await statesIn(harness)).toEqual(["queued", "queued"]);
  });

  it("keeps reported URLs when it stops, and leaves the rest to the next process", async () => {
    const harness = await setUp({
      work: async ({ urls, progress, signal }, nth) => {
        progress.moved(5);
        progress.settled(good(urls[0]));
        if (nth === 0) await rejectOnAbort(signal);
      },
    });
    const { clock, provider, worker, another, admit, storage, used } = harness;
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    await clock.drive(worker.stop(500));
    expect(await statesIn(harness)).toEqual(["succeeded", "queued"]);
    another().kick(provider);
    await clock.settle();
    expect(provider.received.map(urlsOf)).toEqual([[first, second], [second]]);
    expect(await statesIn(harness)).toEqual(["succeeded", "succeeded"]);
    expect(await storage.task("pf_1")).toMatchObject({ bytes: 10, openBatches: 0 });
    expect(await used()).toBe(2);
    expect(harness.reports).toEqual([]);
  });
});

describe("worker, when a direct batch is interrupted again and again", () => {
  const urls = manyUrls(20);

  /** Each run reports one URL and then hangs until it is aborted. */
  const settlingOneEach = () =>
    setUp({
      work: async ({ urls: left, progress, signal }) => {
        progress.settled(good(left[0]));
        if (left.length > 1) await rejectOnAbort(signal);
      },
    });

  it("settles one more URL in each process that stops", async () => {
    const harness = await settlingOneEach();
    await harness.admit({ urls, perBatch: 20 });
    for (const _ of urls) {
      const worker = harness.another();
      worker.kick(harness.provider);
      await harness.clock.settle();
      await harness.clock.drive(worker.stop(500));
    }
    expect(new Set(await statesIn(harness))).toEqual(new Set(["succeeded"]));
    expect(harness.provider.received.map((batch) => urlsOf(batch).length)).toEqual(urls.map((_, nth) => 20 - nth));
  });

  it("settles one more URL in each process that dies", async () => {
    const { clock, storage, provider, admit, ...harness } = await settlingOneEach();
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
    expect(new Set(await statesIn(harness))).toEqual(new Set(["succeeded"]));
    expect(provider.received).toHaveLength(20);
  });
});

describe("worker, with any run of a direct provider", () => {
  it("fetches each URL until it is reported once, and refunds rejected URLs", async () => {
    const outcome = fc.constantFrom<Settled["state"] | "unreported">("succeeded", "failed", "rejected", "unreported");
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
              if (states.has(url)) throw new Error(`${url} was fetched again`);
              const state = plan?.outcomes[index] ?? "succeeded";
              if (state === "unreported" && plan?.end !== "done") continue;
              const final = state === "unreported" ? "failed" : state;
              states.set(url, final);
              progress.settled({ url, state: final, reason: "Observed." });
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
        await storage.admit([accountQuery()], () => ({ task }));
        worker.kick(provider);
        await clock.advance(3_600_000);
        const items = await storage.items("pf_1", { limit: 100 });
        expect(items.map(({ target, state }) => [target, state])).toEqual(manyUrls(count).map((url) => [url, states.get(url)]));
        expect((await storage.ledger(provider.account, TODAY)).used).toBe(items.filter(({ state }) => state !== "rejected").length);
        expect(await storage.task("pf_1")).toMatchObject({ bytes: count, openBatches: 0 });
        await worker.stop(0);
        await storage.close();
      }),
      { numRuns: runs(20) },
    );
  });
});

/** A worker that has started one batch of two URLs. */
async function setUpWith(work: (batch: DirectBatch, nth: number, harness: WorkerHarness) => void | Promise<void>): Promise<WorkerHarness> {
  const harness: WorkerHarness = await setUp({ work: (batch, nth) => work(batch, nth, harness) });
  await harness.admit({ urls: manyUrls(2) });
  harness.worker.kick(harness.provider);
  await harness.clock.settle();
  expect(harness.clock.now()).toBe(NOON);
  return harness;
}

describe("a direct batch", () => {
  it("leaves its unreported URLs to the next process when it fails while the server stops", async () => {
    const { clock, provider, worker, admit, items } = await setUp({
      work: ({ signal }) =>
        new Promise((_, reject) => {
          const closed = new PrefetchError("vendor_unavailable", "Connection closed", { delivery: "refused" });
          signal.addEventListener("abort", () => reject(closed), { once: true });
        }),
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    await clock.drive(worker.stop(0));
    expect((await items()).map(({ state }) => state)).toEqual(["queued", "queued"]);
  });

  it("counts its URLs as recent from its end when it took minutes", async () => {
    const { clock, provider, worker, admit, storage } = await setUp({
      work: async ({ urls, progress, signal }) => {
        await clock.sleep(540_000, signal);
        for (const url of urls) progress.settled({ url, state: "succeeded", reason: "Warm." });
      },
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(600_000);
    const [facts] = await storage.facts([accountQuery({ targets: manyUrls(2), recentSince: clock.now() - 61_000 })]);
    expect(facts?.recent.size).toBe(2);
  });

  it("adds reported bytes once when the store cannot tell whether the task is cancelled", async () => {
    let fails = true;
    const { clock, provider, worker, admit, storage } = await setUp(
      {
        work: async ({ progress, signal }) => {
          progress.moved(100);
          await clock.sleep(3_000, signal);
          fails = false;
          await clock.sleep(3_000, signal);
        },
      },
      (store) => ({
        ...store,
        isCancelled: (taskId) => (fails ? Promise.reject(new Error("disk I/O error")) : store.isCancelled(taskId)),
      }),
    );
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(4_000);
    expect((await storage.task("pf_1"))?.bytes).toBe(100);
  });
});
