/**
 * Planning: from what the caller wrote to what will be sent. Pure, so that a dry run and a real run
 * cannot differ, and so that it can be repeated inside a storage transaction.
 */

import { PrefetchError } from "../errors.ts";
import type { Router } from "./directory.ts";
import type { Provider } from "./provider.ts";
import { type Allowance, type LedgerEntry, remainingUnits } from "./quota.ts";
import { readUrl, tooLong } from "./url.ts";

/** Something to send: a URL or an asset, where it goes, and the units of quota that it costs. */
export interface Candidate {
  readonly provider: Provider;
  readonly kind: "url" | "asset";
  readonly target: string;
  readonly cost: number;
  /** Where it stood in the caller's list. */
  readonly position: number;
}

export interface RejectedInput {
  readonly kind: "url" | "asset";
  readonly target: string;
  readonly code: string;
  readonly reason: string;
  readonly position: number;
}

export interface Reading {
  readonly candidates: readonly Candidate[];
  readonly rejected: readonly RejectedInput[];
  readonly duplicatesRemoved: number;
}

/** Shown and stored of an unreadable URL; a 20 kB one must not fill the answer. */
const SHOWN_OF_BAD_INPUT = 200;

export interface ReadingRules {
  readonly route: Router;
  /** Host names or `*.` patterns; `undefined` allows every host. */
  readonly allowedDomains: readonly string[] | undefined;
}

/** As long as is parsed at all; the limit of the URL's own provider is checked once that is known. */
const LONGEST_URL = 65_536;

/** Normalises a list, takes each URL once, finds its provider, and names every entry that cannot be used. */
export function readUrls(inputs: readonly unknown[], { route, allowedDomains }: ReadingRules): Reading {
  const seen = new Set<string>();
  const candidates: Candidate[] = [];
  const rejected: RejectedInput[] = [];
  let duplicatesRemoved = 0;
  for (const [position, input] of inputs.entries()) {
    const reading = readUrl(input, { maxLength: LONGEST_URL, allowedDomains });
    const key = reading.ok ? reading.url : `invalid ${typeof input} ${textOf(input)}`;
    if (seen.has(key)) {
      duplicatesRemoved += 1;
      continue;
    }
    seen.add(key);
    const reject = (code: string, reason: string) =>
      rejected.push({ kind: "url", target: shown(input), code, reason: `The URL ${reason}.`, position });
    if (!reading.ok) {
      reject(reading.forbidden ? "forbidden_domain" : "invalid_argument", reading.reason);
      continue;
    }
    const destination = route(reading.hostname);
    if (!destination.ok) reject(destination.code, destination.reason);
    else if (reading.url.length > destination.provider.limits.urlLength) {
      reject("invalid_argument", tooLong(reading.url.length, destination.provider.limits.urlLength));
    } else candidates.push({ provider: destination.provider, kind: "url", target: reading.url, cost: 1, position });
  }
  return { candidates, rejected, duplicatesRemoved };
}

function shown(input: unknown): string {
  const safe = withoutCredentials(textOf(input).trim());
  return safe.length > SHOWN_OF_BAD_INPUT ? `${safe.slice(0, SHOWN_OF_BAD_INPUT)}…` : safe;
}

function textOf(input: unknown): string {
  if (typeof input === "string") return input;
  try {
    return JSON.stringify(input) ?? String(input);
  } catch {
    // Nesting without end is more than the stack can write down.
    return "(nested too deeply)";
  }
}

/** In text that is no URL there is no telling where a password ends, so everything before the last @ goes. */
function withoutCredentials(text: string): string {
  const at = text.lastIndexOf("@");
  if (at < 0) return text;
  const [scheme = ""] = /^(https?|ftp):/i.exec(text) ?? [];
  return `${scheme && `${scheme}//`}***${text.slice(at)}`;
}

/** What happens to what the day's quota does not allow: nothing is sent at all, the rest is turned down, or it waits. */
export const quotaPolicies = ["reject", "partial", "defer"] as const;
export type QuotaPolicy = (typeof quotaPolicies)[number];

/** Longer than it takes to send the largest list at a thousand URLs a day, and well within the life of a task. */
export const MOST_LATER_DAYS = 14;

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
    left: Math.min(remainingUnits(allowance, ledger), ownUnits(own, ownBudget)),
    needed: 0,
    later:
      policy === "defer"
        ? laterDays.map((to) => ({ to, left: Math.min(remainingUnits(wholeDay, to.ledger), ownUnits(to.own, ownBudget)) }))
        : [],
  };
}

/** Units that a tenant may still spend of a day. */
function ownUnits(own: number, budget: number | undefined): number {
  return budget === undefined ? Number.POSITIVE_INFINITY : Math.max(0, budget - own);
}

/** Whether it is the tenant's own budget that has least left. */
function boundByOwn({ allowance, ledger, own, ownBudget }: AccountState): boolean {
  return ownUnits(own, ownBudget) < remainingUnits(allowance, ledger);
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
    const [ask, rest, budget] = [needed, ownUnits(own, ownBudget), ownBudget].map((units) => units.toLocaleString("en"));
    return `This call needs ${ask} units of ${provider.id}'s prefetch quota; ${rest} of the ${budget} a day that you may spend (PREFETCH_TENANT_DAILY_BUDGET) are left.`;
  }
  const left = remainingUnits(allowance, ledger);
  const whose = allowance.budgeted ? " (PREFETCH_DAILY_BUDGET)" : "";
  const of = allowance.limit === undefined ? "" : ` of ${allowance.limit.toLocaleString("en")} a day${whose}`;
  const blind = provider.quota && allowance.source === "ledger" ? " The vendor itself could not be asked just now." : "";
  return `This call needs ${needed.toLocaleString("en")} units of ${provider.id}'s prefetch quota; ${left.toLocaleString("en")}${of} are left.${blind}`;
}

/**
 * Cuts a list into vendor requests. URLs of one host travel together, so that a host which the vendor refuses
 * takes no other host's URLs down with it; an asset always travels alone. Hosts take turns, because a vendor may want
 * the requests of one host apart.
 */
export function split(candidates: readonly Candidate[]): Candidate[][] {
  const groups = Map.groupBy(candidates, ({ kind, provider, target }) =>
    kind === "asset" ? `${provider.id} (assets)` : `${provider.id} ${new URL(target).host}`,
  );
  const cut = [...groups.values()].map((group) => (group[0]?.kind === "asset" ? group.map((asset) => [asset]) : chunks(group)));
  const rounds = Math.max(0, ...cut.map((batches) => batches.length));
  return Array.from({ length: rounds }, (_, round) => cut.flatMap((batches) => batches.slice(round, round + 1))).flat();
}

function chunks(group: readonly Candidate[]): Candidate[][] {
  const batches: Candidate[][] = [];
  let current: Candidate[] = [];
  let bytes = 0;
  for (const candidate of group) {
    const { urlsPerRequest, bytesPerRequest, bytesOf } = candidate.provider.limits;
    const size = bytesOf(candidate.target);
    if (current.length > 0 && (current.length >= urlsPerRequest || bytes + size > bytesPerRequest)) {
      batches.push(current);
      current = [];
      bytes = 0;
    }
    current.push(candidate);
    bytes += size;
  }
  if (current.length > 0) batches.push(current);
  return batches;
}
