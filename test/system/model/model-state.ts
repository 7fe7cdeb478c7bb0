/** The model: what a careful clerk with paper and pencil would know of the store, of who holds what, and of the vendors. */

import type { WorkItem } from "../../../src/prefetch/model/storage.ts";
import type { ItemState } from "../../../src/prefetch/model/task.ts";
import { NOON } from "../../fakes.ts";
import { type Account, accounts, DAY_MS, dayOf, HOUR_MS, MINUTE_MS } from "./model-accounts.ts";

/** One request as the vendor got it. */
export interface Delivery {
  readonly account: Account;
  readonly day: string;
  readonly at: number;
  readonly items: readonly ModelItem[];
  readonly unitsPerItem: number;
  /** What of it the vendor carried out; `undefined` while that is not decided. */
  carried: ReadonlySet<ModelItem> | undefined;
  /** Whether the vendor's word that nothing of it was carried out has reached the store. */
  disproved: boolean;
}

export interface ModelItem {
  readonly index: number;
  readonly target: string;
  readonly kind: "url" | "asset";
  state: ItemState;
  batch: number | undefined;
  readonly deliveries: Delivery[];
  /** How it ends at the vendor that carries it out. */
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
  /** The process that holds it in the store, as it was called then. */
  owner: string | undefined;
  /** The hand that took it last, unless it has let go. */
  hand: number | undefined;
  tries: number;
  /** The last request that it went out in, and when it was said to go. */
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

/** A process's work on a batch that it took. It may go on long after somebody else has taken the batch over. */
export interface Hand {
  readonly id: number;
  readonly process: number;
  readonly batch: ModelBatch;
  stage: "turn" | "wire" | "trace";
  delivery: Delivery | undefined;
  /** What it asked before it waited for its turn. */
  asked: { readonly day: string; readonly ceiling: number | undefined } | undefined;
}

export interface ModelCircuit {
  failures: number;
  /** No batch may pass before. */
  shutUntil: number;
  /** From here on one must. */
  openAgain: number;
  /** Until when the batch that was let through last keeps all others back. */
  probeUntil: number;
}

/** The items of a task's accepted batches as a process once read them. */
export interface Look {
  readonly id: number;
  readonly process: number;
  readonly task: ModelTask;
  readonly works: readonly WorkItem[];
}

/** It answers as it likes, cannot be reached, or says that the day's quota is used up. */
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
  /** Units that batches which are not open any more have spent, and the vendor's word that a day is used up; by account and day. */
  readonly spent: Map<string, number>;
  readonly exhausted: Set<string>;
  /** What is the matter with a vendor just now. */
  readonly moods: Map<string, Mood>;
  /** What others spent of a counting vendor's day. */
  readonly elsewhere: Map<string, number>;
  readonly circuits: Map<string, ModelCircuit>;
  /** The ledger knows nothing of the days before. */
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

/** Fails the run. Cheaper than `expect`, which is called some hundred thousand times. */
export function claimThat(holds: boolean, what: string, ...facts: readonly unknown[]): asserts holds {
  if (!holds) throw new Error(`Broken promise: ${what}${facts.length > 0 ? ` ${JSON.stringify(facts)}` : ""}`);
}

/** As `claimThat`, for two things that are made of plain data. */
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

/** Units of a day that the vendor really carried out for us. */
export function carriedOn(model: Model, account: Account, day: string): number {
  return model.deliveries
    .filter((delivery) => delivery.account === account && delivery.day === day)
    .reduce((units, { carried, unitsPerItem }) => units + (carried?.size ?? 0) * unitsPerItem, 0);
}

/** What a counting vendor says is left. */
export function leftAtVendor(model: Model, account: Account): number {
  const day = today(model, account);
  const others = model.elsewhere.get(keyOf(account, day)) ?? 0;
  return Math.max(0, (account.limit ?? 0) - others - carriedOn(model, account, day));
}

/** How far today's ledger may rise by what is known at this moment. */
export function ceilingOf(model: Model, account: Account): number | undefined {
  return account.counts ? spentOn(model, account, today(model, account)) + leftAtVendor(model, account) : account.limit;
}

/** Units that may still be reserved today, `ceiling` being what was said of the day. */
export function roomToday(model: Model, account: Account, ceiling: number | undefined): number {
  const day = today(model, account);
  if (model.exhausted.has(keyOf(account, day)) && !account.counts) return 0;
  return ceiling === undefined ? Number.POSITIVE_INFINITY : Math.max(0, ceiling - usedOn(model, account, day));
}

/** Whether the batch is still this hand's own. */
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

/** Another process takes the place of this one, which says nothing any more. */
export function replace(model: Model, process: number): void {
  model.silent.add(nameOf(model, process));
  model.numbers += 1;
  model.names[process] = `process ${process}, ${model.numbers}`;
}

/** What lies further ahead than anything is planned was written by a clock that was wrong, and is not waited for. */
export function isDue(model: Model, batch: ModelBatch, process: number): boolean {
  const { now } = model;
  if (batch.state === "queued") return batch.notBefore <= now || batch.notBefore > now + (batch.deferrable ? 15 * DAY_MS : 26 * HOUR_MS);
  if (!isOpen(batch)) return false;
  if (batch.owner === undefined) return batch.leaseUntil <= now || batch.leaseUntil > now + 10 * MINUTE_MS;
  // Its own a process takes when it has lost track of them, and those of others when they seem dead.
  if (batch.owner === nameOf(model, process)) return batch.hand === undefined || !model.hands.has(batch.hand);
  return model.silent.has(batch.owner);
}

/** When the account's next batch can be taken, as far as its circuit does not keep it back. */
export function nextDueOf(model: Model, account: Account, process: number): number | undefined {
  const moments = [...batchesOf(model, account)].filter(isOpen).flatMap((batch) => {
    if (isDue(model, batch, process)) return [0];
    if (batch.state === "queued") return [batch.notBefore];
    // When somebody else lets go of it cannot be known.
    return batch.owner === undefined ? [batch.leaseUntil] : [];
  });
  return moments.length > 0 ? Math.min(...moments) : undefined;
}
