/** The facts that the retry rules need about a provider at this moment. */

import type { Clock } from "../../base/clock.ts";
import type { Allowances } from "../admission/allowance.ts";
import type { LaterDay } from "../model/batch-change.ts";
import type { Provider } from "../model/provider.ts";
import { MOST_LATER_DAYS } from "../model/quota.ts";
import { nextDays, nextReset, vendorDay } from "../model/vendor-day.ts";
import type { RetryPolicy } from "./retry.ts";

/**
 * How far a vendor's clock may be behind this one. A quota refusal this early in the day may still mean yesterday; a
 * larger value would put off a true refusal within its own day in vain.
 */
const CLOCK_TOLERANCE_MS = 600_000;

export interface RetryPolicyOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly allowances: Pick<Allowances, "wholeDay" | "tenantBudget">;
}

export function createRetryPolicies({ clock, random, allowances }: RetryPolicyOptions): (provider: Provider) => RetryPolicy {
  return (provider) => {
    const now = clock.now();
    const { timeZone } = provider.limits;
    const today = vendorDay(now, timeZone);
    const early = vendorDay(now - CLOCK_TOLERANCE_MS, timeZone) !== today;
    return {
      random,
      reconcilable: provider.findSubmitted !== undefined,
      listedWithinMs: provider.limits.listedWithinMs,
      early,
      laterDays: () => {
        const bounds = { ceiling: allowances.wholeDay(provider), ownBudget: allowances.tenantBudget };
        const days = nextDays(now, timeZone, MOST_LATER_DAYS).map(({ day, begins }): LaterDay => ({ day, notBefore: begins, ...bounds }));
        if (!early) return days;
        const restOfToday = { day: today, notBefore: nextReset(now - CLOCK_TOLERANCE_MS, timeZone) + CLOCK_TOLERANCE_MS, ...bounds };
        return [restOfToday, ...days];
      },
    };
  };
}
