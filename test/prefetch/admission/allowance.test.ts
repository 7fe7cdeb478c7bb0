import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { BatchChange } from "../../../src/prefetch/model/batch-change.ts";
import { localCaller } from "../../../src/prefetch/model/caller.ts";
import type { Call, VendorQuota } from "../../../src/prefetch/model/provider.ts";
import { remainingUnits } from "../../../src/prefetch/model/quota.ts";
import type { Batch } from "../../../src/prefetch/model/task.ts";
import { fakeClock, TODAY } from "../../fakes/clock.ts";
import { startProcess } from "../../fakes/process.ts";
import { fakeProvider, manyUrls, type ProviderScript } from "../../fakes/provider.ts";
import { runs } from "../../fakes/runs.ts";
import { fakeTimeouts, neverAborted as signal } from "../../fakes/signal.ts";
import { openMemoryStore } from "../../fakes/storage.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";

const HALF_MINUTE = 30_000;

interface Options {
  readonly dailyBudget?: number;
  readonly script?: ProviderScript;
  readonly stopped?: AbortSignal;
}

/** An account with a ledger, whose vendor gives `answer` as its quota. */
async function setUp(answer: ((call: Call, nth: number) => VendorQuota | Promise<VendorQuota>) | undefined, options: Options = {}) {
  const clock = fakeClock();
  const storage = await openMemoryStore(clock);
  const reports: string[] = [];
  const { allowances } = startProcess({
    storage,
    clock,
    dailyBudget: options.dailyBudget,
    report: (error, about) => reports.push(`${about}: ${String(error)}`),
    ...(options.stopped && { stopped: options.stopped }),
  });
  let questions = 0;
  const quota = answer && (async (call: Call) => answer(call, questions++));
  const provider = fakeProvider({ limits: { urlsPerDay: 100 }, ...options.script, ...(quota && { quota }) });
  let tasks = 0;
  return {
    clock,
    storage,
    allowances,
    provider,
    reports,
    questions: () => questions,
    /** Reserves units, as planning does. */
    reserve: async (cost: number, day = TODAY): Promise<Batch> => {
      const task = newTask({ id: `pf_${++tasks}`, urls: manyUrls(1), costPerBatch: cost, day });
      await storage.admit([accountQuery({ account: provider.account, day })], () => ({ task }));
      const [batch] = task.batches;
      if (!batch) throw new Error("A task of one URL has one batch.");
      return batch;
    },
    /** The vendor accepts a batch or, with a refund, refuses it. */
    settle: async (batch: Batch, refund = 0, exhausted = false) => {
      const answer = { items: [], refund };
      const change: BatchChange =
        refund > 0 ? { kind: "end", exhausted, ...answer } : { kind: "accept", followed: true, vendorTaskIds: [], ...answer };
      expect(await storage.change(batch, change)).toBe(true);
    },
    left: async () => remainingUnits(await allowances.of(provider, signal), await storage.ledger(provider.account, TODAY)),
  };
}

describe("allowances, of a vendor without a quota count", () => {
  it.each([
    ["of the documented limit when there is no budget", 100, undefined, 100],
    ["of the operator's budget when that is lower", 100, 30, 30],
    ["of the documented limit when the budget is higher", 100, 300, 100],
    ["of the operator's budget when no limit is documented", undefined, 30, 30],
    ["undefined when neither is known", undefined, undefined, undefined],
  ])("have the ceiling %s", async (_, urlsPerDay, dailyBudget, bound) => {
    const { allowances, provider } = await setUp(undefined, {
      script: { limits: { urlsPerDay } },
      ...(dailyBudget !== undefined && { dailyBudget }),
    });
    const budgeted = dailyBudget !== undefined && bound === dailyBudget;
    expect(await allowances.of(provider, signal)).toEqual({
      limit: bound,
      ceiling: bound,
      source: "ledger",
      ...(budgeted && { budgeted }),
    });
  });

  it("go by the quota that came with a submit, until half a minute has passed", async () => {
    const { clock, allowances, provider, questions, reserve } = await setUp(() => ({ limit: 100, remaining: 90 }));
    await reserve(3);
    await allowances.note(provider, { limit: 50, remaining: 7 }, 2);
    expect(await allowances.of(provider, signal)).toMatchObject({ limit: 50, ceiling: 9, source: "vendor" });
    expect(questions()).toBe(0);
    await clock.advance(HALF_MINUTE);
    expect(await allowances.of(provider, signal)).toMatchObject({ limit: 100, ceiling: 90 });
  });

  it("give the units that the ledger leaves as the quota", async () => {
    const { allowances, provider, reserve } = await setUp(undefined);
    await reserve(40);
    expect(await allowances.quota(provider, { caller: localCaller, signal })).toEqual({
      provider: "fake-cdn",
      account: "fake-cdn:1",
      limit: 100,
      used: 40,
      remaining: 60,
      resetsAt: Date.parse("2026-11-22T00:00:00+08:00"),
      at: expect.any(Number),
      source: "ledger",
    });
  });
});

describe("allowances, of a vendor with a quota count", () => {
  it("derive the ledger's ceiling from the vendor's remaining units", async () => {
    const { allowances, provider, reserve, settle, left } = await setUp(() => ({ limit: 500, remaining: 50 }));
    await settle(await reserve(6));
    // The vendor has counted our 6 units and 444 of other clients.
    expect(await allowances.of(provider, signal)).toEqual({ limit: 500, ceiling: 56, source: "vendor" });
    expect(await left()).toBe(50);
  });

  it("subtract reserved units that the vendor has not counted", async () => {
    const { allowances, provider, reserve, settle, left } = await setUp(() => ({ limit: 500, remaining: 50 }));
    await settle(await reserve(6));
    await reserve(4);
    expect(await allowances.of(provider, signal)).toMatchObject({ ceiling: 56 });
    expect(await left()).toBe(46);
  });

  it("subtract our spending until the vendor is asked again after half a minute", async () => {
    const { clock, allowances, provider, questions, reserve, settle, left } = await setUp((_, nth) => ({
      limit: 500,
      remaining: nth === 0 ? 50 : 33,
    }));
    expect(await left()).toBe(50);
    const batch = await reserve(10);
    expect(await left()).toBe(40);
    await settle(batch);
    await clock.advance(HALF_MINUTE - 1);
    expect(await left()).toBe(40);
    expect(questions()).toBe(1);
    await clock.advance(1);
    // Other clients have spent 7 units meanwhile.
    expect(await left()).toBe(33);
    expect(await allowances.quota(provider, { caller: localCaller, signal })).toMatchObject({
      limit: 500,
      used: 467,
      remaining: 33,
      source: "vendor",
    });
    expect(questions()).toBe(2);
  });

  it("add refused units back", async () => {
    const { reserve, settle, left } = await setUp(() => ({ limit: 500, remaining: 50 }));
    const batch = await reserve(10);
    expect(await left()).toBe(40);
    await settle(batch, 10);
    expect(await left()).toBe(50);
  });

  it.each([
    ["when the budget is lower", { limit: 500, remaining: 500 }, 30, { limit: 30, remaining: 24, used: 6 }],
    ["unless the vendor has less left", { limit: 500, remaining: 5 }, 30, { limit: 30, remaining: 5, used: 25 }],
  ])("apply the operator's budget %s", async (_, answer, dailyBudget, expected) => {
    const { allowances, provider, reserve, settle } = await setUp(() => answer, { dailyBudget });
    await settle(await reserve(6));
    expect(await allowances.quota(provider, { caller: localCaller, signal })).toMatchObject({ ...expected, source: "vendor" });
  });

  it("exceed the documented limit when the vendor reports more units", async () => {
    const { left } = await setUp(() => ({ limit: 5_000, remaining: 4_000 }));
    expect(await left()).toBe(4_000);
  });

  it("follow the vendor's count when the ledger holds the day as exhausted", async () => {
    let remaining = 20;
    const { clock, reserve, settle, left } = await setUp(() => ({ limit: 500, remaining }));
    await settle(await reserve(3), 3, true);
    expect(await left()).toBe(20);
    remaining = 0;
    await clock.advance(HALF_MINUTE);
    expect(await left()).toBe(0);
  });

  it("ask the vendor once for concurrent callers, outside the account's rate limit", async () => {
    const answers: ((answer: VendorQuota) => void)[] = [];
    const { clock, allowances, provider, questions } = await setUp(
      async ({ turn }) => {
        await turn();
        return new Promise((resolve) => answers.push(resolve));
      },
      { script: { limits: { requestsPerMinute: 1 } } },
    );
    const asking = [1, 2, 3].map(() => allowances.of(provider, signal));
    await clock.settle();
    expect(questions()).toBe(1);
    answers[0]?.({ limit: 500, remaining: 7 });
    expect(await Promise.all(asking)).toEqual(Array(3).fill({ limit: 500, ceiling: 7, source: "vendor" }));
    expect(clock.alarms()).toEqual([]);
  });

  it("ask again for an account that was forgotten, and for no other account", async () => {
    const { allowances, provider, questions } = await setUp((_, nth) => ({ limit: 500, remaining: nth === 0 ? 50 : 0 }));
    const other = { ...provider, account: "fake-cdn:2" };
    await allowances.of(provider, signal);
    await allowances.forget(other);
    await allowances.of(provider, signal);
    expect(questions()).toBe(1);
    await allowances.forget(provider);
    expect(await allowances.of(provider, signal)).toMatchObject({ ceiling: 0 });
    expect(questions()).toBe(2);
  });

  it("ask separately for each account", async () => {
    const { allowances, provider, questions } = await setUp(() => ({ limit: 500, remaining: 50 }));
    await allowances.of(provider, signal);
    await allowances.of({ ...provider, account: "fake-cdn:2" }, signal);
    expect(questions()).toBe(2);
  });

  it("ask again on the vendor's next day", async () => {
    const { clock, allowances, provider, questions, reserve } = await setUp((_, nth) => ({ limit: 500, remaining: nth === 0 ? 50 : 500 }));
    await reserve(10);
    await clock.advance(12 * 3_600_000 - 1);
    expect(await allowances.of(provider, signal)).toMatchObject({ ceiling: 50 });
    await clock.advance(1);
    // Nothing of the new day is spent.
    expect(await allowances.quota(provider, { caller: localCaller, signal })).toMatchObject({
      limit: 500,
      used: 0,
      remaining: 500,
    });
    expect(questions()).toBe(2);
  });

  it("pass the signal of the server's stop to the vendor call", async () => {
    const stop = new AbortController();
    let seen: AbortSignal | undefined;
    const { allowances, provider } = await setUp(
      (call) => {
        seen = call.signal;
        return { limit: 500, remaining: 50 };
      },
      { stopped: stop.signal },
    );
    await allowances.of(provider, signal);
    expect(seen).toBe(stop.signal);
  });
});

describe("allowances, when the vendor does not answer", () => {
  it("report the failure, go by the ledger, and ask again after half a minute", async () => {
    const { clock, allowances, provider, reports, questions } = await setUp((_, nth) => {
      if (nth === 0) throw new PrefetchError("vendor_unavailable", "The connection failed", { retryable: true });
      return { limit: 500, remaining: 50 };
    });
    const byLedger = { limit: 100, ceiling: 100, source: "ledger" };
    expect(await allowances.of(provider, signal)).toEqual(byLedger);
    await clock.advance(HALF_MINUTE - 1);
    expect(await allowances.of(provider, signal)).toEqual(byLedger);
    expect(questions()).toBe(1);
    expect(reports).toEqual([expect.stringMatching(/^asking fake-cdn for its quota.*: PrefetchError: The connection failed$/)]);
    await clock.advance(1);
    expect(await allowances.of(provider, signal)).toMatchObject({ ceiling: 50, source: "vendor" });
    expect(reports).toHaveLength(1);
  });

  it("keep the day exhausted when the ledger holds it so", async () => {
    const { reserve, settle, left } = await setUp(() => {
      throw new PrefetchError("vendor_unavailable", "The connection failed");
    });
    await settle(await reserve(3), 3, true);
    expect(await left()).toBe(0);
  });

  it("wait three seconds for a slow answer, once, and use it when it comes", async () => {
    const timeouts = fakeTimeouts();
    let answer = (_: VendorQuota): void => undefined;
    const { clock, allowances, provider, reports, questions } = await setUp(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const first = allowances.of(provider, signal);
    await clock.settle();
    timeouts.expire(3_000);
    expect(await first).toEqual({ limit: 100, ceiling: 100, source: "ledger" });
    expect(timeouts.requested).toEqual([3_000]);

    // The next caller does not wait for the same answer again.
    expect(await allowances.of(provider, signal)).toMatchObject({ source: "ledger" });
    answer({ limit: 500, remaining: 50 });
    await clock.settle();
    expect(await allowances.of(provider, signal)).toMatchObject({ ceiling: 50, source: "vendor" });
    expect(questions()).toBe(1);
    expect(reports).toEqual([]);
  });

  it("keep the limit that the vendor named last", async () => {
    let down = false;
    const { clock, allowances, provider } = await setUp(async () => {
      if (down) throw new PrefetchError("vendor_unavailable", "Down");
      return { limit: 2_000, remaining: 1_900 };
    });
    expect(await allowances.of(provider, signal)).toMatchObject({ limit: 2_000, source: "vendor" });
    down = true;
    await clock.advance(HALF_MINUTE);
    expect(await allowances.of(provider, signal)).toEqual({ limit: 2_000, ceiling: 2_000, source: "ledger" });
  });

  it("reject when the caller stops waiting", async () => {
    const { clock, allowances, provider } = await setUp(() => new Promise(() => undefined));
    const stop = new AbortController();
    const waiting = expect(allowances.quota(provider, { caller: localCaller, signal: stop.signal })).rejects.toThrow("gone");
    await clock.settle();
    stop.abort(new Error("gone"));
    await waiting;
  });
});

describe("allowances, with any spending", () => {
  type Step = { reserve: number } | { take: true } | { refuse: true } | { spentElsewhere: number } | { wait: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ reserve: fc.integer({ min: 1, max: 20 }) }) },
    { weight: 3, arbitrary: fc.record({ take: fc.constant(true as const) }) },
    fc.record({ refuse: fc.constant(true as const) }),
    fc.record({ spentElsewhere: fc.integer({ min: 1, max: 20 }) }),
    { weight: 2, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 40_000 }) }) },
  );

  it("never let reservations exceed the vendor's day, and leave every free unit", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const limit = 60;
        let counted = 0;
        const { clock, storage, reserve, settle, left } = await setUp(() => ({ limit, remaining: limit - counted }));
        const waiting: Batch[] = [];
        const reserved = (): number => waiting.reduce((sum, batch) => sum + batch.cost, 0);
        for (const each of steps) {
          const [batch] = waiting;
          if ("wait" in each) await clock.advance(each.wait);
          else if ("reserve" in each) {
            if ((await left()) >= each.reserve) waiting.push(await reserve(each.reserve));
          } else if ("spentElsewhere" in each) {
            counted += Math.min(each.spentElsewhere, limit - counted - reserved());
            // An answer is kept for half a minute, and misses other spending meanwhile.
            await clock.advance(HALF_MINUTE);
          } else if (batch) {
            waiting.shift();
            if ("take" in each) counted += batch.cost;
            await settle(batch, "refuse" in each ? batch.cost : 0);
          }
          expect(counted + reserved()).toBeLessThanOrEqual(limit);
        }
        await clock.advance(HALF_MINUTE);
        expect(await left()).toBe(limit - counted - reserved());
        await storage.close();
      }),
      { numRuns: runs(30) },
    );
  });
});

it("estimates with the vendor's limit when its answer comes after the caller has given up", async () => {
  const clock = fakeClock();
  const storage = await openMemoryStore(clock);
  const { allowances } = startProcess({ storage, clock });
  const answer = Promise.withResolvers<{ limit: number; remaining: number }>();
  const provider = fakeProvider({ limits: { urlsPerDay: 1_000 }, quota: () => answer.promise });
  const call = new AbortController();
  const asked = allowances.of(provider, call.signal);
  await clock.settle();
  call.abort(new Error("gone"));
  await expect(asked).rejects.toThrow("gone");
  answer.resolve({ limit: 5_000, remaining: 4_000 });
  await clock.settle();
  expect(await allowances.estimate(provider)).toMatchObject({ limit: 5_000, used: 1_000, remaining: 4_000 });
});
