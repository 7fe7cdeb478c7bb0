/** The model: the expected state of the store, the leases and the vendors, as a careful clerk would note it on paper. */

import type { WorkItem } from "../../../src/prefetch/model/storage.ts";
import type { ItemState } from "../../../src/prefetch/model/task.ts";
import { NOON } from "../../fakes/clock.ts";
import { type Account, accounts, DAY_MS, dayOf, HOUR_MS, MINUTE_MS } from "./model-accounts.ts";

/** One request as the vendor received it. */
export interface Delivery {
  readonly account: Account;
  readonly day: string;
  readonly at: number;
  readonly items: readonly ModelItem[];
  readonly unitsPerItem: number;
  /** The items that the vendor carried out; `undefined` while that is open. */
  carried: ReadonlySet<ModelItem> | undefined;
  /** Whether the vendor's refusal of the whole request has reached the store. */
  disproved: boolean;
}

export interface ModelItem {
  readonly index: number;
  readonly target: string;
  readonly kind: "url" | "asset";
  state: ItemState;
  batch: number | undefined;
  readonly deliveries: Delivery[];
  /** The final state at a vendor that carries it out. */
  fate: "succeeded" | "failed" | undefined;
}

export interface ModelBatch {
  readonly task: ModelTask;
  readonly number: number;
  readonly origin: number;
  readonly account: Account;
  readonly deferrable: boolean;
  readonly kind: "asset" | "urls";
  items: ModelItem[];
  state: "queued" | "claimed" | "sending" | "sent" | "ended";
  day: string;
  cost: number;
  notBefore: number;
  leaseUntil: number;
  /** The process that holds it in the store, by its name at that time. */
  owner: string | undefined;
  /** The hand that claimed it last, unless the hand has released it. */
  hand: number | undefined;
  tries: number;
  /** The last request with this batch, and the time at which it was recorded as sending. */
  delivery: Delivery | undefined;
  sentAt: number;
  /** The same by the clock that is never set. */
  sentPassed: number;
}

export interface ModelTask {
  readonly id: string;
  readonly createdAt: number;
  readonly items: readonly ModelItem[];
  readonly batches: ModelBatch[];
  cancelled: boolean;
}

/** A process's work on a batch that it claimed. The work may go on long after another process has taken the batch over. */
export interface Hand {
  readonly id: number;
  readonly process: number;
  readonly batch: ModelBatch;
  stage: "turn" | "wire" | "trace";
  delivery: Delivery | undefined;
  /** The quota that it queried before it waited for its turn. */
  asked: { readonly day: string; readonly ceiling: number | undefined } | undefined;
}

export interface ModelCircuit {
  failures: number;
  /** No batch may pass before this time. */
  shutUntil: number;
  /** From this time on, one batch must pass. */
  openAgain: number;
  /** Until this time, the batch that passed last holds back all other batches. */
  probeUntil: number;
}

/** The items of a task's accepted batches as a process read them earlier. */
export interface Look {
  readonly id: number;
  readonly process: number;
  readonly task: ModelTask;
  readonly works: readonly WorkItem[];
}

/** The vendor answers freely, cannot be reached, or reports the day's quota as spent. */
export type Mood = "well" | "down" | "dry";

export interface Model {
  now: number;
  /** By how much the time of day was set forward, in all. */
  stepped: number;
  /** What each process is called just now; one that takes another's place has a name of its own. */
  readonly names: string[];
  /** Names of processes that count as dead: most are, some only stood still. */
  readonly silent: Set<string>;
  numbers: number;
  readonly processes: number;
  readonly tasks: Map<string, ModelTask>;
  readonly hands: Map<number, Hand>;
  readonly looks: Map<number, Look>;
  readonly deliveries: Delivery[];
  /** By account and day: units that closed batches have spent, and whether the vendor reported the day as exhausted. */
  readonly spent: Map<string, number>;
  readonly exhausted: Set<string>;
  /** The current trouble of each vendor. */
  readonly moods: Map<string, Mood>;
  /** Units of a counting vendor's day that other clients spent. */
  readonly elsewhere: Map<string, number>;
  readonly circuits: Map<string, ModelCircuit>;
  /** The ledger has no entries for earlier days. */
  ledgerFrom: string;
  /** Tasks that must be compared with the store. */
  readonly touched: Set<ModelTask>;
  /** Counts how often something happened. */
  readonly seen: (what: string) => void;
}

export function newModel(processes: number, seen: (what: string) => void): Model {
  return {
    now: NOON,
    stepped: 0,
    names: Array.from({ length: processes }, (_, process) => `process ${process}`),
    silent: new Set(),
    numbers: 0,
    processes,
    tasks: new Map(),
    hands: new Map(),
    looks: new Map(),
    deliveries: [],
    spent: new Map(),
    exhausted: new Set(),
    moods: new Map(),
    elsewhere: new Map(),
    circuits: new Map(accounts.map(({ id }) => [id, { failures: 0, shutUntil: 0, openAgain: 0, probeUntil: 0 }])),
    ledgerFrom: "",
    touched: new Set(),
    seen,
  };
}

/** Fails the run. `expect` would be too slow for several hundred thousand checks. */
export function claimThat(holds: boolean, what: string, ...facts: readonly unknown[]): asserts holds {
  if (!holds) throw new Error(`Broken promise: ${what}${facts.length > 0 ? ` ${JSON.stringify(facts)}` : ""}`);
}

/** Like `claimThat`, for two values of plain data. */
export function claimSame(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  claimThat(found === wanted, `${what}: ${found} instead of ${wanted}`);
}

export function known<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new Error(`There is no ${what}.`);
  return value;
}

export function keyOf({ id }: Account, day: string): string {
  return `${id} ${day}`;
}

export function today(model: Model, account: Account): string {
  return dayOf(account, model.now);
}

export function isOpen({ state }: ModelBatch): boolean {
  return state === "queued" || state === "claimed" || state === "sending";
}

export function* batchesOf(model: Model, account?: Account): Generator<ModelBatch> {
  for (const task of model.tasks.values()) {
    for (const batch of task.batches) if (account === undefined || batch.account === account) yield batch;
  }
}

export function pendingOn(model: Model, account: Account, day: string): number {
  let units = 0;
  for (const batch of batchesOf(model, account)) if (isOpen(batch) && batch.day === day) units += batch.cost;
  return units;
}

export function spentOn(model: Model, account: Account, day: string): number {
  return model.spent.get(keyOf(account, day)) ?? 0;
}

export function usedOn(model: Model, account: Account, day: string): number {
  return spentOn(model, account, day) + pendingOn(model, account, day);
}

/** Units of a day that the vendor really carried out for the server. */
export function carriedOn(model: Model, account: Account, day: string): number {
  return model.deliveries
    .filter((delivery) => delivery.account === account && delivery.day === day)
    .reduce((units, { carried, unitsPerItem }) => units + (carried?.size ?? 0) * unitsPerItem, 0);
}

/** The remaining units that a counting vendor reports. */
export function leftAtVendor(model: Model, account: Account): number {
  const day = today(model, account);
  const others = model.elsewhere.get(keyOf(account, day)) ?? 0;
  return Math.max(0, (account.limit ?? 0) - others - carriedOn(model, account, day));
}

/** The limit for today's ledger, as known at this moment. */
export function ceilingOf(model: Model, account: Account): number | undefined {
  return account.counts ? spentOn(model, account, today(model, account)) + leftAtVendor(model, account) : account.limit;
}

/** Units that may still be reserved today, given the day's reported limit `ceiling`. */
export function roomToday(model: Model, account: Account, ceiling: number | undefined): number {
  const day = today(model, account);
  if (model.exhausted.has(keyOf(account, day)) && !account.counts) return 0;
  return ceiling === undefined ? Number.POSITIVE_INFINITY : Math.max(0, ceiling - usedOn(model, account, day));
}

/** Whether the hand still holds the batch. */
export function holds(hand: Hand): boolean {
  return hand.batch.hand === hand.id;
}

/** Milliseconds on the clock that is never set. */
export function passedOf({ now, stepped }: Model): number {
  return now - stepped;
}

export function nameOf(model: Model, process: number): string {
  return known(model.names[process], "process");
}

/** Another process takes the place of this one, which is silent from now on. */
export function replace(model: Model, process: number): void {
  model.silent.add(nameOf(model, process));
  model.numbers += 1;
  model.names[process] = `process ${process}, ${model.numbers}`;
}

/** A time beyond every plan was written by a wrong clock, and no batch waits for it. */
export function isDue(model: Model, batch: ModelBatch, process: number): boolean {
  const { now } = model;
  if (batch.state === "queued") return batch.notBefore <= now || batch.notBefore > now + (batch.deferrable ? 15 * DAY_MS : 26 * HOUR_MS);
  if (!isOpen(batch)) return false;
  if (batch.owner === undefined) return batch.leaseUntil <= now || batch.leaseUntil > now + 10 * MINUTE_MS;
  // A process claims its own batch when it lost track of it, and that of another process when that one seems dead.
  if (batch.owner === nameOf(model, process)) return batch.hand === undefined || !model.hands.has(batch.hand);
  return model.silent.has(batch.owner);
}

/** The time at which the process can claim the account's next batch, if the circuit lets it pass. */
export function nextDueOf(model: Model, account: Account, process: number): number | undefined {
  const moments = [...batchesOf(model, account)].filter(isOpen).flatMap((batch) => {
    if (isDue(model, batch, process)) return [0];
    if (batch.state === "queued") return [batch.notBefore];
    // The time at which another process releases its batch is unknown.
    return batch.owner === undefined ? [batch.leaseUntil] : [];
  });
  return moments.length > 0 ? Math.min(...moments) : undefined;
}
