import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Delivery, type ErrorCode, type ErrorFacts, PrefetchError } from "../../src/errors.ts";
import { createPacer } from "../../src/prefetch/pace.ts";
import type { Submission } from "../../src/prefetch/provider.ts";
import type { NewTask, Storage } from "../../src/prefetch/storage.ts";
import type { Item } from "../../src/prefetch/task.ts";
import { createWorker, type Worker } from "../../src/prefetch/worker.ts";
import { openSqlite } from "../../src/storage/sqlite.ts";
import {
  type FakeClock,
  type FakeProvider,
  fakeClock,
  fakeProvider,
  manyUrls,
  neverAnswered,
  newTask,
  type ProviderScript,
  type TaskSketch,
  TODAY,
  urlsOf,
} from "../fakes.ts";

interface Bench {
  readonly clock: FakeClock;
  readonly storage: Storage;
  readonly provider: FakeProvider;
  readonly worker: Worker;
  /** Another process on the same store. */
  another(): Worker;
  readonly reports: string[];
  admit(sketch?: Partial<TaskSketch>): Promise<NewTask>;
  items(): Promise<Item[]>;
  used(): Promise<number>;
}

async function setUp(script: ProviderScript = {}, spoil: (storage: Storage) => Storage = (storage) => storage): Promise<Bench> {
  const clock = fakeClock();
  const storage = spoil(await openSqlite(":memory:", clock));
  const provider = fakeProvider(script);
  const reports: string[] = [];
  const another = (): Worker => {
    const worker = createWorker({
      storage,
      clock,
      pace: createPacer(storage, clock),
      random: () => 0.5,
      limitOf: ({ limits }) => limits.urlsPerDay,
      report: (error, about) => reports.push(`${about}: ${String(error)}`),
    });
    onTestFinished(() => worker.stop(0));
    return worker;
  };
  onTestFinished(() => storage.close());
  const { account } = provider;
  return {
    clock,
    storage,
    provider,
    worker: another(),
    another,
    reports,
    admit: async (sketch = {}) => {
      const task = newTask({ id: "pf_1", urls: manyUrls(4), account, ...sketch });
      await storage.admit({ account, day: TODAY, targets: [], recentSince: 0 }, () => task);
      return task;
    },
    items: () => storage.items("pf_1", { limit: 1_000 }),
    used: async () => (await storage.ledger(account, TODAY)).used,
  };
}

function throwing(code: ErrorCode, facts: ErrorFacts): () => never {
  return () => {
    throw new PrefetchError(code, "It went wrong", facts);
  };
}

/** As a provider does whose token had run out: its first request is answered with 401, and the second waits for a turn of its own. */
function askingTwice(provider: FakeProvider): FakeProvider {
  return {
    ...provider,
    submit: async (batch, call) => {
      await call.turn();
      return provider.submit(batch, call);
    },
  };
}

const taken: Submission = { vendorTaskIds: ["vendor"], refused: [] };

describe("a worker", () => {
  it("sends every due batch once, however often it is told to", async () => {
    const { clock, provider, worker, admit, items, storage, used } = await setUp();
    await admit({ urls: manyUrls(11) });
    for (let time = 0; time < 3; time += 1) worker.kick(provider);
    await clock.advance(60_000);
    worker.kick(provider);
    await clock.advance(3_600_000);

    expect(provider.received.flatMap(urlsOf).sort()).toEqual(manyUrls(11).sort());
    expect(provider.received).toHaveLength(6);
    expect((await items()).map((item) => item.state)).toEqual(Array(11).fill("processing"));
    const followed = await storage.following("pf_1");
    expect(new Set(followed.flatMap((work) => work.batch.vendorTaskIds))).toHaveLength(6);
    expect(followed[0]?.batch).toMatchObject({ state: "sent", leaseUntil: undefined, requestId: expect.stringMatching(/^request-/) });
    expect(await used()).toBe(11);
  });

  it("shares the batches with other processes on the same store", async () => {
    const { clock, provider, worker, another, admit } = await setUp();
    await admit({ urls: manyUrls(40) });
    for (const each of [worker, another(), another()]) each.kick(provider);
    await clock.advance(60_000);
    expect(provider.received).toHaveLength(20);
    expect(new Set(provider.received.flatMap(urlsOf))).toHaveLength(40);
  });

  it("keeps four batches of an account on the wire at most, and goes on as they are answered", async () => {
    const answers: (() => void)[] = [];
    const { clock, provider, worker, admit } = await setUp({
      answer: () => new Promise((resolve) => answers.push(() => resolve(taken))),
    });
    await admit({ urls: manyUrls(12) });
    worker.kick(provider);
    await clock.settle();
    expect(provider.received).toHaveLength(4);
    answers.shift()?.();
    await clock.settle();
    expect(provider.received).toHaveLength(5);
    while (answers.length > 0) {
      answers.shift()?.();
      await clock.settle();
    }
    expect(provider.received).toHaveLength(6);
  });

  it("leaves the batches of other accounts alone", async () => {
    const { clock, provider, worker, admit } = await setUp();
    await admit({ account: "somebody-else" });
    worker.kick(provider);
    await clock.advance(3_600_000);
    expect(provider.received).toEqual([]);
  });

  it("keeps the account's pace", async () => {
    const { clock, provider, worker, admit } = await setUp({ limits: { requestsPerMinute: 10 } });
    await admit({ urls: manyUrls(4) });
    worker.kick(provider);
    await clock.settle();
    expect(provider.received).toHaveLength(1);
    await clock.advance(60_000 / 9 + 1);
    expect(provider.received).toHaveLength(2);
  });

  it("sends what becomes due later, when it is due and without being told again", async () => {
    const { clock, provider, worker, admit } = await setUp();
    await admit({ now: clock.now() + 5_000 });
    worker.kick(provider);
    await clock.advance(4_999);
    expect(provider.received).toEqual([]);
    await clock.advance(1);
    expect(provider.received).toHaveLength(2);
  });

  it("sends again what the vendor refused for now, no sooner than it asked for", async () => {
    const { clock, provider, worker, admit, items, storage, used } = await setUp({
      answer: (_, nth) =>
        nth === 0 ? throwing("rate_limited", { delivery: "refused", retryable: true, retryAfterMs: 7_000, requestId: "r-1" })() : taken,
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(6_999);
    expect(provider.received).toHaveLength(1);
    expect(await items()).toMatchObject([
      { state: "queued", code: "rate_limited", reason: "Will be sent again. It went wrong (request id r-1)." },
      { state: "queued" },
    ]);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 1 });
    expect(await used()).toBe(2);

    await clock.advance(1);
    expect(provider.received).toHaveLength(2);
    // The reason of the first attempt is not that of the second.
    expect(await items()).toMatchObject([
      { state: "processing", code: undefined, reason: undefined },
      { state: "processing", code: undefined, reason: undefined },
    ]);
    expect(await used()).toBe(2);
  });

  it("keeps the whole account quiet when the vendor says that it is asked too often", async () => {
    const { clock, provider, worker, another, admit } = await setUp({
      answer: (_, nth) => (nth === 0 ? throwing("rate_limited", { delivery: "refused", retryable: true, retryAfterMs: 30_000 })() : taken),
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    await admit({ id: "pf_2", urls: manyUrls(4, "https://other.example/") });
    another().kick(provider);
    await clock.advance(29_999);
    expect(provider.received).toHaveLength(1);
    await clock.advance(1_000);
    expect(provider.received).toHaveLength(4);
  });

  it("writes an outcome down as soon as the store can be written again", async () => {
    let failures = 3;
    const { clock, provider, worker, admit, items, reports, storage } = await setUp({}, (storage) => ({
      ...storage,
      change: async (batch, change) => {
        if (failures > 0) {
          failures -= 1;
          throw new PrefetchError("internal", "The disk is full");
        }
        return storage.change(batch, change);
      },
    }));
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.settle();
    expect((await items()).map((item) => item.state)).toEqual(["queued", "queued"]);
    await clock.advance(60_000);
    expect((await items()).map((item) => item.state)).toEqual(["processing", "processing"]);
    expect((await storage.following("pf_1"))[0]?.batch.vendorTaskIds).toEqual(["vendor-0"]);
    expect(reports).toHaveLength(3);
    expect(provider.received).toHaveLength(1);
  });

  it("gives back the units of what is refused for good", async () => {
    const { clock, provider, worker, admit, items, used } = await setUp({
      answer: (batch, nth) => {
        if (nth === 0) return { ...taken, refused: [{ url: urlsOf(batch)[0] ?? "", code: "invalid_argument", reason: "Too old." }] };
        return throwing("forbidden_domain", { delivery: "refused" })();
      },
    });
    await admit({ urls: manyUrls(4) });
    expect(await used()).toBe(4);
    worker.kick(provider);
    await clock.advance(60_000);
    expect(await items()).toMatchObject([
      { state: "rejected", code: "invalid_argument", reason: "Too old." },
      { state: "processing" },
      { state: "rejected", code: "forbidden_domain" },
      { state: "rejected", code: "forbidden_domain" },
    ]);
    expect(await used()).toBe(1);
  });

  it("never sends again what may have been carried out", async () => {
    const { clock, provider, worker, another, admit, items, storage, used } = await setUp({
      answer: throwing("timeout", { delivery: "unknown", retryable: true, retryAfterMs: 10 }),
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(86_400_000);
    await another().recover(provider);
    another().kick(provider);
    await clock.advance(86_400_000);
    expect(provider.received).toHaveLength(1);
    expect(await items()).toMatchObject([{ state: "unknown", code: "timeout" }, { state: "unknown" }]);
    expect(await used()).toBe(2);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 0 });
  });

  it("takes an unforeseen error on the wire for an unknown outcome, not for a refusal", async () => {
    const { clock, provider, worker, admit, items, reports, used } = await setUp({
      answer: () => {
        throw new TypeError("answer.data is undefined");
      },
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(60_000);
    expect(reports).toEqual([expect.stringContaining("answer.data is undefined")]);
    expect((await items()).map((item) => item.state)).toEqual(["unknown", "unknown"]);
    expect(await used()).toBe(2);
  });

  it("rejects, and gives back, what failed before anything was sent", async () => {
    const { clock, provider, worker, admit, items, reports, used } = await setUp();
    const broken: FakeProvider = {
      ...provider,
      submit: async () => {
        throw new TypeError("cannot sign");
      },
    };
    await admit({ urls: manyUrls(2) });
    worker.kick(broken);
    await clock.advance(60_000);
    expect(reports).toEqual([expect.stringContaining("cannot sign")]);
    expect(await items()).toMatchObject([{ state: "rejected", code: "internal" }, { state: "rejected" }]);
    expect(JSON.stringify(await items())).not.toContain("cannot sign");
    expect(await used()).toBe(0);
  });

  it("reports that the store fails, and goes on at the next kick", async () => {
    const { clock, provider, worker, storage, reports } = await setUp();
    await storage.close();
    worker.kick(provider);
    await clock.settle();
    expect(reports.length).toBeGreaterThan(0);
    expect(reports.every((report) => report.includes("cannot be used"))).toBe(true);
    const before = reports.length;
    worker.kick(provider);
    await clock.settle();
    expect(reports.length).toBeGreaterThan(before);
  });
});

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
    expect(await storage.ledger(provider.account, TODAY)).toEqual({ used: 0, exhausted: true });
  });

  it("asks nothing of a vendor that said so before", async () => {
    const { clock, provider, worker, admit, items, storage, used } = await setUp();
    const [earlier] = (await admit({ id: "pf_0", urls: manyUrls(1) })).batches;
    if (earlier) await storage.change(earlier, { batch: { state: "ended" }, items: [], refund: 1, exhausted: true });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(60_000);
    expect(provider.received).toEqual([]);
    expect(await items()).toMatchObject([{ state: "rejected", code: "quota_exhausted" }, { state: "rejected" }]);
    expect(await used()).toBe(0);
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
    expect(await storage.ledger(provider.account, tomorrow)).toEqual({ used: 2, exhausted: false });
  });

  it("is sent although the day that it was planned for was used up", async () => {
    const { clock, provider, worker, admit, storage } = await setUp();
    const [earlier] = (await admit({ id: "pf_0", urls: manyUrls(1) })).batches;
    if (earlier) await storage.change(earlier, { batch: { state: "ended" }, items: [], refund: 1, exhausted: true });
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

describe("processes that die or stop", () => {
  it("sends nothing when its claim ran out while it waited for its turn", async () => {
    const { clock, provider, worker, admit, items, storage } = await setUp({ limits: { requestsPerMinute: 1 } });
    await admit({ urls: manyUrls(2) });
    // Six requests of other processes come first, so that the turn comes after the claim's five minutes.
    for (let slot = 0; slot < 6; slot += 1) await storage.reserveSlot(provider.account, 60_000, 1, clock.now());
    worker.kick(provider);
    await clock.advance(301_000);
    const taken = await storage.claim(provider.account, clock.now(), clock.now() + 300_000, "due");
    expect(taken?.batch).toMatchObject({ number: 0, state: "claimed" });
    await clock.advance(100_000);
    expect(provider.received).toEqual([]);
    expect(await items()).toMatchObject([{ state: "queued" }, { state: "queued" }]);

    // The other process dies in its turn, and the batch is taken over once more.
    await clock.advance(400_000);
    expect(provider.received).toHaveLength(1);
  });

  it("sends what a dead process had claimed, once its claim runs out", async () => {
    const { clock, provider, worker, admit, storage, items } = await setUp();
    await admit({ urls: manyUrls(2) });
    await storage.claim(provider.account, clock.now(), clock.now() + 300_000, "due");
    worker.kick(provider);
    await clock.advance(299_999);
    expect(provider.received).toEqual([]);
    await clock.advance(1);
    expect(provider.received).toHaveLength(1);
    expect((await items()).map((item) => item.state)).toEqual(["processing", "processing"]);
  });

  it.each(["recover", "kick"] as const)(
    "calls unknown what a dead process had on the wire, by %s, and not before its lease ran out",
    async (by) => {
      const { clock, provider, worker, admit, storage, items, used } = await setUp();
      await admit({ urls: manyUrls(4) });
      const dead = await storage.claim(provider.account, clock.now(), clock.now() + 300_000, "due");
      if (!dead) throw new Error("Nothing to claim.");
      const start = { now: clock.now(), leaseUntil: clock.now() + 45_000, day: TODAY, limit: undefined };
      expect(await storage.startSending(dead.batch, start)).toBe("started");

      const look = async (): Promise<void> => {
        if (by === "recover") await worker.recover(provider);
        else worker.kick(provider);
        await clock.settle();
      };
      await clock.advance(44_999);
      await look();
      expect((await items()).slice(0, 2).map((item) => item.state)).toEqual(["queued", "queued"]);
      await clock.advance(1);
      await look();
      expect(await items()).toMatchObject([
        { state: "unknown", reason: expect.stringContaining("its outcome is not known") },
        { state: "unknown" },
        // `recover` sends nothing; it only tells the truth about what was lost.
        { state: by === "recover" ? "queued" : "processing" },
        { state: by === "recover" ? "queued" : "processing" },
      ]);
      expect(provider.received.flatMap(urlsOf)).not.toContain(manyUrls(1)[0]);
      expect(await used()).toBe(4);
    },
  );

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
    expect(await storage.nextDue(provider.account, clock.now())).toBeGreaterThan(clock.now());
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
    await worker.recover(provider);
    expect((await items()).map((item) => item.state)).toEqual(["queued", "queued"]);
    await clock.advance(1);
    expect(provider.received).toHaveLength(1);
    expect((await items()).map((item) => item.state)).toEqual(["processing", "processing"]);
  });

  it("does not send a provider's second request when its claim ran out before its turn", async () => {
    const { clock, provider, worker, admit, items, storage } = await setUp();
    const held: FakeProvider = {
      ...provider,
      submit: async (batch, call) => {
        await call.turn();
        // Another process was told to slow down meanwhile, and for longer than a claim lasts.
        await storage.holdSlots(provider.account, clock.now() + 301_000);
        return provider.submit(batch, call);
      },
    };
    await admit({ urls: manyUrls(2) });
    worker.kick(held);
    await clock.advance(300_000);
    expect(await storage.claim(provider.account, clock.now(), clock.now() + 60_000, "due")).toMatchObject({ batch: { state: "claimed" } });
    await clock.advance(50_000);
    expect(provider.received).toEqual([]);
    expect((await items()).map((item) => item.state)).toEqual(["queued", "queued"]);
  });
});

describe("whatever vendors answer", () => {
  type Answer = "ok" | "fatal" | { delivery: Delivery; code: ErrorCode; retryable: boolean };
  const answer: fc.Arbitrary<Answer> = fc.oneof(
    fc.constantFrom<Answer>("ok", "fatal"),
    fc.record({
      delivery: fc.constantFrom<Delivery>("not_sent", "refused", "unknown"),
      code: fc.constantFrom<ErrorCode>("rate_limited", "vendor_unavailable", "timeout", "queue_full"),
      retryable: fc.boolean(),
    }),
  );

  it("nothing is sent again that may have been taken, everything ends, and what was not taken costs nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), async (answers, count) => {
        const over = new Set<string>();
        const maybeTaken = new Set<string>();
        const clock = fakeClock();
        const storage = await openSqlite(":memory:", clock);
        const provider = fakeProvider({
          answer: (batch, nth) => {
            const scripted = answers[nth] ?? "ok";
            for (const url of urlsOf(batch)) {
              if (over.has(url)) throw new Error(`${url} was sent again`);
              if (scripted === "ok" || scripted === "fatal" || scripted.delivery === "unknown") over.add(url);
              if (scripted === "ok" || (scripted !== "fatal" && scripted.delivery === "unknown")) maybeTaken.add(url);
            }
            if (scripted === "ok") return { vendorTaskIds: [`vendor-${nth}`], refused: [] };
            if (scripted === "fatal") throw new PrefetchError("forbidden_domain", "No", { delivery: "refused" });
            throw new PrefetchError(scripted.code, "No", scripted);
          },
        });
        const reports: unknown[] = [];
        const worker = createWorker({
          storage,
          clock,
          pace: createPacer(storage, clock),
          random: () => 0.5,
          limitOf: () => undefined,
          report: (error) => reports.push(error),
        });
        const task = newTask({ id: "pf_1", urls: manyUrls(count) });
        await storage.admit({ account: provider.account, day: TODAY, targets: [], recentSince: 0 }, () => task);
        worker.kick(provider);
        await clock.advance(3_600_000);

        const items = await storage.items("pf_1", { limit: 100 });
        expect(reports).toEqual([]);
        expect(items).toHaveLength(count);
        for (const item of items) {
          expect(["processing", "unknown", "rejected"]).toContain(item.state);
          expect(item.state === "rejected").toBe(!maybeTaken.has(item.target));
        }
        expect((await storage.ledger(provider.account, TODAY)).used).toBe(maybeTaken.size);
        await worker.stop(0);
        await storage.close();
      }),
      { numRuns: 60 },
    );
  });
});
