import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Delivery, type ErrorCode, PrefetchError } from "../../../src/base/errors.ts";
import { fakeClock, TODAY } from "../../fakes/clock.ts";
import { startProcess } from "../../fakes/process.ts";
import { type FakeProvider, fakeProvider, manyUrls, urlsOf } from "../../fakes/provider.ts";
import { runs } from "../../fakes/runs.ts";
import { accountQuery, newTask, newTaskOf } from "../../fakes/task.ts";
import { openStorage } from "../../storage/open-harness.ts";
import { setUp, taken, throwing } from "./worker-harness.ts";

describe("worker", () => {
  it("sends each due batch once when it is kicked several times", async () => {
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

  it("keeps at most four batches of an account in flight", async () => {
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

  it("sends no batches of other accounts", async () => {
    const { clock, provider, worker, admit } = await setUp();
    await admit({ account: "another-account" });
    worker.kick(provider);
    await clock.advance(3_600_000);
    expect(provider.received).toEqual([]);
  });

  it("keeps the account's rate limit", async () => {
    const { clock, provider, worker, admit } = await setUp({ limits: { requestsPerMinute: 10 } });
    await admit({ urls: manyUrls(4) });
    worker.kick(provider);
    await clock.settle();
    expect(provider.received).toHaveLength(1);
    await clock.advance(60_000 / 9 + 1);
    expect(provider.received).toHaveLength(2);
  });

  it("keeps the interval between submits of one host, and none between hosts or assets", async () => {
    const submits: (readonly [string, number])[] = [];
    const { clock, provider, worker, another, storage } = await setUp({
      limits: { hostIntervalMs: 1_200 },
      answer: (batch) => {
        submits.push([batch.kind === "asset" ? batch.assetId : new URL(urlsOf(batch)[0] ?? "").host, clock.now() - start]);
        return taken;
      },
    });
    const start = clock.now();
    const task = newTaskOf(
      { id: "pf_1", urls: manyUrls(6, "https://busy.example/") },
      { id: "pf_1", urls: manyUrls(2, "https://busy.example:8443/") },
      { id: "pf_1", urls: manyUrls(4, "https://calm.example/") },
      { id: "pf_1", assetId: "asset1" },
      { id: "pf_1", assetId: "asset2" },
    );
    await storage.admit([accountQuery()], () => ({ task }));
    worker.kick(provider);
    another().kick(provider);
    await clock.advance(60_000);
    const moments = (host: string) => submits.filter(([of]) => of === host).map(([, moment]) => moment);
    expect(moments("busy.example")).toEqual([0, 1_200, 2_400]);
    expect(moments("busy.example:8443")).toEqual([0]);
    expect(moments("calm.example")).toEqual([0, 1_200]);
    expect([moments("asset1"), moments("asset2")]).toEqual([[0], [0]]);
  });

  it("sends a batch when it becomes due, without another kick", async () => {
    const { clock, provider, worker, admit } = await setUp();
    await admit({ now: clock.now() + 5_000 });
    worker.kick(provider);
    await clock.advance(4_999);
    expect(provider.received).toEqual([]);
    await clock.advance(1);
    expect(provider.received).toHaveLength(2);
  });

  it("sends a throttled batch again after the vendor's Retry-After", async () => {
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
    // The reason of the first attempt is gone.
    expect(await items()).toMatchObject([
      { state: "processing", code: undefined, reason: undefined },
      { state: "processing", code: undefined, reason: undefined },
    ]);
    expect(await used()).toBe(2);
  });

  it("pauses the whole account when the vendor throttles one batch", async () => {
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

  it("stores an outcome when the store works again", async () => {
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

  it("refunds the units of refused URLs", async () => {
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

  it("never sends a batch with an unknown delivery again", async () => {
    const { clock, provider, worker, another, admit, items, storage, used } = await setUp({
      answer: throwing("timeout", { delivery: "unknown", retryable: true, retryAfterMs: 10 }),
    });
    await admit({ urls: manyUrls(2) });
    worker.kick(provider);
    await clock.advance(86_400_000);
    another().kick(provider);
    await clock.advance(86_400_000);
    expect(provider.received).toHaveLength(1);
    expect(await items()).toMatchObject([{ state: "unknown", code: "timeout" }, { state: "unknown" }]);
    expect(await used()).toBe(2);
    expect(await storage.task("pf_1")).toMatchObject({ openBatches: 0 });
  });

  it("ends a batch in flight as unknown after an unforeseen error", async () => {
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

  it("rejects and refunds a batch that failed before it was sent", async () => {
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

  it("reports a failing store and tries again at the next kick", async () => {
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

describe("worker, with any answers of a vendor", () => {
  type Answer = "ok" | "fatal" | { delivery: Delivery; code: ErrorCode; retryable: boolean };
  const answer: fc.Arbitrary<Answer> = fc.oneof(
    fc.constantFrom<Answer>("ok", "fatal"),
    fc.record({
      delivery: fc.constantFrom<Delivery>("not_sent", "refused", "unknown"),
      code: fc.constantFrom<ErrorCode>("rate_limited", "vendor_unavailable", "timeout", "queue_full"),
      retryable: fc.boolean(),
    }),
  );

  it("sends no URL again that the vendor may have accepted, ends each item, and refunds the refused ones", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { maxLength: 30 }), fc.integer({ min: 1, max: 9 }), async (answers, count) => {
        const final = new Set<string>();
        const maybeAccepted = new Set<string>();
        const clock = fakeClock();
        const storage = await openStorage(":memory:", clock);
        const provider = fakeProvider({
          answer: (batch, nth) => {
            const scripted = answers[nth] ?? "ok";
            for (const url of urlsOf(batch)) {
              if (final.has(url)) throw new Error(`${url} was sent again`);
              if (scripted === "ok" || scripted === "fatal" || scripted.delivery === "unknown") final.add(url);
              if (scripted === "ok" || (scripted !== "fatal" && scripted.delivery === "unknown")) maybeAccepted.add(url);
            }
            if (scripted === "ok") return { vendorTaskIds: [`vendor-${nth}`], refused: [] };
            if (scripted === "fatal") throw new PrefetchError("forbidden_domain", "No", { delivery: "refused" });
            throw new PrefetchError(scripted.code, "No", scripted);
          },
        });
        const reports: unknown[] = [];
        const { worker } = startProcess({ storage, clock, report: (error) => reports.push(error) });
        const task = newTask({ id: "pf_1", urls: manyUrls(count) });
        await storage.admit([accountQuery()], () => ({ task }));
        worker.kick(provider);
        await clock.advance(3_600_000);

        const items = await storage.items("pf_1", { limit: 100 });
        expect(reports).toEqual([]);
        expect(items).toHaveLength(count);
        for (const item of items) {
          expect(["processing", "unknown", "rejected"]).toContain(item.state);
          expect(item.state === "rejected").toBe(!maybeAccepted.has(item.target));
        }
        expect((await storage.ledger(provider.account, TODAY)).used).toBe(maybeAccepted.size);
        await worker.stop(0);
        await storage.close();
      }),
      { numRuns: runs(30) },
    );
  });
});

it("sends a retry when it becomes due, although another batch of the account is in flight", async () => {
  const sentAt: number[] = [];
  const [first = ""] = manyUrls(1);
  const { clock, provider, worker, admit } = await setUp({
    answer: async (batch, _nth, signal) => {
      if (!urlsOf(batch).includes(first)) {
        await clock.sleep(45_000, signal);
        return { vendorTaskIds: ["vendor-slow"], refused: [] };
      }
      sentAt.push(clock.now());
      if (sentAt.length > 1) return { vendorTaskIds: ["vendor-first"], refused: [] };
      throw new PrefetchError("vendor_unavailable", "HTTP 503", { delivery: "refused", retryable: true });
    },
  });
  await admit({ urls: manyUrls(4) });
  worker.kick(provider);
  await clock.advance(3_000);
  expect(sentAt).toHaveLength(2);
});

it("looks a lost answer up when it is time, although another batch of the account is in flight", async () => {
  const lookedUpAt: number[] = [];
  const [first = ""] = manyUrls(1);
  const { clock, provider, worker, admit } = await setUp({
    answer: async (batch, _nth, signal) => {
      if (urlsOf(batch).includes(first)) throw new PrefetchError("timeout", "No answer", { delivery: "unknown" });
      await clock.sleep(45_000, signal);
      return { vendorTaskIds: ["vendor-slow"], refused: [] };
    },
    findSubmitted: async (batch) => {
      lookedUpAt.push(clock.now());
      return { state: "found", vendorTaskIds: ["vendor-first"], urls: urlsOf(batch) };
    },
  });
  await admit({ urls: manyUrls(4) });
  worker.kick(provider);
  await clock.advance(5_000);
  expect(lookedUpAt).toHaveLength(1);
  expect(provider.received.flatMap(urlsOf).sort()).toEqual(manyUrls(4).sort());
});

it("delivers a claimed batch when the store cannot name the next due time", async () => {
  const { clock, provider, worker, admit, items, reports } = await setUp({}, (storage) => ({
    ...storage,
    nextDue: async () => Promise.reject(new Error("The disk is slow.")),
  }));
  await admit({ urls: manyUrls(2) });
  worker.kick(provider);
  await clock.advance(1_000);
  expect((await items()).map(({ state }) => state)).toEqual(["processing", "processing"]);
  expect(new Set(reports)).toEqual(new Set(["planning the next batch of fake-cdn: Error: The disk is slow."]));
});
