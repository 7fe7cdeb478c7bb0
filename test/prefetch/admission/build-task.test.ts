import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AccountState } from "../../../src/prefetch/admission/account-state.ts";
import { admit } from "../../../src/prefetch/admission/admit.ts";
import { buildTask } from "../../../src/prefetch/admission/build-task.ts";
import type { Candidate, ParsedUrls } from "../../../src/prefetch/admission/parse-urls.ts";
import { dryRunView } from "../../../src/prefetch/calls/dry-run.ts";
import type { Provider } from "../../../src/prefetch/model/provider.ts";
import { NOON, TODAY } from "../../fakes/clock.ts";
import { fakeProvider } from "../../fakes/provider.ts";

const one = fakeProvider({ id: "one", account: "one:1", limits: { urlsPerRequest: 2 } });
const two = fakeProvider({ id: "two", account: "two:1", limits: { urlsPerRequest: 3 } });
const context = {
  now: NOON,
  policy: "partial" as const,
  dayOf: (provider: Provider) => (provider === one ? TODAY : "2026-11-20"),
  resetOf: (provider: Provider) => NOON + (provider === one ? 1_000 : 2_000),
  tenant: "",
  traceparent: undefined,
};

const input = fc.oneof(
  fc.record({ provider: fc.constantFrom(one, two), host: fc.constantFrom("a.example", "b.example"), cost: fc.integer({ min: 1, max: 3 }) }),
  fc.constant("rejected" as const),
);

describe("buildTask", () => {
  it("puts each candidate into one batch of its provider and host, and keeps the caller's order", () => {
    fc.assert(
      fc.property(fc.array(input, { minLength: 1, maxLength: 30 }), fc.nat({ max: 40 }), (inputs, left) => {
        const candidates = inputs.flatMap((each, position): Candidate[] =>
          each === "rejected"
            ? []
            : [{ provider: each.provider, kind: "url", target: `https://${each.host}/${position}`, cost: each.cost, position }],
        );
        const rejected = inputs.flatMap((each, position) =>
          each === "rejected" ? [{ kind: "url" as const, target: "bad", code: "invalid_argument", reason: "Bad.", position }] : [],
        );
        const parsed: ParsedUrls = { candidates, rejected, duplicatesRemoved: 4 };
        const state: AccountState = {
          ledger: { used: 0, pending: 0, exhausted: false },
          recent: new Map(),
          own: 0,
          ownBudget: undefined,
          laterDays: [],
          waiting: 0,
          allowance: { limit: left, ceiling: left, source: "ledger" },
        };
        const states = new Map([
          [one, { ...state, allowance: { limit: undefined, ceiling: undefined, source: "ledger" as const } }],
          [two, state],
        ]);
        fc.pre(candidates.some(({ provider, cost }) => provider === one || cost <= left));
        const admission = admit(candidates, states, { policy: "partial", force: false });
        const { task, batches, items } = buildTask("pf_1", parsed, admission, context);

        expect(new Set(task.providers)).toEqual(new Set(candidates.map((candidate) => candidate.provider.id)));
        expect(task.duplicatesRemoved).toBe(4);
        expect(items.map((item) => item.index)).toEqual([...items.keys()]);
        // No entry is skipped or repeated, so items and inputs have the same positions.
        expect(items.map((item) => item.target)).toEqual(
          inputs.map((each, position) => (each === "rejected" ? "bad" : `https://${each.host}/${position}`)),
        );
        expect(batches.map((batch) => [batch.number, batch.origin])).toEqual([...batches.keys()].map((number) => [number, number]));
        for (const [position, item] of items.entries()) {
          const each = inputs[position];
          const batch = item.batch === undefined ? undefined : batches[item.batch];
          expect(item.state).toBe(batch ? "queued" : "rejected");
          expect(batch !== undefined).toBe(admission.send.some((sent) => sent.position === position));
          if (!batch || !each || each === "rejected") continue;
          const { provider } = each;
          expect(batch).toMatchObject({ provider: provider.id, account: provider.account, day: context.dayOf(provider), kind: "urls" });
        }
        for (const batch of batches) {
          const own = items.filter((item) => item.batch === batch.number);
          const sent = admission.send.filter((candidate) => own.some((item) => item.index === candidate.position));
          expect(new Set(own.map((item) => new URL(item.target).host))).toHaveLength(1);
          expect(batch.cost).toBe(sent.reduce((sum, candidate) => sum + candidate.cost, 0));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("names the reset of its own vendor for each URL over quota", () => {
    const candidates = [one, two].map(
      (provider, position): Candidate => ({ provider, kind: "url", target: "https://a.example/1", cost: 1, position }),
    );
    const plan = buildTask(
      "pf_1",
      { candidates, rejected: [], duplicatesRemoved: 0 },
      { send: [], deferred: [], skipped: [], overQuota: candidates, cost: 0, costs: new Map(), refreshCost: 0 },
      context,
    );
    expect(plan.items.map((item) => item.reason)).toEqual([
      `Over the quota of one today; it can be sent after ${new Date(NOON + 1_000).toISOString()}.`,
      `Over the quota of two today; it can be sent after ${new Date(NOON + 2_000).toISOString()}.`,
    ]);
    const admission = { send: [], deferred: [], skipped: [], overQuota: candidates, cost: 0, costs: new Map(), refreshCost: 0 };
    expect(
      dryRunView(plan, { admission, policy: "partial", quotas: [], durable: true, reasonToAsk: undefined, asksUser: false }),
    ).toMatchObject({
      providers: ["one", "two"],
      byProvider: [
        { provider: "one", counts: { queued: 0, rejected: 1 }, cost: 0 },
        { provider: "two", counts: { queued: 0, rejected: 1 }, cost: 0 },
      ],
      counts: { rejected: 2 },
      batches: 0,
      cost: 0,
      dryRun: true,
    });
  });
});
