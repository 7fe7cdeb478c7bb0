/**
 * Admission: decides how much of a list the quota of its accounts, and of the caller's tenant, allows, today and later.
 * Pure, so that a storage transaction can run it.
 */

import { PrefetchError } from "../../base/errors.ts";
import { isMetered, type Provider } from "../model/provider.ts";
import { type Allowance, type QuotaPolicy, remainingUnits, unitsLeft } from "../model/quota.ts";
import type { DeferredItems } from "../model/task.ts";
import type { AccountState, DayState } from "./account-state.ts";
import { quotaExhausted } from "./over-quota.ts";
import type { Candidate } from "./parse-urls.ts";

/** Units of one account that may wait to be sent. Where no quota bounds the backlog, more would let it grow for weeks. */
const MOST_WAITING = 100_000;

export interface Deferral {
  readonly candidate: Candidate;
  readonly to: DayState;
}

export interface Admission {
  readonly send: readonly Candidate[];
  readonly deferred: readonly Deferral[];
  readonly skipped: readonly { readonly target: string; readonly taskId: string }[];
  readonly overQuota: readonly Candidate[];
  /** Units that will be spent, on whichever day. URLs of a provider without units cost none. */
  readonly cost: number;
  /** The same by provider id, without providers that cost nothing. */
  readonly costs: ReadonlyMap<string, number>;
  /** Units that dropping the old copies takes from the quotas for that; 0 without `refreshFirst`. */
  readonly refreshCost: number;
}

export interface AdmissionRules {
  readonly policy: QuotaPolicy;
  readonly force: boolean;
  /** Every provider of the list has a `refresh`, and its account is among the states. */
  readonly refreshFirst?: boolean;
  /** Nothing will be sent, so a short quota is no error. */
  readonly dryRun?: boolean;
}

/**
 * Skips recent URLs and admits, in the caller's order, as many URLs as the quotas of today allow. With policy `defer` the rest
 * goes to the first later day that has room for it. Throws `quota_exhausted`, unless it is a dry run,
 * and `queue_full`.
 */
export function admit(candidates: readonly Candidate[], states: ReadonlyMap<Provider, AccountState>, rules: AdmissionRules): Admission {
  const admission = { send: [] as Candidate[], deferred: [] as Deferral[], overQuota: [] as Candidate[] };
  const skipped: { target: string; taskId: string }[] = [];
  const rooms = new Map<string, Room>();
  for (const candidate of candidates) {
    const { provider, target } = candidate;
    const state = stateOf(states, provider);
    const taskId = rules.force ? undefined : state.recent.get(target);
    if (taskId !== undefined) {
      skipped.push({ target, taskId });
      continue;
    }
    const room = rooms.get(provider.account) ?? roomFor(provider, states, rules);
    rooms.set(provider.account, room);
    const place = take(room, candidate.cost);
    if (place === undefined) admission.overQuota.push(candidate);
    else if (place === "today") admission.send.push(candidate);
    else admission.deferred.push({ candidate, to: place });
  }
  const needed = ({ account }: Provider) => rooms.get(account)?.needed ?? 0;
  refuseOverQuota(admission, states, rules, needed);
  refuseFullQueue(admission, states, needed);
  const sent = [...admission.send, ...admission.deferred.map(({ candidate }) => candidate)];
  const costly = sent.filter(({ provider }) => isMetered(provider) || isBounded(stateOf(states, provider)));
  const costs = new Map([...Map.groupBy(costly, ({ provider }) => provider.id)].map(([id, own]) => [id, costOf(own)]));
  return { ...admission, skipped, cost: costOf(costly), costs, refreshCost: rules.refreshFirst ? costOf(sent) : 0 };
}

/** Units that a plan takes today from an account: of a provider, or of a refresh. */
export function unitsToday(admission: Admission, account: string): number {
  return costOf(admission.send.filter((candidate) => takesFrom(account, candidate, admission)));
}

/** The same on a later day. */
export function unitsOn({ begins }: DayState, admission: Admission, account: string): number {
  const waiting = admission.deferred.filter(({ to }) => to.begins === begins).map(({ candidate }) => candidate);
  return costOf(waiting.filter((candidate) => takesFrom(account, candidate, admission)));
}

function takesFrom(account: string, { provider }: Candidate, { refreshCost }: Admission): boolean {
  return provider.account === account || (refreshCost > 0 && provider.refresh?.account === account);
}

/** Units of today that a caller may still take from an account; `undefined` where nothing bounds them. */
export function leftOf({ allowance, ledger, own, ownBudget }: AccountState): number | undefined {
  const left = Math.min(remainingUnits(allowance, ledger), unitsLeft(ownBudget, own));
  return Number.isFinite(left) ? left : undefined;
}

/** The same of a later day. */
export function leftOn({ allowance, ownBudget }: AccountState, { ledger, own }: DayState): number | undefined {
  const wholeDay: Allowance = { ...allowance, ceiling: allowance.limit };
  const left = Math.min(remainingUnits(wholeDay, ledger), unitsLeft(ownBudget, own));
  return Number.isFinite(left) ? left : undefined;
}

/** The URLs that wait for a later day, and when the first and the last of these days begin. */
export function deferredOf({ deferred }: Pick<Admission, "deferred">): DeferredItems | undefined {
  const begins = deferred.map(({ to }) => to.begins).sort((a, b) => a - b);
  const [from, until] = [begins[0], begins.at(-1)];
  return from === undefined || until === undefined ? undefined : { items: deferred.length, from, until };
}

function stateOf(states: ReadonlyMap<Provider, AccountState>, provider: Provider): AccountState {
  const state = states.get(provider);
  if (!state) throw new TypeError(`No facts about the account of ${provider.id}`);
  return state;
}

/** An operator's budget makes units of the URLs of a provider that has none by itself. */
function isBounded({ allowance, ownBudget }: AccountState): boolean {
  return allowance.limit !== undefined || ownBudget !== undefined;
}

/** Units that an account has room for, today and on later days. */
interface Room {
  left: number;
  /** Units of all candidates, admitted or not. */
  needed: number;
  readonly later: { readonly to: DayState; left: number }[];
}

function roomOf(state: AccountState, policy: QuotaPolicy): Room {
  const later = policy === "defer" ? state.laterDays : [];
  return {
    left: leftOf(state) ?? Number.POSITIVE_INFINITY,
    needed: 0,
    later: later.map((to) => ({ to, left: leftOn(state, to) ?? Number.POSITIVE_INFINITY })),
  };
}

/** A refresh costs as many units as the prefetch after it, of another quota, and both happen on one day. */
function roomFor(provider: Provider, states: ReadonlyMap<Provider, AccountState>, { policy, refreshFirst }: AdmissionRules): Room {
  const room = roomOf(stateOf(states, provider), policy);
  if (!refreshFirst || !provider.refresh) return room;
  const refresh = roomOf(stateOf(states, provider.refresh), policy);
  const later = room.later.flatMap(({ to, left }) => {
    const same = refresh.later.find((day) => day.to.day === to.day);
    return same ? [{ to, left: Math.min(left, same.left) }] : [];
  });
  return { left: Math.min(room.left, refresh.left), needed: 0, later };
}

/** Takes units from the first day with room for all of them. */
function take(room: Room, cost: number): "today" | DayState | undefined {
  room.needed += cost;
  if (cost <= room.left) {
    room.left -= cost;
    return "today";
  }
  const day = room.later.find(({ left }) => cost <= left);
  if (day) day.left -= cost;
  return day?.to;
}

interface Sorted {
  readonly send: readonly Candidate[];
  readonly deferred: readonly Deferral[];
  readonly overQuota: readonly Candidate[];
}

/** Policy `reject` sends nothing when the quota is short. A list without a URL that fits is an error with any policy. */
function refuseOverQuota(
  { send, deferred, overQuota }: Sorted,
  states: ReadonlyMap<Provider, AccountState>,
  { policy, refreshFirst, dryRun }: AdmissionRules,
  needed: (provider: Provider) => number,
): void {
  if (dryRun) return;
  if (policy !== "reject" && send.length + deferred.length > 0) return;
  const left = (spender: Provider) => roomOf(stateOf(states, spender), policy).left;
  const short = [...new Set(overQuota.map(({ provider }) => provider))];
  const [first, ...more] = short.map((provider) => {
    const refresh = refreshFirst ? provider.refresh : undefined;
    const tighter = refresh && left(refresh) < left(provider) ? refresh : provider;
    return { provider: tighter, needed: needed(provider), state: stateOf(states, tighter) };
  });
  if (first) throw quotaExhausted([first, ...more], { fits: send.length, policy });
}

function refuseFullQueue({ overQuota }: Sorted, states: ReadonlyMap<Provider, AccountState>, needed: (provider: Provider) => number): void {
  for (const [provider, { waiting }] of states) {
    const added = needed(provider) - costOf(overQuota.filter((each) => each.provider === provider));
    if (added > 0 && waiting > 0 && waiting + added > MOST_WAITING) throw queueFull(provider, waiting);
  }
}

function costOf(candidates: readonly Candidate[]): number {
  return candidates.reduce((total, { cost }) => total + cost, 0);
}

function queueFull(provider: Provider, waiting: number): PrefetchError {
  const [backlog, most] = [waiting, MOST_WAITING].map((units) => units.toLocaleString("en"));
  return new PrefetchError("queue_full", `${backlog} units wait to be sent to ${provider.id} already; at most ${most} may`, {
    provider: provider.id,
    retryable: true,
    hint: "Nothing was sent. Call again when some of them are sent; list_prefetch_tasks shows what waits, cancel_prefetch drops it.",
  });
}
