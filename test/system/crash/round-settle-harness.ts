/** Waits until the tasks of a round are settled, and reads how their items ended. */

import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Session, type TaskAnswer, taskOf } from "../harness/clients-harness.ts";

/** The promise of a settled task, and how long the soak goes on to see when a late one settles. */
export const SETTLED_MS = 90_000;
const PATIENCE_MS = 300_000;
const LOOK_MS = 1_000;
/** Looks between two at every item. */
const PROOF_LOOKS = 10;
const awaitsProof = /records are being asked/;
const LAG_LOOK_MS = 50;

export interface ItemEnd {
  readonly taskId: string;
  readonly url: string;
  readonly state: string;
  readonly code: string;
  readonly reason: string;
}

export interface Late {
  readonly nextStep: string;
  /** Everything that is not put off waits for the vendor's list to prove that its request did not arrive. */
  readonly awaitsProof: boolean;
  readonly reasons: readonly string[];
}

export interface Ending {
  readonly taskIds: readonly string[];
  readonly items: readonly ItemEnd[];
  /**
   * Milliseconds until every task was settled, without those in which this process waited for a processor; `undefined` when
   * a task never was.
   */
  readonly settledMs: number | undefined;
  /** Milliseconds in which this process waited for a processor meanwhile. */
  readonly lagMs: number;
  /** The last server's words about the tasks that were not settled in time. */
  readonly late: readonly Late[];
}

type Row = (TaskAnswer["items"] & object)[number];

/** Reads which items wait for another day at this moment. */
export type IsPutOff = () => (row: Row) => boolean;

const listed = z.object({ tasks: z.array(z.object({ task_id: z.string() })), next_cursor: z.string().optional() });

async function allTasks(session: Session): Promise<string[]> {
  const answer = await session.call("list_prefetch_tasks", { limit: 50 });
  if (answer.isError) throw new Error(answer.text);
  return listed.parse(answer.structured).tasks.map(({ task_id: id }) => id);
}

async function itemsOf(session: Session, taskId: string): Promise<Row[]> {
  const items: Row[] = [];
  for (let cursor: string | undefined = ""; cursor !== undefined; ) {
    const page = taskOf(await session.call("get_prefetch_status", { task_id: taskId, detail: "all", ...(cursor && { cursor }) }));
    items.push(...(page.items ?? []));
    cursor = page.next_cursor;
  }
  return items;
}

/** Adds the URLs that wait for the vendor's list to prove that their request did not arrive. */
async function noteProofs(session: Session, id: string, proofs: Set<string>): Promise<void> {
  for (const { url, reason = "" } of await itemsOf(session, id)) if (url && awaitsProof.test(reason)) proofs.add(url);
}

async function lateOf(session: Session, id: string, isPutOff: IsPutOff, proofs: ReadonlySet<string>): Promise<Late> {
  const { next_step: nextStep } = taskOf(await session.call("get_prefetch_status", { task_id: id }));
  const items = await itemsOf(session, id);
  const putOff = isPutOff();
  const open = items.filter((item) => ["queued", "processing"].includes(item.state) && !putOff(item));
  const reasons = open.map(({ state, url = "", reason = "" }) => `${state} ${URL.parse(url)?.hostname} ${reason}`);
  return { nextStep, awaitsProof: open.every(({ url = "" }) => proofs.has(url)), reasons: [...new Set(reasons)] };
}

/** Adds up how late this process gets to run. A busy machine keeps the servers waiting for as long. */
function measureLag(): () => number {
  let lagMs = 0;
  let due = performance.now() + LAG_LOOK_MS;
  const timer = setInterval(() => {
    lagMs += Math.max(0, performance.now() - due);
    due = performance.now() + LAG_LOOK_MS;
  }, LAG_LOOK_MS);
  return () => {
    clearInterval(timer);
    return lagMs;
  };
}

/** Whether no item can change before another day. */
async function isSettled(session: Session, id: string, isPutOff: IsPutOff): Promise<boolean> {
  const { counts } = taskOf(await session.call("get_prefetch_status", { task_id: id, wait_seconds: 2 }));
  if (counts.processing > 0) return false;
  const waiting = counts.queued + (counts.deferred ?? 0);
  return waiting === 0 || (await itemsOf(session, id)).filter(isPutOff()).length === waiting;
}

async function endsOf(session: Session, taskId: string, isPutOff: IsPutOff): Promise<ItemEnd[]> {
  const items = await itemsOf(session, taskId);
  const putOff = isPutOff();
  return items.map((item) => {
    const { url = "", code = "", reason = "" } = item;
    return { taskId, url, state: putOff(item) ? "put off" : item.state, code, reason };
  });
}

/** Asks again and again until every task is settled. */
export async function settle(session: Session, isPutOff: IsPutOff): Promise<Ending> {
  const begun = performance.now();
  const tookMs = (): number => performance.now() - begun;
  const stopMeasuring = measureLag();
  const late: Late[] = [];
  const proofs = new Set<string>();
  const taskIds = await allTasks(session);
  const open = new Set(taskIds);
  for (let look = 0; open.size > 0 && tookMs() < PATIENCE_MS; look += 1) {
    if (look > 0) await sleep(LOOK_MS);
    for (const id of open) if (await isSettled(session, id, isPutOff)) open.delete(id);
    if (look % PROOF_LOOKS === 0) for (const id of open) await noteProofs(session, id, proofs);
    if (late.length === 0 && tookMs() > SETTLED_MS) for (const id of open) late.push(await lateOf(session, id, isPutOff, proofs));
  }
  const lagMs = stopMeasuring();
  const settledMs = open.size === 0 ? tookMs() - lagMs : undefined;
  const items = await Promise.all(taskIds.map((taskId) => endsOf(session, taskId, isPutOff)));
  return { items: items.flat(), taskIds, settledMs, lagMs, late };
}
