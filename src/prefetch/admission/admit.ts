/**
 * Admission: how much of a list the quota of its accounts, and of the caller's tenant, allows, today and later. Pure, so that it
 * can be repeated inside a storage transaction.
 */

import { PrefetchError } from "../../base/errors.ts";
import type { Provider } from "../model/provider.ts";
import { type Allowance, type LedgerEntry, MOST_LATER_DAYS, type QuotaPolicy, remainingUnits, unitsLeft } from "../model/quota.ts";
import type { Candidate } from "./parse-urls.ts";

/** Units of one account that may wait to be sent; where no quota bounds a backlog, this does. */
export const MOST_WAITING = 100_000;

/** One of the vendor's days after today. */
export interface DayState {
  readonly day: string;
  readonly begins: number;
  readonly ledger: LedgerEntry;
  /** Units that the caller's tenant has spent or reserved of it. */
  readonly own: number;
}

/** What is known of one provider account when a list is admitted. */
export interface AccountState {
  readonly ledger: LedgerEntry;
  /** Target to the task that sent it lately. */
  readonly recent: ReadonlyMap<string, string>;
  /** Units of what waits to be sent already. */
  readonly waiting: number;
  readonly allowance: Allowance;
  /** Units of today that the caller's tenant has spent or reserved, and how many it may; `undefined` for no bound of its own. */
  readonly own: number;
  readonly ownBudget: number | undefined;
  /** Days that something may be put off to, in their order. */
  readonly laterDays: readonly DayState[];
}

export interface Deferral {
  readonly candidate: Candidate;
  readonly to: DayState;
}

export interface Admission {
  readonly send: readonly Candidate[];
  readonly deferred: readonly Deferral[];
  readonly skipped: readonly { readonly target: string; readonly taskId: string }[];
  readonly overQuota: readonly Candidate[];
  /** Units of all that will be sent, on whichever day. */
  readonly cost: number;
}

export interface AdmissionRules {
  readonly policy: QuotaPolicy;
  readonly force: boolean;
}

/**
 * Leaves out what was sent lately and admits what the day's quota of each account allows, in the caller's order. Where
 * it may wait, the rest goes to the first day that has room for it.
 */
export function admit(
  candidates: readonly Candidate[],
  states: ReadonlyMap<Provider, AccountState>,
  { policy, force }: AdmissionRules,
): Admission {
  const stateOf = (provider: Provider): AccountState => {
    const state = states.get(provider);
    if (!state) throw new TypeError(`Nothing is known of the account of ${provider.id}`);
    return state;
  };
  const skipped: { target: string; taskId: string }[] = [];
  const send: Candidate[] = [];
  const deferred: Deferral[] = [];
  const overQuota: Candidate[] = [];
  const accounts = new Map<string, { left: number; needed: number; later: { to: DayState; left: number }[] }>();
  let cost = 0;
  for (const candidate of candidates) {
    const { provider } = candidate;
    const state = stateOf(provider);
    const taskId = force ? undefined : state.recent.get(candidate.target);
    if (taskId !== undefined) {
      skipped.push({ target: candidate.target, taskId });
      continue;
    }
    const account = accounts.get(provider.account) ?? roomOf(state, policy);
    accounts.set(provider.account, account);
    account.needed += candidate.cost;
    const day = candidate.cost <= account.left ? account : account.later.find(({ left }) => candidate.cost <= left);
    if (!day) {
      overQuota.push(candidate);
      continue;
    }
    cost += candidate.cost;
    day.left -= candidate.cost;
    if ("to" in day) deferred.push({ candidate, to: day.to });
    else send.push(candidate);
  }
  const [short] = overQuota;
  if (short && (policy === "reject" || send.length + deferred.length === 0)) {
    const state = stateOf(short.provider);
    const needed = accounts.get(short.provider.account)?.needed ?? 0;
    throw new PrefetchError("quota_exhausted", quotaMessage(short.provider, needed, state), {
      provider: short.provider.id,
      hint: `Nothing was sent. ${wayOut(policy, send.length, moreQuota(state))}`,
    });
  }
  for (const [provider, { waiting }] of states) {
    const added = (accounts.get(provider.account)?.needed ?? 0) - sum(overQuota.filter((each) => each.provider === provider));
    if (added > 0 && waiting > 0 && waiting + added > MOST_WAITING) throw backlogFull(provider, waiting);
  }
  return { send, deferred, skipped, overQuota, cost };
}

function sum(candidates: readonly Candidate[]): number {
  return candidates.reduce((total, { cost }) => total + cost, 0);
}

function backlogFull(provider: Provider, waiting: number): PrefetchError {
  const [backlog, most] = [waiting, MOST_WAITING].map((units) => units.toLocaleString("en"));
  return new PrefetchError("queue_full", `${backlog} units wait to be sent to ${provider.id} already; at most ${most} may`, {
    provider: provider.id,
    retryable: true,
    hint: "Nothing was sent. Call again when some of them are sent; list_prefetch_tasks shows what waits, cancel_prefetch drops it.",
  });
}

/** What an account has room for, today and later. */
function roomOf({ allowance, ledger, own, ownBudget, laterDays }: AccountState, policy: QuotaPolicy) {
  const wholeDay: Allowance = { ...allowance, ceiling: allowance.limit };
  return {
    left: Math.min(remainingUnits(allowance, ledger), unitsLeft(ownBudget, own)),
    needed: 0,
    later:
      policy === "defer"
        ? laterDays.map((to) => ({ to, left: Math.min(remainingUnits(wholeDay, to.ledger), unitsLeft(ownBudget, to.own)) }))
        : [],
  };
}

/** Whether it is the tenant's own budget that has least left. */
function boundByOwn({ allowance, ledger, own, ownBudget }: AccountState): boolean {
  return unitsLeft(ownBudget, own) < remainingUnits(allowance, ledger);
}

function moreQuota(state: AccountState): string {
  if (boundByOwn(state)) return "ask whoever runs this server to raise PREFETCH_TENANT_DAILY_BUDGET";
  const refused = state.ledger.exhausted && state.allowance.source === "ledger";
  return state.allowance.budgeted && !refused ? "raise PREFETCH_DAILY_BUDGET" : "ask the vendor for a higher quota";
}

function wayOut(policy: QuotaPolicy, fits: number, more: string): string {
  if (policy === "defer") return `The next ${MOST_LATER_DAYS} days have no room for it either: ${more}.`;
  if (fits === 0) return `Wait for the reset, call again with on_quota_exceeded "defer" to have it sent then, or ${more}.`;
  return `Call again with on_quota_exceeded "partial" to send ${fits} of them now, with "defer" to send the rest on later days too, or wait for the reset.`;
}

function quotaMessage(provider: Provider, needed: number, state: AccountState): string {
  const { allowance, ledger, own, ownBudget } = state;
  if (ownBudget !== undefined && boundByOwn(state)) {
    const [ask, rest, budget] = [needed, unitsLeft(ownBudget, own), ownBudget].map((units) => units.toLocaleString("en"));
    return `This call needs ${ask} units of ${provider.id}'s prefetch quota; ${rest} of the ${budget} a day that you may spend (PREFETCH_TENANT_DAILY_BUDGET) are left.`;
  }
  const left = remainingUnits(allowance, ledger);
  const whose = allowance.budgeted ? " (PREFETCH_DAILY_BUDGET)" : "";
  const of = allowance.limit === undefined ? "" : ` of ${allowance.limit.toLocaleString("en")} a day${whose}`;
  const blind = provider.quota && allowance.source === "ledger" ? " The vendor itself could not be asked just now." : "";
  return `This call needs ${needed.toLocaleString("en")} units of ${provider.id}'s prefetch quota; ${left.toLocaleString("en")}${of} are left.${blind}`;
}
