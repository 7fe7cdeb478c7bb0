/** The promised state changes of a batch: the model's answer to every event. */

import type { PrefetchError } from "../../../src/base/errors.ts";
import type { BatchChange } from "../../../src/prefetch/model/batch-change.ts";
import type { CleanResult, SendResult } from "../../../src/prefetch/model/storage.ts";
import { type Account, DAY_MS, dayOf, HOUR_MS, isEarly, MINUTE_MS, midnight } from "./model-accounts.ts";
import {
  batchesOf,
  carriedOn,
  ceilingOf,
  claimThat,
  type Delivery,
  type Hand,
  holds,
  isDue,
  isOpen,
  keyOf,
  known,
  type Model,
  type ModelBatch,
  type ModelItem,
  type ModelTask,
  nameOf,
  passedOf,
  pendingOn,
  roomToday,
  spentOn,
  today,
  usedOn,
} from "./model-state.ts";

export const CLAIM_LEASE_MS = 5 * MINUTE_MS;
const SEND_LEASE_MS = 90_000;
const LATER_DAYS = 14;
/** No batch waits for a day on which its task may be deleted already. */
const LONGEST_WAIT_MS = 28 * DAY_MS;

/** The outcome of a hand's work. */
export type Happening =
  | { readonly kind: "accepted"; readonly refused: ReadonlySet<ModelItem>; readonly ids: boolean }
  /** Nothing was carried out: the vendor refused, or was not reached. */
  | { readonly kind: "turned down"; readonly error: PrefetchError }
  /** The server itself refused, because the day has no room. */
  | { readonly kind: "no room" }
  | { readonly kind: "answer lost" }
  | { readonly kind: "found"; readonly listed: ReadonlySet<ModelItem>; readonly ids: boolean }
  | { readonly kind: "absent" }
  | { readonly kind: "unclear" }
  | { readonly kind: "unreadable"; readonly retryable: boolean }
  | { readonly kind: "let go" }
  /** The same, but the store has the batch as sending and the process does not know. */
  | { readonly kind: "not known to be let go" }
  | { readonly kind: "not ours" };

function book(model: Model, account: Account, day: string, units: number): void {
  model.spent.set(keyOf(account, day), spentOn(model, account, day) + units);
}

function touch(model: Model, batch: ModelBatch): void {
  model.touched.add(batch.task);
}

/** Ends a batch or marks it as accepted, and spends this part of its reservation. */
function close(model: Model, batch: ModelBatch, state: "sent" | "ended", units: number): void {
  book(model, batch.account, batch.day, units);
  batch.state = state;
  batch.hand = undefined;
  batch.owner = undefined;
  model.seen(`batch ${state}`);
}

function setItems(model: Model, items: Iterable<ModelItem>, state: ModelItem["state"]): void {
  for (const item of items) {
    item.state = state;
    model.seen(`item ${state}`);
  }
}

function cancelBatch(model: Model, batch: ModelBatch): void {
  setItems(model, batch.items, "cancelled");
  close(model, batch, "ended", 0);
  touch(model, batch);
}

function requeue(batch: ModelBatch, notBefore: number): void {
  batch.state = "queued";
  batch.hand = undefined;
  batch.owner = undefined;
  batch.notBefore = notBefore;
}

/** The batch that has waited longest, if the process can claim any batch. */
export function dueBatch(model: Model, account: Account, process: number): ModelBatch | undefined {
  const due = [...batchesOf(model, account)].filter((batch) => isDue(model, batch, process));
  const place = ({ notBefore, task, number }: ModelBatch) => `${String(notBefore).padStart(16)} ${task.id} ${String(number).padStart(4)}`;
  return due.sort((a, b) => (place(a) < place(b) ? -1 : 1))[0];
}

export function take(model: Model, process: number, batch: ModelBatch): Hand {
  if (batch.state !== "queued") model.seen(`taken over: ${batch.state}`);
  if (batch.hand !== undefined && model.hands.has(batch.hand)) model.seen(`taken over from a living process: ${batch.state}`);
  batch.state = batch.state === "sending" ? "sending" : "claimed";
  batch.leaseUntil = model.now + CLAIM_LEASE_MS;
  batch.owner = nameOf(model, process);
  // To claim is to show life.
  model.silent.delete(batch.owner);
  model.numbers += 1;
  const hand: Hand = {
    id: model.numbers,
    process,
    batch,
    stage: batch.state === "sending" ? "trace" : "turn",
    delivery: batch.delivery,
    asked: undefined,
  };
  batch.hand = hand.id;
  model.hands.set(hand.id, hand);
  touch(model, batch);
  return hand;
}

/** Before it waits for its turn, a process queries today's quota, unless the batch has its units reserved. */
export function askBeforehand(model: Model, hand: Hand): void {
  hand.stage = "turn";
  const day = today(model, hand.batch.account);
  hand.asked = { day, ceiling: day === hand.batch.day ? undefined : ceilingOf(model, hand.batch.account) };
}

/** Whether a batch is not even tried, because the vendor reported the day as exhausted and nothing contradicts that. */
export function isHopeless(model: Model, { account, cost }: ModelBatch): boolean {
  if (!model.exhausted.has(keyOf(account, today(model, account)))) return false;
  return !account.counts || (ceilingOf(model, account) ?? 0) - spentOn(model, account, today(model, account)) < cost;
}

/**
 * The store's expected answer when a batch is about to go out. `reaches`: whether the batch really goes out. A process that
 * was suspended for too long at that moment must not send it.
 */
export function depart(model: Model, hand: Hand, reaches: boolean): SendResult {
  const { batch } = hand;
  const { account } = batch;
  if (!holds(hand) || batch.state !== "claimed") return "lost";
  const day = today(model, account);
  if (day !== batch.day) {
    const ceiling = hand.asked?.day === day ? hand.asked.ceiling : ceilingOf(model, account);
    if (roomToday(model, account, ceiling) < batch.cost) return "over_quota";
    batch.day = day;
    model.seen("moved to another day");
    if (account.limit !== undefined && !account.counts) {
      claimThat(usedOn(model, account, day) <= account.limit, "a day takes no batch of another day that it has no room for", day);
    }
  }
  claimThat(!batch.task.cancelled, "nothing of a cancelled task goes out", batch.task.id, batch.number);
  for (const item of batch.items) {
    claimThat(item.state === "queued", "only what waits goes out", batch.task.id, item);
    claimThat(
      item.deliveries.every(({ disproved }) => disproved),
      "a URL goes out again only after the vendor's word that it was not carried out",
      batch.task.id,
      item.index,
    );
  }
  const delivery: Delivery = {
    account,
    day,
    at: model.now,
    items: batch.items,
    unitsPerItem: batch.cost / batch.items.length,
    carried: reaches ? undefined : new Set(),
    disproved: false,
  };
  for (const item of batch.items) {
    if (item.deliveries.length > 0 && reaches) model.seen("item on the wire again");
    item.deliveries.push(delivery);
  }
  model.deliveries.push(delivery);
  batch.delivery = delivery;
  hand.delivery = delivery;
  batch.sentAt = model.now;
  batch.sentPassed = passedOf(model);
  batch.state = "sending";
  batch.leaseUntil = model.now + SEND_LEASE_MS;
  hand.stage = "wire";
  touch(model, batch);
  return "started";
}

/** Decides what the vendor did with a request, if that is open. */
export function decide(model: Model, delivery: Delivery, carried: Iterable<ModelItem>): ReadonlySet<ModelItem> {
  delivery.carried ??= new Set(carried);
  for (const item of delivery.carried) {
    const times = item.deliveries.filter((each) => each.carried?.has(item)).length;
    claimThat(times === 1, "the vendor carries nothing out twice", item.target);
  }
  const day = delivery.day;
  if (day >= model.ledgerFrom) {
    const units = carriedOn(model, delivery.account, day);
    claimThat(units <= usedOn(model, delivery.account, day), "what was carried out is in the ledger", delivery.account.id, day, units);
  }
  return delivery.carried;
}

/** Whether this hand may take a second turn. Taking it implies that the vendor refused the first request. */
export function secondTurn(model: Model, hand: Hand): boolean {
  const { batch } = hand;
  const ours = holds(hand);
  if (!ours) return false;
  if (hand.delivery) hand.delivery.disproved = true;
  if (batch.task.cancelled) {
    cancelBatch(model, batch);
    model.seen("cancelled while on the wire");
    return false;
  }
  batch.state = "claimed";
  batch.leaseUntil = model.now + CLAIM_LEASE_MS;
  askBeforehand(model, hand);
  touch(model, batch);
  return true;
}

/**
 * Applies the outcome of a hand's work and returns whether the store may accept it. `change` decides only where several
 * results are right, such as the number and time of retries.
 */
export function settle(model: Model, hand: Hand, happening: Happening, change: BatchChange | undefined): boolean {
  const { batch } = hand;
  model.hands.delete(hand.id);
  model.seen(`hand ${happening.kind}`);
  if (happening.kind === "not ours") {
    claimThat(change === undefined, "what is somebody else's is not changed");
    return false;
  }
  if (happening.kind === "not known to be let go") return false;
  const wanted = known(change, `change after "${happening.kind}"`);
  if (!holds(hand)) {
    model.seen("too late");
    model.seen(`too late: ${happening.kind}`);
    return false;
  }
  claimThat(isOpen(batch), "only an open batch is held", batch.task.id, batch.number);
  if (batch.owner !== undefined && model.silent.has(batch.owner)) model.seen("said by one that seemed dead, to nobody's harm");
  touch(model, batch);
  switch (happening.kind) {
    case "accepted":
      return acceptedBatch(model, batch, happening);
    case "found":
      return foundBatch(model, batch, happening);
    case "turned down":
      return turnedDown(model, batch, happening.error, wanted);
    case "no room":
      return refused(model, batch, true);
    case "absent":
      if (batch.delivery) batch.delivery.disproved = true;
      return again(model, batch, wanted, undefined);
    case "let go":
      if (batch.state === "sending" && batch.delivery) batch.delivery.disproved = true;
      return goesOn(model, batch, () => requeue(batch, (wanted.kind === "requeue" ? wanted.notBefore : undefined) ?? batch.notBefore));
    case "answer lost":
      return batch.account.traceable ? staysOut(model, batch, wanted) : unknown(model, batch);
    case "unclear":
      return passedOf(model) - batch.sentPassed > 5 * MINUTE_MS ? unknown(model, batch) : staysOut(model, batch, wanted);
    case "unreadable":
      return happening.retryable && passedOf(model) - batch.sentPassed <= 6 * HOUR_MS
        ? staysOut(model, batch, wanted)
        : unknown(model, batch);
  }
}

/** In a cancelled task, a batch to send again is cancelled, and its hand is told that it is too late. */
function goesOn(model: Model, batch: ModelBatch, how: () => void): boolean {
  if (batch.task.cancelled) {
    cancelBatch(model, batch);
    model.seen("cancelled instead of sent again");
    return false;
  }
  how();
  return true;
}

function acceptedBatch(model: Model, batch: ModelBatch, { refused, ids }: Extract<Happening, { kind: "accepted" }>): boolean {
  const taken = batch.items.filter((item) => !refused.has(item));
  setItems(model, refused, "rejected");
  setItems(model, taken, ids ? "processing" : "untracked");
  batch.sentAt = model.now;
  const units = (batch.cost / batch.items.length) * taken.length;
  close(model, batch, ids && taken.length > 0 ? "sent" : "ended", units);
  if (refused.size > 0 && taken.length > 0) model.seen("accepted in part");
  return true;
}

function foundBatch(model: Model, batch: ModelBatch, { listed, ids }: Extract<Happening, { kind: "found" }>): boolean {
  setItems(model, listed, ids ? "processing" : "untracked");
  setItems(
    model,
    batch.items.filter((item) => !listed.has(item)),
    "unknown",
  );
  close(model, batch, ids ? "sent" : "ended", batch.cost);
  if (listed.size < batch.items.length) model.seen("found in part");
  return true;
}

function unknown(model: Model, batch: ModelBatch): boolean {
  setItems(model, batch.items, "unknown");
  close(model, batch, "ended", batch.cost);
  return true;
}

/** The request may still be carried out. No process sends it again, and a process looks it up soon. */
function staysOut(model: Model, batch: ModelBatch, change: BatchChange): boolean {
  claimThat(change.kind === "await-reconciliation", "what may have been carried out stays on the wire", change);
  const until = known(change.kind === "await-reconciliation" ? change.leaseUntil : undefined, "time at which the vendor is asked again");
  claimThat(until > model.now && until <= model.now + MINUTE_MS, "the vendor is asked within a minute", until - model.now);
  batch.leaseUntil = until;
  batch.hand = undefined;
  batch.owner = undefined;
  model.seen("answer waited for");
  return true;
}

function turnedDown(model: Model, batch: ModelBatch, error: PrefetchError, change: BatchChange): boolean {
  if (batch.delivery && batch.state === "sending") batch.delivery.disproved = true;
  if (error.divisible && batch.items.length > 1) return goesOn(model, batch, () => divide(model, batch));
  if (error.retryable) return again(model, batch, change, error.retryAfterMs);
  return refused(model, batch, error.code === "quota_exhausted");
}

function divide(model: Model, batch: ModelBatch): void {
  const first = Math.ceil(batch.items.length / 2);
  const rest = batch.items.slice(first);
  const number = batch.task.batches.length;
  // A URL costs one unit. Only batches of URLs are divided.
  const part: ModelBatch = { ...batch, number, items: rest, cost: rest.length, tries: 0, delivery: undefined, sentAt: 0 };
  batch.items = batch.items.slice(0, first);
  batch.cost = first;
  batch.tries = 0;
  requeue(batch, model.now);
  requeue(part, model.now);
  for (const item of rest) item.batch = number;
  batch.task.batches.push(part);
  model.seen("divided");
}

/** Queues the batch again, or gives it up after some tries. */
function again(model: Model, batch: ModelBatch, change: BatchChange, hintMs: number | undefined): boolean {
  const retriesOfTask = batch.task.batches.reduce((sum, { tries }) => sum + tries, 0);
  if (change.kind !== "requeue") {
    claimThat(batch.tries >= 2 || retriesOfTask >= 50, "nothing that may be sent again is given up at once", batch.tries, retriesOfTask);
    model.seen("given up");
    return refused(model, batch, false);
  }
  return goesOn(model, batch, () => {
    const at = known(change.notBefore, "time of the next try");
    const [least, most] = hintMs === undefined ? [0, 5 * MINUTE_MS] : [hintMs, hintMs];
    claimThat(at - model.now >= least && at - model.now <= most, "the next try is in time", at - model.now, hintMs);
    batch.tries += 1;
    const budget = Math.max(50, 2 * batch.task.batches.length) + batch.task.batches.length;
    claimThat(retriesOfTask <= budget, "the retries of a task are few beside its requests", retriesOfTask, budget);
    claimThat(batch.tries <= 11, "a batch is tried a dozen times at most", batch.tries);
    requeue(batch, at);
    model.seen("tried again");
  });
}

/** Rejects the batch and refunds its units, or puts it off to a day with room. */
function refused(model: Model, batch: ModelBatch, forQuota: boolean): boolean {
  const { account, task, cost } = batch;
  const early = isEarly(account, model.now);
  if (forQuota && batch.deferrable) {
    if (task.cancelled) return goesOn(model, batch, () => undefined);
    const days = Array.from({ length: LATER_DAYS }, (_, index) => midnight(account, model.now, index + 1));
    const moments = early ? [midnight(account, model.now) + 10 * MINUTE_MS, ...days] : days;
    const to = moments
      .filter((moment) => moment < task.createdAt + LONGEST_WAIT_MS)
      .find((moment) => {
        const day = dayOf(account, moment);
        const others = usedOn(model, account, day) - (day === batch.day ? cost : 0);
        return account.limit === undefined || others + cost <= account.limit;
      });
    if (to !== undefined) {
      const day = dayOf(account, to);
      if (day === batch.day) model.seen("put off within its day");
      else if (!early) model.exhausted.add(keyOf(account, batch.day));
      batch.day = day;
      batch.tries = 0;
      requeue(batch, to);
      model.seen("put off to a later day");
      return true;
    }
    model.seen("no later day has room");
  }
  if (forQuota && !early) model.exhausted.add(keyOf(account, batch.day));
  setItems(model, batch.items, "rejected");
  close(model, batch, "ended", 0);
  return true;
}

export function cancelTask(model: Model, task: ModelTask): void {
  task.cancelled = true;
  model.touched.add(task);
  for (const batch of task.batches) {
    if (batch.state === "sending") model.seen("cancel: on the wire");
    if (batch.state !== "queued" && batch.state !== "claimed") continue;
    model.seen(`cancel: ${batch.state}`);
    cancelBatch(model, batch);
  }
}

/** Deletes the oldest tasks, as many as the store did. Units of their requests in flight stay spent. */
export function forget(model: Model, before: number, { tasks, isDone }: CleanResult): void {
  const old = [...model.tasks.values()].filter(({ createdAt }) => createdAt < before).sort((a, b) => a.createdAt - b.createdAt);
  claimThat(isDone ? tasks === old.length : tasks <= old.length, "old tasks are forgotten, and no others", tasks, old.length);
  old.length = tasks;
  for (const task of old) {
    for (const batch of task.batches) {
      if (isOpen(batch)) model.seen("forgotten while open");
      if (batch.state === "sending") book(model, batch.account, batch.day, batch.cost);
      batch.hand = undefined;
      batch.state = "ended";
    }
    model.tasks.delete(task.id);
    model.touched.add(task);
  }
  if (!isDone) return;
  const from = new Date(before).toISOString().slice(0, 10);
  if (from > model.ledgerFrom) model.ledgerFrom = from;
  for (const [table, keys] of [
    [model.spent, [...model.spent.keys()]],
    [model.exhausted, [...model.exhausted]],
  ] as const) {
    for (const key of keys) if ((key.split(" ")[1] ?? "") < from) table.delete(key);
  }
}

/**
 * The promise about units at every moment. Where only the ledger counts, no day is planned or spent beyond its limit.
 * A vendor with its own count may allow more, or report too late that other clients spent units. There, each reservation is
 * only compared with the vendor's report of that moment.
 */
export function claimBudgets(model: Model, account: Account, day: string): void {
  if (day < model.ledgerFrom || account.limit === undefined || account.counts) return;
  claimThat(usedOn(model, account, day) <= account.limit, "no day is planned or spent beyond its limit", account.id, day);
}

export function ledgerOf(model: Model, account: Account, day: string) {
  return {
    used: usedOn(model, account, day),
    pending: pendingOn(model, account, day),
    exhausted: model.exhausted.has(keyOf(account, day)),
  };
}
