import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { AccountState } from "../../../src/prefetch/admission/account-state.ts";
import { admit } from "../../../src/prefetch/admission/admit.ts";
import type { Candidate } from "../../../src/prefetch/admission/parse-urls.ts";
import type { Provider } from "../../../src/prefetch/model/provider.ts";
import type { Allowance, QuotaPolicy } from "../../../src/prefetch/model/quota.ts";
import { NOON } from "../../fakes/clock.ts";
import { fakeProvider, manyUrls } from "../../fakes/provider.ts";

const provider = fakeProvider();

function candidates(targets: readonly string[], cost = 1): Candidate[] {
  return targets.map((target, position) => ({ provider, kind: "url", target, cost, position }));
}

type Facts = Omit<AccountState, "allowance">;

function nothingKnown(used = 0, recent: Iterable<[string, string]> = []): Facts {
  return {
    ledger: { used, pending: 0, exhausted: false },
    recent: new Map(recent),
    waiting: 0,
    own: 0,
    ownBudget: undefined,
    laterDays: [],
  };
}

function upTo(limit: number | undefined): Allowance {
  return { limit, ceiling: limit, source: "ledger" };
}

interface Terms {
  readonly limit: number | undefined;
  readonly policy: QuotaPolicy;
  readonly force: boolean;
}

/** `admit` for one account. */
function admitOne(wanted: readonly Candidate[], facts: Facts, { limit, ...rules }: Terms): ReturnType<typeof admit> {
  return admit(wanted, new Map([[provider, { ...facts, allowance: upTo(limit) }]]), rules);
}

describe("admit", () => {
  it("sends every URL when no limit is known", () => {
    const wanted = candidates(manyUrls(5));
    expect(admitOne(wanted, nothingKnown(1_000_000), { limit: undefined, policy: "reject", force: false })).toEqual({
      send: wanted,
      deferred: [],
      skipped: [],
      overQuota: [],
      cost: 5,
      refreshCost: 0,
      costs: new Map([[wanted[0]?.provider.id, 5]]),
    });
  });

  it("refuses a list when the backlog is full, but admits any list into an empty backlog", () => {
    const terms = { limit: undefined, policy: "partial", force: false } as const;
    const wanted = candidates(manyUrls(5), 20);
    expect(admitOne(wanted, { ...nothingKnown(), waiting: 99_900 }, terms).cost).toBe(100);
    expect(() => admitOne(wanted, { ...nothingKnown(), waiting: 99_901 }, terms)).toThrow(
      expect.objectContaining({
        code: "queue_full",
        retryable: true,
        message: "99,901 units wait to be sent to fake-cdn already; at most 100,000 may",
      }),
    );
    expect(admitOne(candidates(manyUrls(5), 50_000), nothingKnown(), terms).cost).toBe(250_000);
    // URLs over quota do not count for the backlog.
    expect(admitOne(wanted, { ...nothingKnown(), waiting: 99_980 }, { ...terms, limit: 20 }).send).toHaveLength(1);
  });

  it("sends nothing and names the numbers when the list exceeds the quota under reject", () => {
    const over = (): unknown => admitOne(candidates(manyUrls(1_200)), nothingKnown(0), { limit: 1_000, policy: "reject", force: false });
    expect(over).toThrow(PrefetchError);
    expect(over).toThrow(
      expect.objectContaining({
        code: "quota_exhausted",
        message: "This call needs 1,200 units of fake-cdn's quota; 1,000 of 1,000 a day are left.",
        hint: 'Nothing was sent. Call again with on_quota_exceeded "partial" to send the 1,000 URLs of the list that fit now, with "defer" to send the rest on later days too, or wait for the reset.',
        provider: "fake-cdn",
      }),
    );
  });

  it.each(["reject", "partial"] as const)("says to wait for the reset when no URL fits under %s", (policy) => {
    expect(() => admitOne(candidates(manyUrls(3)), nothingKnown(10), { limit: 10, policy, force: false })).toThrow(
      expect.objectContaining({
        code: "quota_exhausted",
        hint: expect.stringContaining("Wait for the reset"),
        message: expect.stringContaining("0 of 10 a day"),
      }),
    );
  });

  it("refuses when the vendor has called the day exhausted", () => {
    const facts: Facts = {
      ledger: { used: 0, pending: 0, exhausted: true },
      laterDays: [],
      waiting: 0,
      own: 0,
      ownBudget: undefined,
      recent: new Map(),
    };
    expect(() => admitOne(candidates(manyUrls(1)), facts, { limit: undefined, policy: "partial", force: true })).toThrow(
      expect.objectContaining({ code: "quota_exhausted", message: "This call needs 1 units of fake-cdn's quota; 0 are left." }),
    );
  });

  it("skips recent URLs at no cost unless forced", () => {
    const wanted = candidates(["https://a.example/1", "https://a.example/2", "https://a.example/3"]);
    const facts = nothingKnown(98, [["https://a.example/2", "pf_earlier"]]);
    expect(admitOne(wanted, facts, { limit: 100, policy: "reject", force: false })).toEqual({
      send: [wanted[0], wanted[2]],
      deferred: [],
      skipped: [{ target: "https://a.example/2", taskId: "pf_earlier" }],
      overQuota: [],
      cost: 2,
      refreshCost: 0,
      costs: new Map([[wanted[0]?.provider.id, 2]]),
    });
    expect(
      admitOne(wanted, { ...facts, ledger: { used: 0, pending: 0, exhausted: false } }, { limit: 100, policy: "reject", force: true }).send,
    ).toEqual(wanted);
  });

  it("plans nothing, without an error, when every URL is recent", () => {
    const facts: Facts = {
      ledger: { used: 10, pending: 0, exhausted: true },
      laterDays: [],
      waiting: 0,
      own: 0,
      ownBudget: undefined,
      recent: new Map([["https://a.example/1", "pf_earlier"]]),
    };
    expect(admitOne(candidates(["https://a.example/1"]), facts, { limit: 10, policy: "reject", force: false })).toMatchObject({
      send: [],
      cost: 0,
    });
  });

  it("never exceeds the limit, loses no URL, keeps the order, and refuses exactly when it must", () => {
    const scenario = fc.record({
      costs: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 30 }),
      recent: fc.array(fc.nat({ max: 29 }), { maxLength: 10 }),
      limit: fc.option(fc.nat({ max: 80 }), { nil: undefined }),
      used: fc.nat({ max: 80 }),
      policy: fc.constantFrom("reject" as const, "partial" as const),
      force: fc.boolean(),
    });
    fc.assert(
      fc.property(scenario, ({ costs, recent, limit, used, policy, force }) => {
        const wanted = costs.map(
          (cost, position): Candidate => ({ provider, kind: "url", target: `https://a.example/${position}`, cost, position }),
        );
        const facts = nothingKnown(
          used,
          recent.map((index) => [`https://a.example/${index}`, `pf_${index}`]),
        );
        const fresh = wanted.filter((candidate) => force || !facts.recent.has(candidate.target));
        const needed = fresh.reduce((sum, candidate) => sum + candidate.cost, 0);
        const left = limit === undefined ? Number.POSITIVE_INFINITY : Math.max(0, limit - used);
        const cheapest = Math.min(...fresh.map((candidate) => candidate.cost));

        const attempt = (): ReturnType<typeof admitOne> => admitOne(wanted, facts, { limit, policy, force });
        if (needed > left && (policy === "reject" || cheapest > left)) {
          expect(attempt).toThrow(
            expect.objectContaining({ code: "quota_exhausted", message: expect.stringContaining(`needs ${needed} units`) }),
          );
          return;
        }
        const { send, skipped, overQuota, cost } = attempt();
        expect(cost).toBe(send.reduce((sum, candidate) => sum + candidate.cost, 0));
        expect(cost).toBeLessThanOrEqual(left);
        if (limit !== undefined) expect(used + cost).toBeLessThanOrEqual(Math.max(limit, used));
        expect([...send, ...overQuota].sort((a, b) => a.position - b.position)).toEqual(fresh);
        expect(send).toEqual(fresh.filter((candidate) => send.includes(candidate)));
        expect(skipped.map((entry) => entry.target)).toEqual(
          wanted.filter((candidate) => !fresh.includes(candidate)).map((entry) => entry.target),
        );
        // The first URL over quota did not fit.
        const [first] = overQuota;
        if (first) {
          const before = send
            .filter((candidate) => candidate.position < first.position)
            .reduce((sum, candidate) => sum + candidate.cost, 0);
          expect(before + first.cost).toBeGreaterThan(left);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("sends the first URLs that fit, and no later one, under partial", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 60 }), (count, left) => {
        const wanted = candidates(manyUrls(count));
        const { send, overQuota } = admitOne(wanted, nothingKnown(7), { limit: 7 + left, policy: "partial", force: false });
        expect(send).toEqual(wanted.slice(0, left));
        expect(overQuota).toEqual(wanted.slice(left));
      }),
    );
  });
});

describe("admit, over several accounts", () => {
  const rich = fakeProvider({ id: "rich", account: "rich:1" });
  const poor = fakeProvider({ id: "poor", account: "poor:1" });
  const state = (left: number | undefined, more: Partial<AccountState> = {}): AccountState => ({
    ...nothingKnown(),
    allowance: upTo(left),
    ...more,
  });
  /** Ten URLs that alternate between the two accounts. */
  const mixed = manyUrls(10).map(
    (target, position): Candidate => ({ provider: position % 2 === 0 ? rich : poor, kind: "url", target, cost: 1, position }),
  );
  const positions = (list: readonly Candidate[]) => list.map((candidate) => candidate.position);

  it("sends nothing, and names the account and the numbers, when one account is short under reject", () => {
    const states = new Map([
      [rich, state(1_000)],
      [poor, state(100, { allowance: { limit: 100, ceiling: 3, source: "vendor" } })],
    ]);
    expect(() => admit(mixed, states, { policy: "reject", force: false })).toThrow(
      expect.objectContaining({
        code: "quota_exhausted",
        provider: "poor",
        message: "This call needs 5 units of poor's quota; 3 of 100 a day are left.",
        hint: 'Nothing was sent. Call again with on_quota_exceeded "partial" to send the 8 URLs of the list that fit now, with "defer" to send the rest on later days too, or wait for the reset.',
      }),
    );
  });

  it("cuts the URLs of the short account only under partial", () => {
    const states = new Map([
      [rich, state(5)],
      [poor, state(3)],
    ]);
    const admitted = admit(mixed, states, { policy: "partial", force: false });
    expect(positions(admitted.send)).toEqual([0, 1, 2, 3, 4, 5, 6, 8]);
    expect(positions(admitted.overQuota)).toEqual([7, 9]);
    expect(admitted.cost).toBe(8);
  });

  it("sends to one account when the second one is exhausted under partial", () => {
    const states = new Map([
      [rich, state(undefined)],
      [poor, state(undefined, { ledger: { used: 0, pending: 0, exhausted: true } })],
    ]);
    const admitted = admit(mixed, states, { policy: "partial", force: false });
    expect(positions(admitted.send)).toEqual([0, 2, 4, 6, 8]);
    expect(new Set(admitted.overQuota.map((candidate) => candidate.provider))).toEqual(new Set([poor]));
  });

  it("refuses the list when no account has a unit left under partial", () => {
    const states = new Map([
      [rich, state(0)],
      [poor, state(0)],
    ]);
    expect(() => admit(mixed, states, { policy: "partial", force: false })).toThrow(
      expect.objectContaining({ code: "quota_exhausted", provider: undefined, hint: expect.stringContaining("Wait for the reset") }),
    );
  });

  it("counts two providers of one account together", () => {
    const twin = fakeProvider({ id: "twin", account: rich.account });
    const both = mixed.map((candidate): Candidate => ({ ...candidate, provider: candidate.position % 2 === 0 ? rich : twin }));
    const states = new Map([
      [rich, state(7)],
      [twin, state(7)],
    ]);
    expect(positions(admit(both, states, { policy: "partial", force: false }).send)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(() => admit(both, states, { policy: "reject", force: false })).toThrow(
      expect.objectContaining({ message: expect.stringContaining("needs 10 units") }),
    );
  });

  it("skips recent URLs of each provider separately", () => {
    const recent = new Map(manyUrls(10).map((url) => [url, "pf_earlier"]));
    const states = new Map([
      [rich, state(0, { recent })],
      [poor, state(5)],
    ]);
    const admitted = admit(mixed, states, { policy: "reject", force: false });
    expect(positions(admitted.send)).toEqual([1, 3, 5, 7, 9]);
    expect(admitted.skipped).toHaveLength(5);
    expect(() => admit(mixed, states, { policy: "reject", force: true })).toThrow(expect.objectContaining({ provider: "rich" }));
  });

  it("throws when the state of an account is missing", () => {
    expect(() => admit(mixed, new Map([[rich, state(9)]]), { policy: "partial", force: false })).toThrow("poor");
  });

  it("exceeds no account, loses no URL, keeps the order, and refuses exactly when it must", () => {
    const scenario = fc.record({
      requests: fc.array(fc.record({ account: fc.nat({ max: 2 }), cost: fc.integer({ min: 1, max: 4 }), isRecent: fc.boolean() }), {
        minLength: 1,
        maxLength: 30,
      }),
      lefts: fc.tuple(...[0, 1, 2].map(() => fc.option(fc.nat({ max: 30 }), { nil: undefined }))),
      policy: fc.constantFrom("reject" as const, "partial" as const),
    });
    fc.assert(
      fc.property(scenario, ({ requests, lefts, policy }) => {
        const providers = lefts.map((_, index): Provider => fakeProvider({ id: `cdn-${index}`, account: `account-${index}` }));
        const wanted = requests.flatMap(({ account, cost }, position): Candidate[] => {
          const provider = providers[account];
          return provider ? [{ provider, kind: "url", target: `https://a.example/${position}`, cost, position }] : [];
        });
        const fresh = wanted.filter(({ position }) => !requests[position]?.isRecent);
        const states = new Map(
          providers.map((provider, index) => {
            const recent = wanted.filter((each) => each.provider === provider && !fresh.includes(each)).map((each) => each.target);
            return [provider, state(lefts[index], { recent: new Map(recent.map((target) => [target, "pf_earlier"])) })];
          }),
        );
        const sum = (list: readonly Candidate[], provider: unknown): number =>
          list.filter((each) => each.provider === provider).reduce((units, each) => units + each.cost, 0);
        const leftOf = (index: number): number => lefts[index] ?? Number.POSITIVE_INFINITY;
        const short = providers.filter((provider, index) => sum(fresh, provider) > leftOf(index));
        const sendable = fresh.some((each) => each.cost <= leftOf(providers.indexOf(each.provider)));
        const attempt = (): ReturnType<typeof admit> => admit(wanted, states, { policy, force: false });
        if (short.length > 0 && (policy === "reject" || !sendable)) {
          expect(attempt).toThrow(expect.objectContaining({ code: "quota_exhausted" }));
          return;
        }
        const { send, skipped, overQuota, cost } = attempt();
        for (const [index, provider] of providers.entries()) expect(sum(send, provider)).toBeLessThanOrEqual(leftOf(index));
        expect(cost).toBe(send.reduce((units, each) => units + each.cost, 0));
        expect([...send, ...overQuota].sort((a, b) => a.position - b.position)).toEqual(fresh);
        expect(positions(send)).toEqual(positions(send).toSorted((a, b) => a - b));
        expect(skipped).toHaveLength(wanted.length - fresh.length);
        // Only a short account leaves URLs out.
        for (const each of overQuota) expect(short).toContain(each.provider);
      }),
      { numRuns: 300 },
    );
  });
});

describe("admit with refreshFirst", () => {
  const refresh = { ...fakeProvider({ id: "fake-cdn-refresh", account: "fake-cdn-refresh:1" }), status: async () => [] };
  const refreshing = { ...provider, refresh };

  it("admits no more than the smaller of the two quotas, on one day", () => {
    const scenario = fc.record({
      costs: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 30 }),
      prefetches: fc.integer({ min: 0, max: 40 }),
      refreshes: fc.integer({ min: 0, max: 40 }),
      policy: fc.constantFrom("partial" as const, "defer" as const),
    });
    const later = [1, 2].map((nth) => ({
      day: `2026-11-2${nth + 1}`,
      begins: NOON + nth * 86_400_000,
      ledger: nothingKnown().ledger,
      own: 0,
    }));
    fc.assert(
      fc.property(scenario, ({ costs, prefetches, refreshes, policy }) => {
        const wanted = costs.map(
          (cost, position): Candidate => ({ provider: refreshing, kind: "url", target: `https://a.example/${position}`, cost, position }),
        );
        const stateOf = (limit: number): AccountState => ({
          ...nothingKnown(),
          allowance: upTo(limit),
          laterDays: policy === "defer" ? later : [],
        });
        const states = new Map<Provider, AccountState>([
          [refreshing, stateOf(prefetches)],
          [refresh, stateOf(refreshes)],
        ]);
        const attempt = () => admit(wanted, states, { policy, force: false, refreshFirst: true });
        const least = Math.min(prefetches, refreshes);
        if (Math.min(...costs) > least) {
          expect(attempt).toThrow(/quota; /);
          return;
        }
        const { send, deferred, overQuota, cost, refreshCost } = attempt();
        expect(refreshCost).toBe(cost);
        expect(send.length + deferred.length + overQuota.length).toBe(wanted.length);
        const unitsOf = (list: readonly Candidate[]) => list.reduce((sum, each) => sum + each.cost, 0);
        expect(unitsOf(send)).toBeLessThanOrEqual(least);
        for (const put of Map.groupBy(deferred, ({ to }) => to.day).values()) {
          expect(unitsOf(put.map(({ candidate }) => candidate))).toBeLessThanOrEqual(least);
        }
      }),
    );
  });

  it("names the quota that is short when it sends nothing", () => {
    const wanted: Candidate[] = candidates(manyUrls(3)).map((each) => ({ ...each, provider: refreshing }));
    const refusalOf = (prefetches: number, refreshes: number) => {
      const states = new Map<Provider, AccountState>([
        [refreshing, { ...nothingKnown(), allowance: upTo(prefetches) }],
        [refresh, { ...nothingKnown(), allowance: upTo(refreshes) }],
      ]);
      return () => admit(wanted, states, { policy: "reject", force: false, refreshFirst: true });
    };
    expect(refusalOf(9, 2)).toThrow("3 units of fake-cdn-refresh's quota; 2 of 2 a day are left");
    expect(refusalOf(2, 9)).toThrow("3 units of fake-cdn's quota; 2 of 2 a day are left");
  });
});
