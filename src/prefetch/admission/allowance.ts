/**
 * The allowance of an account: by the vendor's own count where the vendor tells it, else by the documented limit. Both are
 * expressed as a ceiling for our ledger, so that reservations made in the meantime always count.
 */

import type { Cache } from "../../base/cache.ts";
import type { Clock } from "../../base/clock.ts";
import { createSingleFlight } from "../../base/single-flight.ts";
import type { CallContext, Caller } from "../model/caller.ts";
import { type Provider, quotaName, type VendorQuota } from "../model/provider.ts";
import { type Allowance, lowerBound, type Quota, remainingUnits } from "../model/quota.ts";
import type { Storage } from "../model/storage.ts";
import { nextReset, vendorDay } from "../model/vendor-day.ts";

/** The vendor's answer stays right about our own spending. Longer would miss other spending of the account for longer. */
const ANSWER_TTL_MS = 30_000;
/** A call waits this long for the vendor's count; the ledger then has to do. Longer delays every call of a slow vendor. */
const LONGEST_WAIT_MS = 3_000;

/** The vendor's count in the ledger's terms; without `ceiling` the vendor did not tell it. */
export interface CountedQuota {
  readonly limit?: number;
  readonly ceiling?: number;
  readonly urlsPerRequest?: number;
}

export interface AllowanceOptions {
  readonly storage: Pick<Storage, "ledger" | "spentBy">;
  readonly clock: Clock;
  readonly answers: Cache<CountedQuota>;
  /** Units per day and account that the operator allows, where that is less than the vendor's limit. */
  readonly dailyBudget: number | undefined;
  /** Units per day and account that each tenant may spend. */
  readonly tenantDailyBudget: number | undefined;
  /** Aborted when the server stops. */
  readonly stopped: AbortSignal;
  readonly report: (error: unknown, about: string) => void;
}

export interface Allowances {
  of(provider: Provider, signal: AbortSignal): Promise<Allowance>;
  /** Units of a whole day, without asking the vendor; `undefined` for no limit. */
  wholeDay(provider: Provider): number | undefined;
  /** Units per day and account that each tenant may spend; `undefined` for no bound. */
  readonly tenantBudget: number | undefined;
  /** Units per day and account that the caller may spend; `undefined` for no bound of its own. */
  ownBudget(caller: Caller): number | undefined;
  /** The quota that a caller sees: the account's, or its own budget where it has one. */
  quota(provider: Provider, call: Pick<CallContext, "caller" | "signal">): Promise<Quota>;
  /** The account's quota without asking the vendor. */
  estimate(provider: Provider): Promise<Quota>;
  /** Notes the quota that the vendor told in its answer to a submit of `units`, which the ledger still holds as reserved. */
  note(provider: Provider, told: VendorQuota, units: number): Promise<void>;
  /** Drops the vendor's last answer, which the vendor has just contradicted. */
  forget(provider: Provider): Promise<void>;
}

export function createAllowances(options: AllowanceOptions): Allowances {
  const { storage, clock, dailyBudget, tenantDailyBudget } = options;
  const vendor = createVendorCounts(options);

  const allowanceFrom = (provider: Provider, { ceiling, urlsPerRequest }: CountedQuota): Allowance => {
    const limit = vendor.limitOf(provider);
    const budgeted = dailyBudget !== undefined && dailyBudget < (ceiling ?? limit ?? Number.POSITIVE_INFINITY);
    return {
      limit: lowerBound(limit, dailyBudget),
      ceiling: lowerBound(ceiling ?? limit, dailyBudget),
      source: ceiling === undefined ? "ledger" : "vendor",
      ...(budgeted && { budgeted }),
      ...(urlsPerRequest !== undefined && { urlsPerRequest }),
    };
  };

  const of: Allowances["of"] = async (provider, signal) => allowanceFrom(provider, await vendor.count(provider, signal));

  const ownBudget: Allowances["ownBudget"] = ({ tenant }) => (tenant === "" ? undefined : tenantDailyBudget);

  const quotaFrom = async (provider: Provider, allowance: Allowance): Promise<Quota> => {
    const now = clock.now();
    const entry = await storage.ledger(provider.account, vendorDay(now, provider.limits.timeZone));
    const units = remainingUnits(allowance, entry);
    const remaining = Number.isFinite(units) ? units : undefined;
    const { limit, source } = allowance;
    const isCounted = source === "vendor" && limit !== undefined && remaining !== undefined;
    return {
      provider: provider.id,
      account: provider.account,
      ...(provider.zoneId !== undefined && { zone: provider.zoneId }),
      limit,
      used: isCounted ? limit - remaining : entry.used,
      remaining,
      resetsAt: nextReset(now, provider.limits.timeZone),
      at: now,
      source,
    };
  };

  return {
    of,
    ownBudget,
    tenantBudget: tenantDailyBudget,
    wholeDay: (provider) => lowerBound(vendor.limitOf(provider), dailyBudget),
    quota: async (provider, { caller, signal }) => {
      const account = await quotaFrom(provider, await of(provider, signal));
      const budget = ownBudget(caller);
      if (budget === undefined) return account;
      const own = await storage.spentBy(caller.tenant, provider.account, vendorDay(clock.now(), provider.limits.timeZone));
      const remaining = Math.min(Math.max(0, budget - own), account.remaining ?? Number.POSITIVE_INFINITY);
      return { ...account, limit: lowerBound(budget, account.limit), used: own, remaining, source: "ledger" };
    },
    estimate: async (provider) => quotaFrom(provider, allowanceFrom(provider, await vendor.lastCount(provider))),
    note: vendor.note,
    forget: vendor.forget,
  };
}

/** The vendors' own counts: cached, single-flight, and bounded in time. */
interface VendorCounts {
  count(provider: Provider, signal: AbortSignal): Promise<CountedQuota>;
  /** The cached answer; empty where there is none. */
  lastCount(provider: Provider): Promise<CountedQuota>;
  /** The vendor's limit, as it last told it, or as documented; `undefined` for no limit. */
  limitOf(provider: Provider): number | undefined;
  note(provider: Provider, told: VendorQuota, units: number): Promise<void>;
  forget(provider: Provider): Promise<void>;
}

function createVendorCounts({ storage, clock, answers, stopped, report }: AllowanceOptions): VendorCounts {
  const singleFlight = createSingleFlight(answers);
  /** A limit that the vendor told is better than the documented one, also when the vendor cannot be asked any more. */
  const toldLimits = new Map<string, number>();
  const dayOf = (provider: Provider) => vendorDay(clock.now(), provider.limits.timeZone);
  const keyOf = (provider: Provider) => `${provider.account} ${dayOf(provider)}`;

  const noted = (provider: Provider, counted: CountedQuota): CountedQuota => {
    if (counted.limit !== undefined) toldLimits.set(provider.account, counted.limit);
    return counted;
  };

  const ask = async (provider: Provider, question: NonNullable<Provider["quota"]>): Promise<CountedQuota> => {
    // The ledger is read first: a submit during the question may then be counted twice, which errs on the safe side.
    const { used, pending } = await storage.ledger(provider.account, dayOf(provider));
    try {
      const { remaining, ...told } = await question({ signal: stopped, turn: async () => undefined });
      return { ...told, ceiling: used - pending + remaining };
    } catch (error) {
      report(error, `asking ${quotaName(provider)} for its quota; the ledger is used instead`);
      return {};
    }
  };

  const asked = async (provider: Provider, signal: AbortSignal): Promise<CountedQuota> => {
    const question = provider.quota?.bind(provider);
    if (!question) return {};
    const deadline = AbortSignal.timeout(LONGEST_WAIT_MS);
    try {
      return await singleFlight(keyOf(provider), AbortSignal.any([signal, deadline]), async () => ({
        value: await ask(provider, question),
        ttlMs: ANSWER_TTL_MS,
      }));
    } catch (error) {
      if (signal.aborted || !deadline.aborted) throw error;
      // Further calls need not wait for a vendor this slow; its answer replaces this one when it comes.
      await answers.set(keyOf(provider), {}, ANSWER_TTL_MS);
      return {};
    }
  };

  return {
    count: async (provider, signal) => noted(provider, await asked(provider, signal)),
    // The answer may have come after its caller had given up.
    lastCount: async (provider) => noted(provider, (await answers.get(keyOf(provider))) ?? {}),
    limitOf: (provider) => toldLimits.get(provider.account) ?? provider.limits.urlsPerDay,
    note: async (provider, { remaining, ...told }, units) => {
      const { used, pending } = await storage.ledger(provider.account, dayOf(provider));
      const counted = noted(provider, { ...told, ceiling: used - pending + units + remaining });
      await answers.set(keyOf(provider), counted, ANSWER_TTL_MS);
    },
    forget: async (provider) => {
      await answers.delete(keyOf(provider));
    },
  };
}
