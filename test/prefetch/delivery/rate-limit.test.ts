import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import { createPause, createRateLimiter } from "../../../src/prefetch/delivery/rate-limit.ts";
import type { Storage } from "../../../src/prefetch/model/storage.ts";
import { type FakeClock, fakeClock } from "../../fakes/clock.ts";
import { fakeProvider } from "../../fakes/provider.ts";
import { runs } from "../../fakes/runs.ts";
import { openMemoryStore } from "../../fakes/storage.ts";
import { openStorage } from "../../storage/open-harness.ts";

const MINUTE = 60_000;
/** Slots are fractions of milliseconds apart, and clocks count whole milliseconds. */
const ROUNDING_MS = 1;

describe("createRateLimiter", () => {
  let storage: Storage;
  beforeAll(async () => {
    storage = await openStorage(":memory:", fakeClock());
  });
  afterAll(() => storage.close());

  let accounts = 0;
  const providerOf = (requestsPerMinute: number) => fakeProvider({ account: `account-${++accounts}`, limits: { requestsPerMinute } });

  /** The moments at which requests pass when they arrive with these gaps between them. */
  const passes = async (clock: FakeClock, requestsPerMinute: number, gaps: readonly number[], processCount = 1): Promise<number[]> => {
    const provider = providerOf(requestsPerMinute);
    const processes = Array.from({ length: processCount }, () => createRateLimiter(storage, clock));
    const passed: number[] = [];
    const waiting: Promise<unknown>[] = [];
    for (const [index, gap] of gaps.entries()) {
      if (gap > 0) await clock.advance(gap);
      const limiter = processes[index % processCount];
      if (limiter) waiting.push(limiter(provider, new AbortController().signal, "submit").then(() => passed.push(clock.now())));
    }
    await clock.drive(Promise.all(waiting));
    return passed.sort((a, b) => a - b);
  };

  it("lets a tenth of a minute's requests pass at once and spreads the rest over the minute", async () => {
    const clock = fakeClock();
    const start = clock.now();
    const passed = (await passes(clock, 100, Array(100).fill(0))).map((moment) => moment - start);
    expect(passed.filter((moment) => moment <= ROUNDING_MS)).toHaveLength(10);
    expect(passed[10]).toBe(Math.ceil(MINUTE / 90));
    expect(MINUTE - (passed.at(-1) ?? 0)).toBeLessThanOrEqual(ROUNDING_MS);
  });

  it("lets a burst pass again after a quiet period", async () => {
    const clock = fakeClock();
    const passed = await passes(clock, 100, [...Array(30).fill(0), 10 * MINUTE, ...Array(9).fill(0)]);
    const end = passed.at(-1) ?? 0;
    expect(passed.filter((moment) => end - moment <= ROUNDING_MS)).toHaveLength(10);
  });

  it("limits each account separately", async () => {
    const clock = fakeClock();
    const start = clock.now();
    const limiter = createRateLimiter(storage, clock);
    const busy = providerOf(1);
    const { signal } = new AbortController();
    await limiter(busy, signal, "submit");
    const second = limiter(busy, signal, "submit");
    await limiter(providerOf(1), signal, "submit");
    expect(clock.now()).toBe(start);
    await clock.drive(second);
    expect(clock.now()).toBe(start + MINUTE);
  });

  it("lets at most requestsPerMinute pass in any minute, over all processes", async () => {
    const gap = fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      fc.integer({ min: 1, max: 2_000 }),
      fc.integer({ min: 1, max: 100_000 }),
    );
    const scenario = fc.integer({ min: 1, max: 150 }).chain((requestsPerMinute) =>
      fc.record({
        requestsPerMinute: fc.constant(requestsPerMinute),
        // At most eight minutes' worth; longer queues have a test of their own.
        gaps: fc.array(gap, { minLength: 2, maxLength: Math.min(60, requestsPerMinute * 8) }),
        processCount: fc.integer({ min: 1, max: 3 }),
      }),
    );
    await fc.assert(
      fc.asyncProperty(scenario, async ({ requestsPerMinute, gaps, processCount }) => {
        const passed = await passes(fakeClock(), requestsPerMinute, gaps, processCount);
        expect(passed).toHaveLength(gaps.length);
        for (const [index, moment] of passed.entries()) {
          const next = passed[index + requestsPerMinute];
          if (next !== undefined) expect(next - moment).toBeGreaterThanOrEqual(MINUTE - ROUNDING_MS);
        }
      }),
      { numRuns: runs(30) },
    );
  });

  it("keeps the limit when many requests are waiting already", async () => {
    const clock = fakeClock();
    const start = clock.now();
    const passed = await passes(clock, 1, Array(15).fill(0));
    expect(passed.map((moment) => moment - start)).toEqual(Array.from({ length: 15 }, (_, minute) => minute * MINUTE));
  });

  it("stops waiting when its signal aborts", async () => {
    const clock = fakeClock();
    const limiter = createRateLimiter(storage, clock);
    const provider = providerOf(1);
    await limiter(provider, new AbortController().signal, "submit");
    const stop = new AbortController();
    const waiting = limiter(provider, stop.signal, "submit");
    const rejected = expect(waiting).rejects.toThrow("enough");
    await clock.settle();
    expect(clock.alarms()).toHaveLength(1);
    stop.abort(new Error("enough"));
    await rejected;
    expect(clock.alarms()).toEqual([]);
  });

  it("rejects when its signal is aborted already", async () => {
    const limiter = createRateLimiter(storage, fakeClock());
    await expect(limiter(providerOf(100), AbortSignal.abort(new Error("enough")), "submit")).rejects.toThrow("enough");
  });
});

describe("createRateLimiter, by action", () => {
  const { signal } = new AbortController();
  /** When five submits and five look-ups pass, each of them at once or later. */
  const passes = async (limits: { readonly rateByAction?: true }, before?: "look-up") => {
    const clock = fakeClock();
    const storage = await openMemoryStore(clock);
    const provider = fakeProvider({ limits: { requestsPerMinute: 10, ...limits } });
    const limiter = createRateLimiter(storage, clock);
    if (before) {
      const throttled = new PrefetchError("rate_limited", "Too fast", { retryAfterMs: 60_000 });
      await createPause(storage, clock, (error) => expect.fail(String(error)))(provider, throttled, before);
    }
    const start = clock.now();
    const lastOf = async (action: "submit" | "look-up") => {
      for (let count = 0; count < 5; count += 1) await limiter(provider, signal, action);
      return clock.now() - start;
    };
    const [submits, lookUps] = await clock.drive(Promise.all([lastOf("submit"), lastOf("look-up")]));
    return { submits, lookUps };
  };

  it("lets look-ups take the slots of submits when the provider has one rate", async () => {
    const { submits, lookUps } = await passes({});
    expect(Math.max(submits, lookUps)).toBeGreaterThanOrEqual(9 * 6_000);
  });

  it("keeps the rate for each kind of request when the vendor limits them apart", async () => {
    const { submits, lookUps } = await passes({ rateByAction: true });
    expect(submits).toBe(lookUps);
    expect(submits).toBeLessThan(5 * 7_000);
  });

  it("keeps one rate for all zones of an account", async () => {
    const clock = fakeClock();
    const limiter = createRateLimiter(await openMemoryStore(clock), clock);
    const zones = ["zone-a", "zone-b"].map((zoneId) =>
      fakeProvider({ zoneId, account: `fake-cdn:1/${zoneId}`, limits: { requestsPerMinute: 10 } }),
    );
    const start = clock.now();
    await clock.drive(Promise.all(zones.flatMap((zone) => Array.from({ length: 5 }, () => limiter(zone, signal, "submit")))));
    expect(clock.now() - start).toBeGreaterThanOrEqual(9 * 6_000);
  });

  it("pauses the throttled kind of request only when the vendor limits them apart", async () => {
    const { submits, lookUps } = await passes({ rateByAction: true }, "look-up");
    expect(submits).toBeLessThan(60_000);
    expect(lookUps).toBeGreaterThanOrEqual(60_000);
  });
});

describe("createRateLimiter, per host", () => {
  const { signal } = new AbortController();
  const setUp = async (hostIntervalMs: number | undefined, requestsPerMinute = 60_000) => {
    const clock = fakeClock();
    const storage = await openMemoryStore(clock);
    const provider = fakeProvider({ limits: { requestsPerMinute, ...(hostIntervalMs !== undefined && { hostIntervalMs }) } });
    const start = clock.now();
    const passes = async (hosts: readonly (string | undefined)[], limiter = createRateLimiter(storage, clock)) => {
      const passed = new Map<string | undefined, number[]>();
      const waiting = hosts.map(async (host) => {
        await limiter(provider, signal, "submit", host);
        passed.set(host, [...(passed.get(host) ?? []), clock.now() - start]);
      });
      await clock.drive(Promise.all(waiting));
      return passed;
    };
    return { clock, storage, provider, passes };
  };

  it("keeps the interval between requests of one host, and none between hosts or without a host", async () => {
    const { passes } = await setUp(1_200);
    expect(await passes(["a.example", "a.example", "b.example", "a.example", undefined, undefined, "b.example"])).toEqual(
      new Map([
        ["a.example", [0, 1_200, 2_400]],
        ["b.example", [0, 1_200]],
        [undefined, [0, 0]],
      ]),
    );
  });

  it("keeps no interval when the provider has none", async () => {
    const { passes } = await setUp(undefined);
    expect(await passes(["a.example", "a.example", "a.example"])).toEqual(new Map([["a.example", [0, 0, 0]]]));
  });

  it("saves up no slots in a quiet period", async () => {
    const { clock, passes } = await setUp(1_200);
    await passes(["a.example"]);
    await clock.advance(60_000);
    expect(await passes(["a.example", "a.example"])).toEqual(new Map([["a.example", [60_000, 61_200]]]));
  });

  it("keeps the interval of a host over all processes, also when requests wait for the account's slot", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("a.example", "b.example", "c.example"), { minLength: 2, maxLength: 20 }),
        fc.integer({ min: 10, max: 200 }),
        fc.integer({ min: 1, max: 5_000 }),
        async (hosts, requestsPerMinute, interval) => {
          const { clock, storage, passes } = await setUp(interval, requestsPerMinute);
          const half = Math.ceil(hosts.length / 2);
          // Two processes on one store.
          const [one, other] = [createRateLimiter(storage, clock), createRateLimiter(storage, clock)];
          const passed = [passes(hosts.slice(0, half), one), passes(hosts.slice(half), other)];
          const all = new Map<string | undefined, number[]>();
          for (const each of await Promise.all(passed)) {
            for (const [host, moments] of each)
              all.set(
                host,
                [...(all.get(host) ?? []), ...moments].sort((a, b) => a - b),
              );
          }
          expect([...all.values()].flat()).toHaveLength(hosts.length);
          for (const moments of all.values()) {
            for (const [index, moment] of moments.slice(1).entries()) {
              expect(moment - (moments[index] ?? 0)).toBeGreaterThanOrEqual(interval - ROUNDING_MS);
            }
          }
        },
      ),
      { numRuns: runs(20) },
    );
  });

  it("stops waiting for a host when its signal aborts", async () => {
    const { clock, storage, provider, passes } = await setUp(60_000);
    await passes(["a.example"]);
    const stop = new AbortController();
    const waiting = expect(createRateLimiter(storage, clock)(provider, stop.signal, "submit", "a.example")).rejects.toThrow("enough");
    await clock.settle();
    stop.abort(new Error("enough"));
    await waiting;
    expect(clock.alarms()).toEqual([]);
  });
});

describe("createPause", () => {
  it.each([
    ["for the vendor's Retry-After", 7_000, 7_000],
    ["for no time when the vendor sends no Retry-After", undefined, 0],
    ["for five minutes when Retry-After is longer", 86_400_000, 300_000],
  ])("pauses the account, and no other one, %s", async (_, retryAfterMs, expected) => {
    const clock = fakeClock();
    const start = clock.now();
    const storage = await openMemoryStore(clock);
    const provider = fakeProvider({ limits: { requestsPerMinute: 100 } });
    const limiter = createRateLimiter(storage, clock);
    const { signal } = new AbortController();
    await limiter(provider, signal, "submit");
    await createPause(storage, clock, (error) => expect.fail(String(error)))(
      provider,
      new PrefetchError("rate_limited", "Too fast", { retryAfterMs }),
      "submit",
    );
    await clock.drive(limiter(fakeProvider({ account: "another-account" }), signal, "submit"));
    expect(clock.now()).toBe(start);
    await clock.drive(limiter(provider, signal, "submit"));
    expect(clock.now() - start).toBe(expected);
  });
});
