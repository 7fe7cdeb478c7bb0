/**
 * What an account may spend today: by the vendor's own count where it can be asked, else by its documented limit. Either
 * way it is said as a ceiling for our ledger, so that what this server reserves meanwhile is always counted in.
 */

import type { Cache } from "../../base/cache.ts";
import type { Clock } from "../../base/clock.ts";
import { createSingleFlight } from "../../base/single-flight.ts";
import type { CallContext, Caller } from "../model/caller.ts";
import type { Provider } from "../model/provider.ts";
import { type Allowance, lowerBound, type Quota, remainingUnits } from "../model/quota.ts";
import type { Storage } from "../model/storage.ts";
import { nextReset, vendorDay } from "../model/vendor-day.ts";

/** An answer stays right about our own spending; this bounds how long it may miss that of others. */
const ANSWER_TTL_MS = 30_000;
/** A call does not wait longer for the vendor's count; the ledger then has to do. */
const LONGEST_WAIT_MS = 3_000;

/** What the vendor said, in the ledger's terms; without `ceiling` it could not be asked. */
export interface CountedQuota {
  readonly limit?: number;
  readonly ceiling?: number;
}

export interface AllowanceOptions {
  readonly storage: Pick<Storage, "ledger" | "spentBy">;
  readonly clock: Clock;
  readonly answers: Cache<CountedQuota>;
  /** Units a day and account that the operator allows, where that is less than the vendor does. */
  readonly dailyBudget: number | undefined;
  /** Units a day and account that each tenant may spend. */
  readonly tenantDailyBudget: number | undefined;
  /** Aborted when the server stops. */
  readonly stopped: AbortSignal;
  readonly report: (error: unknown, about: string) => void;
}

export interface Allowances {
  of(provider: Provider, signal: AbortSignal): Promise<Allowance>;
  /** Units of a whole day, as far as they are known without asking; `undefined` for no limit. */
  wholeDay(provider: Provider): number | undefined;
  /** Units a day and account that each tenant may spend; `undefined` for no bound. */
  readonly tenantBudget: number | undefined;
  /** What the caller may spend of any account's day; `undefined` for no bound of its own. */
  ownBudget(caller: Caller): number | undefined;
  /** As callers see it: of the account, or of their own budget where they have one. */
  quota(provider: Provider, call: Pick<CallContext, "caller" | "signal">): Promise<Quota>;
  /** Of the account, as far as it is known without asking the vendor. */
  estimate(provider: Provider): Promise<Quota>;
  /** The vendor has just contradicted its last answer. */
  forget(provider: Provider): Promise<void>;
}

export function createAllowances(options: AllowanceOptions): Allowances {
  const { storage, clock, answers, dailyBudget, tenantDailyBudget, stopped, report } = options;
  const once = createSingleFlight(answers);
  /** Limits are raised seldom; the last one that a vendor told is better than the documented one when it cannot be asked. */
  const lastTold = new Map<string, number>();
  const dayOf = (provider: Provider) => vendorDay(clock.now(), provider.limits.timeZone);
  const keyOf = (provider: Provider) => `${provider.account} ${dayOf(provider)}`;

  const ask = async (provider: Provider, question: NonNullable<Provider["quota"]>): Promise<CountedQuota> => {
    // Read first: what is sent while the vendor counts may be counted twice, which is the safe side.
    const { used, pending } = await storage.ledger(provider.account, dayOf(provider));
    try {
      const { limit, remaining } = await question({ signal: stopped, turn: async () => undefined });
      return { limit, ceiling: used - pending + remaining };
    } catch (error) {
      report(error, `asking ${provider.id} for its quota; the ledger is used instead`);
      return {};
    }
  };

  const counted = async (provider: Provider, signal: AbortSignal): Promise<CountedQuota> => {
    const question = provider.quota?.bind(provider);
    if (!question) return {};
    const patience = AbortSignal.timeout(LONGEST_WAIT_MS);
    try {
      return await once(keyOf(provider), AbortSignal.any([signal, patience]), async () => ({
        value: await ask(provider, question),
        ttlMs: ANSWER_TTL_MS,
      }));
    } catch (error) {
      if (signal.aborted || !patience.aborted) throw error;
      // Until the answer comes after all, nobody else need wait for it.
      await answers.set(keyOf(provider), {}, ANSWER_TTL_MS);
      return {};
    }
  };

  const knownLimit = (provider: Provider) => lastTold.get(provider.account) ?? provider.limits.urlsPerDay;

  const allowanceFrom = (provider: Provider, { limit: told, ceiling }: CountedQuota): Allowance => {
    if (told !== undefined) lastTold.set(provider.account, told);
    const limit = knownLimit(provider);
    const budgeted = dailyBudget !== undefined && dailyBudget < (ceiling ?? limit ?? Number.POSITIVE_INFINITY);
    return {
      limit: lowerBound(limit, dailyBudget),
      ceiling: lowerBound(ceiling ?? limit, dailyBudget),
      source: ceiling === undefined ? "ledger" : "vendor",
      ...(budgeted && { budgeted }),
    };
  };

  const of: Allowances["of"] = async (provider, signal) => allowanceFrom(provider, await counted(provider, signal));

  const ownBudget: Allowances["ownBudget"] = ({ tenant }) => (tenant === "" ? undefined : tenantDailyBudget);

  const quotaOf = async (provider: Provider, allowance: Allowance): Promise<Quota> => {
    const now = clock.now();
    const entry = await storage.ledger(provider.account, vendorDay(now, provider.limits.timeZone));
    const units = remainingUnits(allowance, entry);
    const remaining = Number.isFinite(units) ? units : undefined;
    const { limit, source } = allowance;
    const elsewhere = source === "vendor" && limit !== undefined && remaining !== undefined;
    return {
      provider: provider.id,
      limit,
      used: elsewhere ? limit - remaining : entry.used,
      remaining,
      resetsAt: nextReset(now, provider.limits.timeZone),
      source,
    };
  };

  return {
    of,
    ownBudget,
    tenantBudget: tenantDailyBudget,
    wholeDay: (provider) => lowerBound(knownLimit(provider), dailyBudget),
    quota: async (provider, { caller, signal }) => {
      const all = await quotaOf(provider, await of(provider, signal));
      const budget = ownBudget(caller);
      if (budget === undefined) return all;
      const own = await storage.spentBy(caller.tenant, provider.account, dayOf(provider));
      const remaining = Math.min(Math.max(0, budget - own), all.remaining ?? Number.POSITIVE_INFINITY);
      return { ...all, limit: lowerBound(budget, all.limit), used: own, remaining, source: "ledger" };
    },
    estimate: async (provider) => quotaOf(provider, allowanceFrom(provider, (await answers.get(keyOf(provider))) ?? {})),
    forget: async (provider) => {
      await answers.delete(keyOf(provider));
    },
  };
}
