/** The admission of a list, as the server does it and as the model expects it. */

import { PrefetchError } from "../../../src/base/errors.ts";
import type { AccountState } from "../../../src/prefetch/admission/account-state.ts";
import { type Admission, admit } from "../../../src/prefetch/admission/admit.ts";
import { buildTask } from "../../../src/prefetch/admission/build-task.ts";
import { type Candidate, type ParsedUrls, parseUrls } from "../../../src/prefetch/admission/parse-urls.ts";
import type { Provider } from "../../../src/prefetch/model/provider.ts";
import type { QuotaPolicy } from "../../../src/prefetch/model/quota.ts";
import type { NewTask } from "../../../src/prefetch/model/storage.ts";
import { nextDays, nextReset, vendorDay } from "../../../src/prefetch/model/vendor-day.ts";
import { fakeForeignText } from "../../fakes/foreign-text.ts";
import { type Account, accounts, counting, dayOf, MINUTE_MS, midnight } from "./model-accounts.ts";
import {
  batchesOf,
  ceilingOf,
  claimSame,
  claimThat,
  keyOf,
  known,
  leftAtVendor,
  type Model,
  type ModelBatch,
  type ModelItem,
  type ModelTask,
  roomToday,
  today,
  usedOn,
} from "./model-state.ts";
import type { World } from "./model-world.ts";

export interface Wish {
  readonly process: number;
  /** The account of the call. Without one, each host has its own account. */
  readonly via?: string | undefined;
  readonly urls: readonly string[];
  readonly asset?: { readonly id: string; readonly cost: number };
  readonly policy: QuotaPolicy;
  readonly force: boolean;
  /** The number of days by which the list may be put off. */
  readonly laterDays: number;
}

const RECENT_MS = 10 * MINUTE_MS;
const sentStates: readonly ModelItem["state"][] = ["processing", "succeeded", "untracked", "unknown"];

function accountOf({ via, asset }: Wish, target: string): Account {
  if (asset) return counting;
  const host = URL.parse(target)?.host ?? "";
  return known(
    accounts.find(({ id, hosts }) => (via === undefined ? hosts.includes(host) : id === via)),
    `account for ${target}`,
  );
}

/** Whether the same target is queued or may have been sent recently. */
function isRecent(model: Model, account: Account, target: string): boolean {
  for (const batch of batchesOf(model, account)) {
    for (const item of batch.items) {
      if (item.target !== target) continue;
      if (item.state === "queued") return true;
      if (sentStates.includes(item.state) && batch.sentAt > model.now - RECENT_MS) return true;
    }
  }
  return false;
}

type Fate = "skipped" | "over quota" | { readonly day: string; readonly from: number };

/** The expected outcome of each entry, in the order of the list. */
function fates(model: Model, wish: Wish, wanted: readonly Pick<Candidate, "target" | "cost">[]): Map<string, Fate> {
  const taken = new Map<string, number>();
  const found = new Map<string, Fate>();
  for (const { target, cost } of wanted) {
    const account = accountOf(wish, target);
    if (!wish.force && isRecent(model, account, target)) {
      found.set(target, "skipped");
      continue;
    }
    const room = (day: string): number => {
      const left = day === today(model, account) ? roomToday(model, account, ceilingOf(model, account)) : roomLater(model, account, day);
      return left - (taken.get(keyOf(account, day)) ?? 0);
    };
    const later = wish.policy === "defer" ? wish.laterDays : 0;
    const moments = [model.now, ...Array.from({ length: later }, (_, index) => midnight(account, model.now, index + 1))];
    const from = moments.find((moment) => room(dayOf(account, moment)) >= cost);
    if (from === undefined) {
      found.set(target, "over quota");
      continue;
    }
    const day = dayOf(account, from);
    taken.set(keyOf(account, day), (taken.get(keyOf(account, day)) ?? 0) + cost);
    found.set(target, { day, from });
  }
  return found;
}

function roomLater(model: Model, account: Account, day: string): number {
  if (model.exhausted.has(keyOf(account, day)) && !account.counts) return 0;
  return account.limit === undefined ? Number.POSITIVE_INFINITY : Math.max(0, account.limit - usedOn(model, account, day));
}

/** Admits as `prefetch_urls` and `prefetch_asset` do. */
async function admitReally(model: Model, world: World, wish: Wish, reading: ParsedUrls): Promise<NewTask | undefined> {
  const { now } = model;
  const providers = [...new Set(reading.candidates.map(({ provider }) => provider))];
  const zone = ({ limits }: Provider) => limits.timeZone;
  const deferring = wish.policy === "defer";
  const days = providers.map((provider) => (deferring ? nextDays(now, zone(provider), wish.laterDays) : []));
  const storage = world.storage(wish.process);
  const allowances = await Promise.all(
    providers.map(async (provider) => {
      const account = known(
        accounts.find(({ id }) => id === provider.id),
        "account",
      );
      const { limit } = account;
      if (!account.counts) return { limit, ceiling: limit, source: "ledger" } as const;
      const { used, pending } = await storage.ledger(account.id, vendorDay(now, account.timeZone));
      return { limit, ceiling: used - pending + leftAtVendor(model, account), source: "vendor" } as const;
    }),
  );
  const queries = providers.map((provider, index) => ({
    account: provider.account,
    tenant: "",
    day: vendorDay(now, zone(provider)),
    targets: reading.candidates.filter((candidate) => candidate.provider === provider).map(({ target }) => target),
    recentSince: now - RECENT_MS,
    laterDays: (days[index] ?? []).map(({ day }) => day),
  }));
  const plan = await storage.admit(queries, (facts) => {
    const states = new Map<Provider, AccountState>(
      providers.map((provider, index) => {
        const { later, ...rest } = known(facts[index], "facts");
        const laterDays = (days[index] ?? []).map((day, nth) => ({ ...day, ...known(later[nth], "facts of a later day") }));
        return [provider, { ...rest, allowance: known(allowances[index], "allowance"), ownBudget: undefined, laterDays }];
      }),
    );
    const admission: Admission = admit(reading.candidates, states, { policy: wish.policy, force: wish.force });
    if (admission.send.length + admission.deferred.length === 0) return { task: undefined };
    model.numbers += 1;
    const task = buildTask(`pf_${String(model.numbers).padStart(6, "0")}`, reading, admission, {
      now,
      dayOf: (provider) => vendorDay(now, zone(provider)),
      resetOf: (provider) => nextReset(now, zone(provider)),
      policy: wish.policy,
      tenant: "",
      traceparent: undefined,
    });
    return { task };
  });
  return plan.task;
}

async function read(world: World, wish: Wish): Promise<ParsedUrls> {
  const { urls, asset } = wish;
  const provider = (id: string) => known(world.providers.get(id), `provider ${id}`);
  if (asset) {
    const candidate: Candidate = { provider: provider(counting.id), kind: "asset", target: asset.id, cost: asset.cost, position: 0 };
    return { candidates: [candidate], rejected: [], duplicatesRemoved: 0 };
  }
  return parseUrls(urls, {
    route: (hostname) => ({ ok: true, provider: provider(accountOf(wish, `https://${hostname}/`).id), choice: { by: "default" } }),
    allowedDomains: undefined,
    foreign: fakeForeignText(),
    breathe: () => undefined,
  });
}

export async function admitWish(model: Model, world: World, wish: Wish): Promise<void> {
  // Two tasks of the same moment could be deleted in any order.
  model.now += 1;
  const reading = await read(world, wish);
  const expected = fates(model, wish, reading.candidates);
  const placed = [...expected.values()].filter((fate) => typeof fate === "object").length;
  const over = [...expected.values()].filter((fate) => fate === "over quota").length;
  let plan: NewTask | undefined;
  try {
    plan = await admitReally(model, world, wish, reading);
  } catch (error) {
    if (!(error instanceof PrefetchError) || error.code !== "quota_exhausted") throw error;
    claimThat(over > 0 && (wish.policy === "reject" || placed === 0), "only what the quota does not allow is turned down", wish.policy);
    model.seen(`admission turned down: ${wish.policy}`);
    return;
  }
  claimThat(over === 0 || (wish.policy !== "reject" && placed > 0), "what the quota does not allow is turned down", wish.policy);
  if (!plan) {
    claimThat(placed === 0, "what was not sent lately is sent");
    model.seen("admission of nothing new");
    return;
  }
  model.seen(`admitted: ${wish.policy}`);
  if (over > 0) model.seen("admitted in part");
  if (wish.force) model.seen("admitted by force");
  enter(model, wish, plan, expected, reading);
}

/** Checks a stored plan against the expected one and adds it to the model. */
function enter(model: Model, wish: Wish, plan: NewTask, expected: ReadonlyMap<string, Fate>, reading: ParsedUrls): void {
  const items = plan.items.map(
    ({ index, target, kind, state, batch }): ModelItem => ({ index, target, kind, state, batch, deliveries: [], fate: undefined }),
  );
  const task: ModelTask = { id: plan.task.id, createdAt: model.now, items, batches: [], cancelled: false };
  claimSame(plan.task.createdAt, model.now, "the time of the task");
  for (const { number, account: id, kind, day, cost, deferrable, notBefore, origin } of plan.batches) {
    const account = known(
      accounts.find((each) => each.id === id),
      "account",
    );
    const members = items.filter((item) => item.batch === number);
    claimThat(members.length > 0 && members.length <= (kind === "asset" ? 1 : account.urlsPerRequest), "a batch is one request", number);
    claimSame(number, task.batches.length, "the number of a batch");
    claimSame(deferrable, wish.policy === "defer", "whether a batch may wait for another day");
    for (const { target } of members) claimThat(accountOf(wish, target) === account, "a batch is of one account", target);
    const units = members.map(
      ({ target }) =>
        known(
          reading.candidates.find((candidate) => candidate.target === target),
          "candidate",
        ).cost,
    );
    claimSame(
      cost,
      units.reduce((sum, each) => sum + each, 0),
      "the units of a batch",
    );
    const batch: ModelBatch = {
      task,
      number,
      origin,
      account,
      deferrable,
      kind,
      items: members,
      state: "queued",
      day,
      cost,
      notBefore,
      leaseUntil: 0,
      owner: undefined,
      hand: undefined,
      tries: 0,
      delivery: undefined,
      sentAt: 0,
      sentPassed: 0,
    };
    task.batches.push(batch);
    if (notBefore > model.now) model.seen("deferred to a later day");
    if (kind === "asset") model.seen("asset admitted");
  }
  const fateOf = (target: string): Fate | "skipped" => expected.get(target) ?? "skipped";
  const candidates = new Set(reading.candidates.map(({ target }) => target));
  for (const { target, state, batch: number } of items) {
    if (!candidates.has(target)) {
      claimThat(state === "rejected" && number === undefined, "what cannot be used is turned down by name", target);
      model.seen("item unusable");
      continue;
    }
    const fate = fateOf(target);
    const batch = number === undefined ? undefined : known(task.batches[number], "batch");
    if (typeof fate === "object") claimSame([batch?.day, batch?.notBefore], [fate.day, fate.from], `the day of ${target}`);
    else claimThat(fate === "over quota" && state === "rejected" && !batch, "what has no room is turned down by name", target, fate);
  }
  const entered = items.filter(({ target }) => candidates.has(target)).length;
  const skipped = [...candidates].filter((target) => fateOf(target) === "skipped").length;
  claimSame(entered + skipped, candidates.size, "what became of the list");
  claimSame(plan.task.skippedRecent, skipped, "what was left out");
  if (skipped > 0) model.seen("left out as recent");
  if (new Set(task.batches.map(({ account }) => account)).size > 1) model.seen("task over several accounts");
  model.tasks.set(task.id, task);
  model.touched.add(task);
}
