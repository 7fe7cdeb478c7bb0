/** The steps that can happen next, applied to both the store and the model. */

import { asPrefetchError, type PrefetchError } from "../../../src/base/errors.ts";
import type { Reconciliation, StatusRow } from "../../../src/prefetch/model/provider.ts";
import type { Claimant, WorkItem } from "../../../src/prefetch/model/storage.ts";
import { abandoned, applyStatus } from "../../../src/prefetch/tracking/apply-status.ts";
import type { Account } from "./model-accounts.ts";
import { heldBack, noteSignal, passed } from "./model-circuit.ts";
import {
  askBeforehand,
  CLAIM_LEASE_MS,
  decide,
  depart,
  dueBatch,
  type Happening,
  isHopeless,
  secondTurn,
  settle,
  take,
} from "./model-rules.ts";
import {
  claimSame,
  claimThat,
  type Delivery,
  type Hand,
  keyOf,
  known,
  type Look,
  type Model,
  type ModelItem,
  type ModelTask,
  nameOf,
  replace,
  today,
} from "./model-state.ts";
import type { Obstacle, World } from "./model-world.ts";

/** A process that was suspended for longer than this in the middle of a submit does not send it. */
const STALE_MS = 30_000;

/** Records a flight's outcome, as the worker does. A process that dies before records nothing. */
async function conclude(model: Model, world: World, hand: Hand, happening: Happening, dies = false): Promise<void> {
  const flight = world.flight(hand);
  claimThat(flight.stage === "done", "a flight ends when all is said", flight.stage, happening.kind);
  const { batch, change, signal } = flight.outcome();
  world.drop(hand);
  if (dies) {
    model.hands.delete(hand.id);
    model.seen("died before it could write");
    return;
  }
  const storage = world.storage(hand.process);
  const applies = settle(model, hand, happening, change);
  if (change) {
    claimSame(await storage.change(batch, change), applies, `whether "${happening.kind}" is taken`);
    // A write without a result is tried again.
    if (change.kind !== "await-reconciliation")
      claimSame(await storage.change(batch, change), false, `whether "${happening.kind}" is taken twice`);
  }
  const { account } = hand.batch;
  claimSame(await storage.noteSignal(account.id, signal), noteSignal(model, account, signal), "whether the circuit was closed");
}

/** The knowledge of a process: the batches in its hands, and the processes that have been silent for long. */
export async function claimantOf(model: Model, world: World, process: number): Promise<Claimant> {
  const owner = nameOf(model, process);
  const holders = await world.storage(process).holders(owner);
  const inHand = handsOf(model, process).map(({ batch }) => ({ taskId: batch.task.id, number: batch.number }));
  return { owner, inHand, dead: holders.filter((holder) => model.silent.has(holder.owner)) };
}

/** A process stands still for so long that the other processes count it as dead, and goes on. */
export function fallSilent(model: Model, process: number): void {
  model.silent.add(nameOf(model, process));
  model.seen("fell silent");
}

/** A process shows the others that it lives. */
export async function beat(model: Model, world: World, process: number): Promise<void> {
  await world.storage(process).beat(nameOf(model, process));
  model.silent.delete(nameOf(model, process));
}

/** A process claims a batch and takes it to the point at which it needs the vendor. */
export async function claim(
  model: Model,
  world: World,
  process: number,
  account: Account,
  login?: PrefetchError,
): Promise<Hand | undefined> {
  const due = dueBatch(model, account, process);
  const claimant = await claimantOf(model, world, process);
  const work = await world.storage(process).claim(account.id, model.now, model.now + CLAIM_LEASE_MS, { claimant });
  if (!work) {
    if (due) heldBack(model, account);
    return undefined;
  }
  claimSame([work.batch.taskId, work.batch.number], due && [due.task.id, due.number], "the batch that is taken");
  const batch = known(due, "batch that is due");
  passed(model, account);
  const hand = take(model, process, batch);
  model.seen("taken");
  claimSame(
    [
      work.batch.state,
      work.batch.day,
      work.batch.cost,
      work.batch.leaseUntil,
      work.batch.deferrable,
      work.batch.attempts,
      work.batch.origin,
    ],
    [batch.state, batch.day, batch.cost, batch.leaseUntil, batch.deferrable, batch.tries, batch.origin],
    "the batch that is taken",
  );
  claimSame(
    work.items.map(({ index, target, state }) => [index, target, state]),
    batch.items.map(({ index, target, state }) => [index, target, state]),
    "the items that are taken",
  );
  const flight = await world.launch(hand, work, login);
  if (hand.stage === "trace") {
    if (!account.traceable) await conclude(model, world, hand, { kind: "answer lost" });
    else claimSame(flight.stage, "trace", "where it waits");
  } else if (isHopeless(model, batch)) {
    model.seen("not even tried");
    await conclude(model, world, hand, { kind: "no room" });
  } else if (login) await conclude(model, world, hand, { kind: "turned down", error: login });
  else {
    askBeforehand(model, hand);
    claimSame(flight.stage, "turn", "where it waits");
  }
  return hand;
}

/** The hand's turn comes. */
export async function go(model: Model, world: World, hand: Hand, { sleepMs, fault }: Obstacle): Promise<void> {
  const flight = world.flight(hand);
  const late = sleepMs > STALE_MS;
  const result = fault === "before" ? "lost" : depart(model, hand, !late && !fault);
  model.seen(fault ? `start: fault ${fault}` : `start: ${result}`);
  world.hinder(hand.process, { sleepMs, fault });
  await flight.tell({ kind: "go" });
  if (fault) await conclude(model, world, hand, { kind: fault === "after" && result === "started" ? "not known to be let go" : "let go" });
  else if (late) {
    model.seen(`slept at start: ${result}`);
    await conclude(model, world, hand, { kind: "let go" });
  } else if (result === "lost") await conclude(model, world, hand, { kind: "not ours" });
  else if (result === "over_quota") await conclude(model, world, hand, { kind: "no room" });
  else claimSame(flight.stage, "wire", "where it waits");
}

function deliveryOf(hand: Hand): Delivery {
  return known(hand.delivery, "request");
}

/** Whether the vendor can still report that it carried out nothing, or something. */
export function mayBeRefused(hand: Hand): boolean {
  return (hand.delivery?.carried?.size ?? 0) === 0;
}

export function mayBeAccepted(hand: Hand): boolean {
  return hand.delivery?.carried?.size !== 0;
}

/** The vendor refuses only the request's login, and the process takes another turn. */
export async function askAgain(model: Model, world: World, hand: Hand): Promise<void> {
  const flight = world.flight(hand);
  decide(model, deliveryOf(hand), []);
  const ours = secondTurn(model, hand);
  model.seen(ours ? "second turn" : "second turn refused");
  await flight.tell({ kind: "again" });
  if (ours) claimSame(flight.stage, "turn", "where it waits");
  else await conclude(model, world, hand, { kind: "not ours" });
}

/** The entries whose bits are set, but never all entries. */
export function some<Each>(list: readonly Each[], bits: number): Each[] {
  const chosen = list.filter((_, index) => (bits >> index) & 1);
  return chosen.length < list.length ? chosen : [];
}

export interface Acceptance {
  readonly refusedBits: number;
  readonly ids: boolean;
  readonly dies: boolean;
}

export async function accept(model: Model, world: World, hand: Hand, { refusedBits, ids, dies }: Acceptance): Promise<void> {
  const flight = world.flight(hand);
  const delivery = deliveryOf(hand);
  const chosen = refusedBits === 15 ? delivery.items : some(delivery.items, refusedBits);
  const refused = hand.batch.kind === "asset" ? [] : chosen;
  const carried = decide(
    model,
    delivery,
    delivery.items.filter((item) => !refused.includes(item)),
  );
  const left = delivery.items.filter((item) => !carried.has(item));
  await flight.tell({
    kind: "answer",
    submission: {
      vendorTaskIds: ids ? [`vendor-${hand.id}`] : [],
      refused: left.map(({ target }) => ({ url: target, code: "invalid_argument", reason: "It is not one of yours." })),
    },
  });
  await conclude(model, world, hand, { kind: "accepted", refused: new Set(left), ids }, dies);
}

export async function refuse(model: Model, world: World, hand: Hand, error: PrefetchError, dies: boolean): Promise<void> {
  decide(model, deliveryOf(hand), []);
  await world.flight(hand).tell({ kind: "throw", error });
  await conclude(model, world, hand, { kind: "turned down", error }, dies);
}

/** The answer never comes. `bits` select the items that the vendor carried out, if that is open. */
export async function loseAnswer(model: Model, world: World, hand: Hand, error: unknown, bits: number | "all" | "open", dies: boolean) {
  const delivery = deliveryOf(hand);
  if (bits !== "open") decide(model, delivery, bits === "all" ? delivery.items : partOf(hand, bits));
  await world.flight(hand).tell({ kind: "throw", error });
  await conclude(model, world, hand, { kind: "answer lost" }, dies);
}

/** An asset is carried out as a whole or not at all. */
function partOf({ batch, delivery }: Hand, bits: number): readonly ModelItem[] {
  return batch.kind === "asset" ? [] : some(delivery?.items ?? [], bits);
}

export interface Search {
  readonly how: "truth" | "partly" | "unclear" | "unreadable";
  /** Selects the items that the vendor carried out, if that is open. */
  readonly bits: number | "all";
  readonly ids: boolean;
  readonly error: PrefetchError;
  readonly dies: boolean;
}

export async function search(model: Model, world: World, hand: Hand, { how, bits, ids, error, dies }: Search): Promise<void> {
  const flight = world.flight(hand);
  if (how === "unreadable") {
    await flight.tell({ kind: "throw", error });
    await conclude(model, world, hand, { kind: "unreadable", retryable: asPrefetchError(error).retryable }, dies);
    return;
  }
  if (how === "unclear") {
    await flight.tell({ kind: "trace", trace: { state: "unclear" } });
    await conclude(model, world, hand, { kind: "unclear" }, dies);
    return;
  }
  const delivery = deliveryOf(hand);
  const carried = [...decide(model, delivery, bits === "all" ? delivery.items : partOf(hand, bits))];
  const [first, ...rest] = carried;
  const listed = how === "partly" && first && hand.batch.kind === "urls" ? [first, ...some(rest, model.numbers)] : carried;
  const trace: Reconciliation =
    listed.length === 0
      ? { state: "absent" }
      : { state: "found", vendorTaskIds: ids ? [`vendor-${hand.id}`] : [], urls: listed.map(({ target }) => target) };
  await flight.tell({ kind: "trace", trace });
  await conclude(model, world, hand, listed.length === 0 ? { kind: "absent" } : { kind: "found", listed: new Set(listed), ids }, dies);
}

export function die(model: Model, world: World, process: number): void {
  for (const hand of handsOf(model, process)) {
    model.seen("died");
    model.hands.delete(hand.id);
    world.drop(hand);
  }
  for (const look of [...model.looks.values()]) if (look.process === process) model.looks.delete(look.id);
  world.kill(process);
  replace(model, process);
}

export async function stop(model: Model, world: World, process: number): Promise<void> {
  const hands = handsOf(model, process);
  const moved = hands.map((hand) => world.flight(hand).moved());
  world.stop(process);
  await Promise.all(moved);
  for (const hand of hands) {
    model.seen("stopped");
    await conclude(model, world, hand, { kind: hand.stage === "turn" ? "let go" : "answer lost" });
  }
  replace(model, process);
}

export function handsOf(model: Model, process: number): Hand[] {
  return [...model.hands.values()].filter((hand) => hand.process === process);
}

/** A process reads the accepted batches of a task. */
export async function look(model: Model, world: World, process: number, task: ModelTask): Promise<Look | undefined> {
  const works = await world.storage(process).following(task.id);
  const followed = task.batches.filter(({ state }) => state === "sent");
  claimSame(
    works.map(({ batch }) => batch.number).sort((a, b) => a - b),
    followed.map(({ number }) => number),
    `the batches of ${task.id} that are followed`,
  );
  if (works.length === 0) return undefined;
  model.numbers += 1;
  const found: Look = { id: model.numbers, process, task, works };
  model.looks.set(found.id, found);
  return found;
}

/** The vendor's report on each item in turn. */
export type Word = "nothing" | "processing" | "succeeded" | "failed";

interface Telling {
  readonly rows: readonly StatusRow[];
  /** The resulting states of the items. */
  readonly states: ReadonlyMap<ModelItem, ModelItem["state"]>;
}

/** The vendor's rows for a batch. It never changes a reported final state. */
function tell({ batch, items }: WorkItem, open: readonly ModelItem[], words: readonly Word[]): Telling {
  const rows: StatusRow[] = [];
  const say = (url: string, state: StatusRow["state"]) => rows.push({ url, state, vendorState: state });
  const states = new Map<ModelItem, ModelItem["state"]>();
  for (const [nth, item] of open.entries()) {
    const word = words[nth % words.length] ?? "nothing";
    if (word === "nothing") continue;
    if (word !== "processing") item.fate ??= word;
    const state = word === "processing" ? word : (item.fate ?? word);
    states.set(item, state);
    // A vendor may report each URL of an asset, or only the asset.
    const inParts = item.kind === "asset" && words.length > 1;
    if (inParts) say(`https://c.example/${item.target}/1.mp4`, "succeeded");
    say(inParts ? `https://c.example/${item.target}/2.mp4` : item.target, state);
  }
  // Reports on ended items are ignored.
  const [any = "nothing"] = words;
  if (batch.kind === "urls" && any !== "nothing") for (const { target, state } of items) if (state !== "processing") say(target, any);
  return { rows, states };
}

/** A process records the vendor's report on the items that it read earlier and that may have changed since. */
export async function report(model: Model, world: World, read: Look, words: readonly Word[], gone: boolean): Promise<void> {
  model.looks.delete(read.id);
  for (const work of read.works) {
    const batch = known(read.task.batches[work.batch.number], "batch");
    const open = work.items.filter(({ state }) => state === "processing").map(({ index }) => known(read.task.items[index], "item"));
    const { rows, states } = gone
      ? { rows: [], states: new Map(open.map((item) => [item, "untracked" as const])) }
      : tell(work, open, words);
    const change = gone ? abandoned(work.items, "The vendor knows it no more.") : applyStatus(work, rows);
    if (change.items.length === 0 && change.kind === "report") continue;
    const applies = model.tasks.has(read.task.id) && batch.state === "sent";
    claimSame(await world.storage(read.process).change(work.batch, change), applies, "whether a report is taken");
    model.seen(applies ? "reported" : "reported too late");
    if (!applies) continue;
    model.touched.add(read.task);
    for (const [item, state] of states) {
      if (state === "processing" || item.state === state) continue;
      claimThat(item.state === "processing", "what has ended stays as it is", read.task.id, item.index, item.state, state);
      item.state = state;
      model.seen(`item ${state}`);
    }
    // Uses the data that this process has read. Another process may know more.
    if (open.some((item) => (states.get(item) ?? "processing") === "processing")) continue;
    batch.state = "ended";
    model.seen("batch ended");
  }
}

/** A process tries again and again as soon as it may, and the same fault occurs. */
export async function endure(
  model: Model,
  world: World,
  process: number,
  account: Account,
  error: PrefetchError,
  times: number,
): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const due = await world.storage(process).nextDue(account.id, model.now, await claimantOf(model, world, process));
    if (due === undefined) return;
    model.now = Math.max(model.now, due);
    const hand = await claim(model, world, process, account);
    // The circuit ignores a time that a wrong clock wrote until that time is near.
    if (!hand) continue;
    if (model.hands.has(hand.id) && hand.stage === "turn") await go(model, world, hand, { sleepMs: 0 });
    if (!model.hands.has(hand.id)) continue;
    if (hand.stage === "trace") await search(model, world, hand, { how: "unreadable", bits: 0, ids: true, error, dies: false });
    else await refuse(model, world, hand, error, false);
  }
}

export function setElsewhere(model: Model, account: Account, units: number): void {
  model.elsewhere.set(keyOf(account, today(model, account)), units);
  model.seen("others spent of the day");
}
