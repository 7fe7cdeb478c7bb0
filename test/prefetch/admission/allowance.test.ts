import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { BatchChange } from "../../../src/prefetch/model/batch-change.ts";
import { localCaller } from "../../../src/prefetch/model/caller.ts";
import type { Call, VendorQuota } from "../../../src/prefetch/model/provider.ts";
import { remainingUnits } from "../../../src/prefetch/model/quota.ts";
import type { Batch } from "../../../src/prefetch/model/task.ts";
import { fakeClock, TODAY } from "../../fakes/clock.ts";
import { startProcess } from "../../fakes/process.ts";
import { fakeProvider, manyUrls, type ProviderScript } from "../../fakes/provider.ts";
import { neverAborted as signal } from "../../fakes/signal.ts";
import { openMemoryStore } from "../../fakes/storage.ts";
import { accountQuery, newTask } from "../../fakes/task.ts";

const HALF_MINUTE = 30_000;

interface Options {
  readonly dailyBudget?: number;
  readonly script?: ProviderScript;
  readonly stopped?: AbortSignal;
}

/** An account whose vendor answers `answer` when it is asked for its quota, and a ledger to spend of. */
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
    /** The vendor has answered a batch: taken, or refused. */
    settle: async (batch: Batch, refund = 0, exhausted = false) => {
      const answer = { items: [], refund };
      const change: BatchChange =
        refund > 0 ? { kind: "end", exhausted, ...answer } : { kind: "accept", followed: true, vendorTaskIds: [], ...answer };
      expect(await storage.change(batch, change)).toBe(true);
    },
    left: async () => remainingUnits(await allowances.of(provider, signal), await storage.ledger(provider.account, TODAY)),
  };
}

describe("without a vendor that can be asked", () => {
  it.each([
    ["the documented limit", 100, undefined, 100],
    ["the operator's budget, where that is lower", 100, 30, 30],
    ["the documented limit, where the budget is higher", 100, 300, 100],
    ["the operator's budget, where no limit is documented", undefined, 30, 30],
    ["nothing, where neither is known", undefined, undefined, undefined],
  ])("the bound is %s", async (_, urlsPerDay, dailyBudget, bound) => {
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

  it("the quota is what the ledger leaves", async () => {
    const { allowances, provider, reserve } = await setUp(undefined);
    await reserve(40);
    expect(await allowances.quota(provider, { caller: localCaller, signal })).toEqual({
      provider: "fake-cdn",
      limit: 100,
      used: 40,
      remaining: 60,
      resetsAt: Date.parse("2026-11-22T00:00:00+08:00"),
      source: "ledger",
    });
  });
});

describe("the vendor's own count", () => {
  it("is a ceiling for our ledger, below which others have spent, too", async () => {
    const { allowances, provider, reserve, settle, left } = await setUp(() => ({ limit: 500, remaining: 50 }));
    await settle(await reserve(6));
    // The vendor has counted the 6 already, and of the others some 444.
    expect(await allowances.of(provider, signal)).toEqual({ limit: 500, ceiling: 56, source: "vendor" });
    expect(await left()).toBe(50);
  });

  it("does not hold what we have reserved and the vendor has not seen", async () => {
    const { allowances, provider, reserve, settle, left } = await setUp(() => ({ limit: 500, remaining: 50 }));
    await settle(await reserve(6));
    await reserve(4);
    expect(await allowances.of(provider, signal)).toMatchObject({ ceiling: 56 });
    expect(await left()).toBe(46);
  });

  it("goes down by what we spend until it is asked again, half a minute later", async () => {
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
    // Others have spent 7 meanwhile.
    expect(await left()).toBe(33);
    expect(await allowances.quota(provider, { caller: localCaller, signal })).toMatchObject({
      limit: 500,
      used: 467,
      remaining: 33,
      source: "vendor",
    });
    expect(questions()).toBe(2);
  });

  it("goes up again by what the vendor refuses", async () => {
    const { reserve, settle, left } = await setUp(() => ({ limit: 500, remaining: 50 }));
    const batch = await reserve(10);
    expect(await left()).toBe(40);
    await settle(batch, 10);
    expect(await left()).toBe(50);
  });

  it.each([
    ["where that allows less", { limit: 500, remaining: 500 }, 30, { limit: 30, remaining: 24, used: 6 }],
    ["unless the vendor allows still less", { limit: 500, remaining: 5 }, 30, { limit: 30, remaining: 5, used: 25 }],
  ])("gives way to the operator's budget %s", async (_, answer, dailyBudget, expected) => {
    const { allowances, provider, reserve, settle } = await setUp(() => answer, { dailyBudget });
    await settle(await reserve(6));
    expect(await allowances.quota(provider, { caller: localCaller, signal })).toMatchObject({ ...expected, source: "vendor" });
  });

  it("counts above the documented limit: the vendor may have raised it", async () => {
    const { left } = await setUp(() => ({ limit: 5_000, remaining: 4_000 }));
    expect(await left()).toBe(4_000);
  });

  it("overrules a refusal that the ledger remembers, and so may it say that nothing is left", async () => {
    let remaining = 20;
    const { clock, reserve, settle, left } = await setUp(() => ({ limit: 500, remaining }));
    await settle(await reserve(3), 3, true);
    expect(await left()).toBe(20);
    remaining = 0;
    await clock.advance(HALF_MINUTE);
    expect(await left()).toBe(0);
  });

  it("is asked for once by all who ask together, without a turn of the account's pace", async () => {
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

  it("is asked for anew once the vendor has contradicted it, of that account only", async () => {
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

  it("is another one for another account", async () => {
    const { allowances, provider, questions } = await setUp(() => ({ limit: 500, remaining: 50 }));
    await allowances.of(provider, signal);
    await allowances.of({ ...provider, account: "fake-cdn:2" }, signal);
    expect(questions()).toBe(2);
  });

  it("ends with the vendor's day", async () => {
    const { clock, allowances, provider, questions, reserve } = await setUp((_, nth) => ({ limit: 500, remaining: nth === 0 ? 50 : 500 }));
    await reserve(10);
    await clock.advance(12 * 3_600_000 - 1);
    expect(await allowances.of(provider, signal)).toMatchObject({ ceiling: 50 });
    await clock.advance(1);
    // A new day, of which nothing is spent yet.
    expect(await allowances.quota(provider, { caller: localCaller, signal })).toMatchObject({
      limit: 500,
      used: 0,
      remaining: 500,
    });
    expect(questions()).toBe(2);
  });

  it("is asked for until the server stops", async () => {
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

describe("a vendor that does not answer", () => {
  it("leaves the ledger to do, is told of, and is asked again after half a minute", async () => {
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

  it("does not make a remembered refusal forgotten", async () => {
    const { reserve, settle, left } = await setUp(() => {
      throw new PrefetchError("vendor_unavailable", "The connection failed");
    });
    await settle(await reserve(3), 3, true);
    expect(await left()).toBe(0);
  });

  it("is waited for three seconds, no longer, and not by the next caller; its answer is used when it comes", async () => {
    const patience: AbortController[] = [];
    const bounds: number[] = [];
    vi.spyOn(AbortSignal, "timeout").mockImplementation((ms) => {
      bounds.push(ms);
      const controller = new AbortController();
      patience.push(controller);
      return controller.signal;
    });
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    let answer = (_: VendorQuota): void => undefined;
    const { clock, allowances, provider, reports, questions } = await setUp(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const first = allowances.of(provider, signal);
    await clock.settle();
    patience[0]?.abort(new DOMException("Too late", "TimeoutError"));
    expect(await first).toEqual({ limit: 100, ceiling: 100, source: "ledger" });
    expect(bounds).toEqual([3_000]);

    // The next one does not wait in vain for the same answer.
    expect(await allowances.of(provider, signal)).toMatchObject({ source: "ledger" });
    answer({ limit: 500, remaining: 50 });
    await clock.settle();
    expect(await allowances.of(provider, signal)).toMatchObject({ ceiling: 50, source: "vendor" });
    expect(questions()).toBe(1);
    expect(reports).toEqual([]);
  });

  it("is taken to allow what it last did, not what its documentation says", async () => {
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

  it("does not keep a caller that gives up", async () => {
    const { clock, allowances, provider } = await setUp(() => new Promise(() => undefined));
    const stop = new AbortController();
    const waiting = expect(allowances.quota(provider, { caller: localCaller, signal: stop.signal })).rejects.toThrow("gone");
    await clock.settle();
    stop.abort(new Error("gone"));
    await waiting;
  });
});

describe("whatever is spent, taken and refused, here and elsewhere", () => {
  type Step = { reserve: number } | { take: true } | { refuse: true } | { others: number } | { wait: number };
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ reserve: fc.integer({ min: 1, max: 20 }) }) },
    { weight: 3, arbitrary: fc.record({ take: fc.constant(true as const) }) },
    fc.record({ refuse: fc.constant(true as const) }),
    fc.record({ others: fc.integer({ min: 1, max: 20 }) }),
    { weight: 2, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 40_000 }) }) },
  );

  it("what we reserve always fits into the vendor's day, and all that is left can be reserved", async () => {
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
          } else if ("others" in each) {
            counted += Math.min(each.others, limit - counted - reserved());
            // What others spend may be missed for as long as an answer is kept.
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
      { numRuns: 60 },
    );
  });
});
