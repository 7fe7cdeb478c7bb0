/** Tasks as planning stores them, and the query of their admission. */

import type { AccountQuery, NewTask, StoredItem } from "../../src/prefetch/model/storage.ts";
import type { Batch, Item } from "../../src/prefetch/model/task.ts";
import { NOON, TODAY } from "./clock.ts";

/** The query of an admission to the fake provider's account. */
export function accountQuery(more: Partial<AccountQuery> = {}): AccountQuery {
  return { account: "fake-cdn:1", tenant: "", day: TODAY, targets: [], recentSince: 0, laterDays: [], ...more };
}

export interface TaskSketch {
  readonly id: string;
  readonly tenant?: string;
  readonly urls?: readonly string[];
  /** Items that were rejected before sending. */
  readonly rejected?: readonly string[];
  readonly assetId?: string;
  readonly perBatch?: number;
  readonly account?: string;
  readonly provider?: string;
  /** Prefetches after the refresh by `provider`. */
  readonly next?: { readonly provider: string; readonly account: string };
  readonly day?: string;
  readonly now?: number;
  readonly costPerBatch?: number;
  readonly deferrable?: boolean;
}

/** A task as planning stores it: every batch is queued and due. */
export function newTask(sketch: TaskSketch): NewTask {
  const { id, urls = [], rejected = [], assetId, perBatch = 2, now = NOON } = sketch;
  const kind = assetId === undefined ? "url" : "asset";
  const targets = assetId === undefined ? urls : [assetId];
  const item = (index: number, target: string, rest: Partial<Item>): Item => ({
    index,
    batch: undefined,
    kind,
    target,
    state: "queued",
    code: undefined,
    reason: undefined,
    parts: undefined,
    given: undefined,
    ...rest,
  });
  const batchCount = Math.ceil(targets.length / perBatch);
  return {
    task: {
      id,
      tenant: sketch.tenant ?? "",
      traceparent: undefined,
      createdAt: now,
      providers: [sketch.provider ?? "fake-cdn"],
      duplicatesRemoved: 0,
      skippedRecent: 0,
    },
    batches: Array.from(
      { length: batchCount },
      (_, number): Batch => ({
        taskId: id,
        number,
        origin: number,
        provider: sketch.provider ?? "fake-cdn",
        account: sketch.account ?? "fake-cdn:1",
        nextProvider: sketch.next?.provider,
        nextAccount: sketch.next?.account,
        kind: kind === "asset" ? "asset" : "urls",
        state: "queued",
        day: sketch.day ?? TODAY,
        cost: sketch.costPerBatch ?? Math.min(perBatch, targets.length - number * perBatch),
        deferrable: sketch.deferrable ?? false,
        attempts: 0,
        notBefore: now,
        owner: undefined,
        leaseUntil: undefined,
        sentAt: undefined,
        sentMonotonic: undefined,
        sentBoot: undefined,
        vendorTaskIds: [],
        requestId: undefined,
      }),
    ),
    items: [
      ...targets.map((target, index) => item(index, target, { batch: Math.floor(index / perBatch) })),
      ...rejected.map((target, index) =>
        item(targets.length + index, target, { state: "rejected", code: "invalid_argument", reason: "The URL is not usable." }),
      ),
    ],
  };
}

/** One task of several sketches, as a list over several providers becomes. */
export function newTaskOf(...sketches: TaskSketch[]): NewTask {
  const [first, ...rest] = sketches.map(newTask);
  if (!first) throw new Error("A task needs a sketch.");
  return rest.reduce(
    (all, { task, batches, items }) => ({
      task: { ...all.task, providers: [...new Set([...all.task.providers, ...task.providers])] },
      batches: [
        ...all.batches,
        ...batches.map((batch) => ({ ...batch, number: batch.number + all.batches.length, origin: batch.origin + all.batches.length })),
      ],
      items: [
        ...all.items,
        ...items.map((item) => ({
          ...item,
          index: item.index + all.items.length,
          batch: item.batch === undefined ? undefined : item.batch + all.batches.length,
        })),
      ],
    }),
    first,
  );
}

/** The items of a task whose batches are due, as storage gives them. */
export function storedItems({ batches, items }: NewTask): StoredItem[] {
  return items.map((item) => ({
    ...item,
    provider: batches.find(({ number }) => number === item.batch)?.provider,
    notBefore: undefined,
  }));
}
