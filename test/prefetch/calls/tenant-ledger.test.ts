import fc from "fast-check";
import { expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { CallContext } from "../../../src/prefetch/model/caller.ts";
import type { BatchContent, Submission } from "../../../src/prefetch/model/provider.ts";
import { countItems, itemStates, noCounts } from "../../../src/prefetch/model/task.ts";
import { manyUrls, urlsOf } from "../../fakes/provider.ts";
import { runs } from "../../fakes/runs.ts";
import { neverAborted as signal } from "../../fakes/signal.ts";
import { startService } from "./service-harness.ts";

const tenants = ["token:a", "token:b", "tenant:c"];
const days = Array.from({ length: 18 }, (_, nth) => new Date(Date.parse("2026-11-21") + nth * 86_400_000).toISOString().slice(0, 10));
const HOUR_MS = 3_600_000;

const behaviours = ["good", "good", "good", "quota", "slow", "malformed", "silent", "picky"] as const;

function answerOf(behaviour: (typeof behaviours)[number], batch: BatchContent, nth: number): Submission {
  if (behaviour === "quota") throw new PrefetchError("quota_exhausted", "No more today", { delivery: "refused" });
  if (behaviour === "slow")
    throw new PrefetchError("rate_limited", "Slow down", { delivery: "refused", retryable: true, retryAfterMs: 1_000 });
  if (behaviour === "malformed")
    throw new PrefetchError("invalid_argument", "One of them is wrong", { delivery: "refused", divisible: true });
  if (behaviour === "silent") throw new PrefetchError("timeout", "Nothing came back", { delivery: "unknown" });
  const refused =
    behaviour === "picky"
      ? urlsOf(batch)
          .slice(0, 1)
          .map((url) => ({ url, code: "forbidden_domain", reason: "Not yours." }))
      : [];
  return { vendorTaskIds: [`vendor-${nth}`], refused };
}

const step = fc.oneof(
  fc.record({
    do: fc.constant("spend" as const),
    tenant: fc.constantFrom(...tenants),
    size: fc.integer({ min: 1, max: 15 }),
    policy: fc.constantFrom("reject" as const, "partial" as const, "defer" as const),
    force: fc.boolean(),
  }),
  fc.record({ do: fc.constant("cancel" as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant("wait" as const), hours: fc.integer({ min: 1, max: 9 }) }),
);

it("the tenants' ledgers add up to the account's within their budgets, and the census to all items, after any calls", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 30 }),
      fc.array(fc.constantFrom(...behaviours), { minLength: 1 }),
      async (steps, vendor) => {
        const { clock, service, storage, provider, urls, stop } = await startService({
          tenantDailyBudget: 40,
          script: { answer: (batch, nth) => answerOf(vendor[nth % vendor.length] ?? "good", batch, nth) },
        });
        const callOf = (tenant: string): CallContext => ({ signal, caller: { tenant, seesAll: false } });
        const made: { readonly id: string; readonly tenant: string }[] = [];
        for (const [nth, now] of steps.entries()) {
          try {
            if (now.do === "wait") await clock.advance(now.hours * HOUR_MS);
            else if (now.do === "cancel") {
              const task = made[now.which % Math.max(1, made.length)];
              if (task) await clock.drive(service.cancel(task.id, callOf(task.tenant)));
            } else {
              const wanted = manyUrls(now.size, `https://host-${nth % 3}.example/`);
              const { taskId } = await urls(wanted, { onQuotaExceeded: now.policy, force: now.force }, callOf(now.tenant));
              if (taskId !== undefined) made.push({ id: taskId, tenant: now.tenant });
            }
          } catch (error) {
            if (!(error instanceof PrefetchError)) throw error;
          }
          for (const day of days) {
            const own = await Promise.all(tenants.map((tenant) => storage.spentBy(tenant, provider.account, day)));
            expect(
              own.reduce((sum, units) => sum + units, 0),
              day,
            ).toBe((await storage.ledger(provider.account, day)).used);
            expect(Math.max(...own), day).toBeLessThanOrEqual(40);
          }
          const census = noCounts();
          for (const { task } of await storage.tasks({ tenant: undefined, limit: 999 })) {
            const counts = countItems(await storage.items(task.id, { limit: 999 }));
            for (const state of itemStates) census[state] += counts[state];
          }
          expect(await storage.census()).toEqual(census);
        }
        await stop();
      },
    ),
    { numRuns: runs(20) },
  );
}, 60_000);
