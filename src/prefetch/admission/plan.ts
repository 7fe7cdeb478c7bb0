/** Plans a list: reads the allowance of every account once, then decides from storage's facts, today and later. */

import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import type { CallContext } from "../model/caller.ts";
import type { Provider } from "../model/provider.ts";
import { MOST_LATER_DAYS, type QuotaPolicy } from "../model/quota.ts";
import type { AccountFacts, AccountQuery, NewTask } from "../model/storage.ts";
import { nextDays, nextReset, vendorDay } from "../model/vendor-day.ts";
import type { AccountState, DayState } from "./account-state.ts";
import { type Admission, admit, leftOf, unitsToday } from "./admit.ts";
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
  /** What today's part takes from each quota. */
  readonly today: readonly DaySpend[];
  /**
   * Text that differs between any two plans. It names the last task of each URL, so a list that is planned again after it was
   * sent is another plan, even with `force`.
   */
  readonly identity: () => string;
  buildTask(): NewTask;
}

/** Units that a plan takes from one quota today. */
export interface DaySpend {
  /** A provider, or the refresh of one. */
  readonly provider: string;
  readonly units: number;
  /** Units that are left before; `undefined` where nothing bounds them. */
  readonly left: number | undefined;
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
    })),
    plan: (facts) => {
      const states = statesFrom(facts);
      const admission = admit(parsed.candidates, states, { policy, force, refreshFirst, dryRun });
      const resetOf = ({ limits }: Provider) => nextReset(now, limits.timeZone);
      const context = { now, dayOf, resetOf, policy, refreshFirst, tenant, traceparent: call.traceparent };
      return {
        admission,
        sends: admission.send.length + admission.deferred.length > 0,
        today: [...states].map(([provider, state]) => ({
          provider: provider.id,
          units: unitsToday(admission, provider.id),
          left: leftOf(state),
        })),
        identity: () => JSON.stringify([refreshFirst, identityOf(admission, states)]),
        buildTask: () => buildTask(deps.newTaskId(now), parsed, admission, context),
      };
    },
  };
}

function identityOf({ send, deferred, overQuota }: Admission, states: ReadonlyMap<Provider, AccountState>) {
  const lineOf = ({ provider, kind, target, cost }: Candidate, day = "today") => {
    return [provider.id, kind, target, cost, day, states.get(provider)?.recent.get(target) ?? ""];
  };
  return [
    ...send.map((candidate) => lineOf(candidate)),
    ...deferred.map(({ candidate, to }) => lineOf(candidate, to.day)),
    ...overQuota.map((candidate) => lineOf(candidate, "never")),
  ];
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
