/** Plans a list: reads the allowance of every account once, then decides from storage's facts, today and later. */

import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import type { CallContext } from "../model/caller.ts";
import { type Provider, quotaName } from "../model/provider.ts";
import { lowerBound, MOST_LATER_DAYS, type QuotaPolicy } from "../model/quota.ts";
import type { AccountFacts, AccountQuery, NewTask } from "../model/storage.ts";
import { nextDays, nextReset, vendorDay } from "../model/vendor-day.ts";
import type { AccountState, DayState } from "./account-state.ts";
import { type Admission, admit, leftOf, leftOn, unitsOn, unitsToday } from "./admit.ts";
import type { Allowances } from "./allowance.ts";
import { buildTask } from "./build-task.ts";
import type { Candidate, ParsedUrls } from "./parse-urls.ts";

/** A URL is not sent again this soon unless forced: agents repeat calls that timed out. */
const RECENT_MS = 600_000;

export interface PlannerDeps {
  readonly clock: Clock;
  readonly allowances: Pick<Allowances, "of" | "ownBudget">;
  readonly newTaskId: (now: number) => string;
}

export interface PlanOptions {
  readonly onQuotaExceeded: QuotaPolicy;
  readonly force: boolean;
  /** Plan also what the quota policy would refuse as a whole. */
  readonly dryRun?: boolean;
  /** Drop the copies that are still valid before the prefetch. */
  readonly refreshFirst?: boolean;
}

export interface Plan {
  readonly admission: Admission;
  /** Something will be sent, today or later. */
  readonly sends: boolean;
  /** What it takes from each quota, today and on later days. */
  readonly spending: () => readonly DaySpend[];
  /** Text that differs between any two plans, in pieces. */
  readonly identity: () => Iterable<string>;
  /** The user's answer has let a task through before. */
  readonly isAnswerUsed: boolean;
  /** `answer`: id of the user's answer that lets the task through. */
  buildTask(answer?: string): NewTask;
}

/** Units that a plan takes from one quota on one day. */
export interface DaySpend {
  /** The quota of a provider, of a zone, or of a refresh: `quotaName`. */
  readonly provider: string;
  /** A day of the vendor, such as 2026-11-28; `undefined` for today. */
  readonly day: string | undefined;
  readonly units: number;
  /** Units that are left before. */
  readonly left: number;
}

export interface Planner {
  readonly providers: readonly Provider[];
  /** The providers, and those of them that drop old copies first. Each has an account of its own. */
  readonly spenders: readonly Provider[];
  /** One per spender: the facts that `plan` needs, in this order. */
  readonly queries: readonly AccountQuery[];
  /** Pure, so that it can run inside a transaction. Throws `quota_exhausted` and `queue_full`. */
  plan(facts: readonly AccountFacts[]): Plan;
}

/** Throws `unsupported` for `refreshFirst` with a provider that cannot do that. */
export async function createPlanner(deps: PlannerDeps, parsed: ParsedUrls, options: PlanOptions, call: CallContext): Promise<Planner> {
  const now = deps.clock.now();
  const { tenant } = call.caller;
  const { onQuotaExceeded: policy, force, refreshFirst = false, dryRun = false } = options;
  const providers = [...new Set(parsed.candidates.map((candidate) => candidate.provider))];
  const spenders = [...providers, ...(refreshFirst ? refreshesOf(providers) : [])];
  const accounts = await Promise.all(
    spenders.map(async (provider) => ({
      provider,
      allowance: await deps.allowances.of(provider, call.signal),
      laterDays: policy === "defer" ? nextDays(now, provider.limits.timeZone, MOST_LATER_DAYS) : [],
    })),
  );
  const dayOf = ({ limits }: Provider) => vendorDay(now, limits.timeZone);
  const ownBudget = deps.allowances.ownBudget(call.caller);
  const told = new Map(accounts.map(({ provider, allowance }) => [provider.account, allowance.urlsPerRequest]));

  const statesFrom = (facts: readonly AccountFacts[]): Map<Provider, AccountState> =>
    new Map(
      accounts.flatMap(({ provider, allowance, laterDays }, index): [Provider, AccountState][] => {
        const known = facts[index];
        if (!known) return [];
        const days = laterDays.flatMap((day, nth): DayState[] => {
          const later = known.later[nth];
          return later ? [{ ...day, ...later }] : [];
        });
        return [[provider, { ...known, allowance, ownBudget, laterDays: days }]];
      }),
    );

  return {
    providers,
    spenders,
    queries: accounts.map(({ provider, laterDays }) => ({
      account: provider.account,
      tenant,
      day: dayOf(provider),
      targets: parsed.candidates.filter((candidate) => candidate.provider === provider).map((candidate) => candidate.target),
      recentSince: now - RECENT_MS,
      // A prefetch alone has left the old copies where they were.
      recentRefreshesOnly: refreshFirst,
      laterDays: laterDays.map(({ day }) => day),
      answer: call.agreedTo?.answer,
    })),
    plan: (facts) => {
      const states = statesFrom(facts);
      const admission = admit(parsed.candidates, states, { policy, force, refreshFirst, dryRun });
      const resetOf = ({ limits }: Provider) => nextReset(now, limits.timeZone);
      // A refresh and the prefetch after it hand over the same batch.
      const mostUrls = ({ refresh, ...provider }: Provider): number | undefined =>
        lowerBound(told.get(provider.account), refreshFirst && refresh ? told.get(refresh.account) : undefined);
      const context = { now, dayOf, resetOf, policy, mostUrls, refreshFirst, tenant, traceparent: call.traceparent };
      return {
        admission,
        sends: admission.send.length + admission.deferred.length > 0,
        spending: () => spendingOf(admission, states),
        identity: () => identityOf(admission, refreshFirst),
        isAnswerUsed: facts.some((known) => known.isAnswerUsed),
        buildTask: (answer) => buildTask(deps.newTaskId(now), parsed, admission, { ...context, answer }),
      };
    },
  };
}

/** Without the days and quotas that it takes nothing from, and without quotas that nothing bounds. */
function spendingOf(admission: Admission, states: ReadonlyMap<Provider, AccountState>): DaySpend[] {
  const spending = [...states].flatMap(([provider, state]) => [
    { provider: quotaName(provider), day: undefined, units: unitsToday(admission, provider.account), left: leftOf(state) },
    ...state.laterDays.map((day) => {
      const units = unitsOn(day, admission, provider.account);
      return { provider: quotaName(provider), day: day.day, units, left: leftOn(state, day) };
    }),
  ]);
  return spending.flatMap(({ left, ...spend }) => (left === undefined || spend.units === 0 ? [] : [{ ...spend, left }]));
}

function* identityOf({ send, deferred, overQuota }: Admission, refreshFirst: boolean): Iterable<string> {
  const line = ({ provider, kind, target, cost }: Candidate, day: string) => `${JSON.stringify([provider.id, kind, target, cost, day])}\n`;
  yield `${refreshFirst}\n`;
  for (const candidate of send) yield line(candidate, "today");
  for (const { candidate, to } of deferred) yield line(candidate, to.day);
  for (const candidate of overQuota) yield line(candidate, "never");
}

function refreshesOf(providers: readonly Provider[]): Provider[] {
  return providers.map(({ id, refresh, purging }) => {
    if (refresh) return refresh;
    throw new PrefetchError("unsupported", `refresh_first: ${id} offers no call that drops old copies and tells when it is done`, {
      provider: id,
      hint: `Nothing was sent. ${purging} After the purge, call again without refresh_first, and with force true for URLs of the last 10 minutes. Without a purge, a copy that is still valid stays.`,
    });
  });
}
