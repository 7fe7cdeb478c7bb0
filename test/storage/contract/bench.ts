/** A new store for each test, with the steps that the contract's tests share. */

import { afterEach, beforeEach, expect } from "vitest";
import type { BatchChange } from "../../../src/prefetch/model/batch-change.ts";
import type { Allowance } from "../../../src/prefetch/model/quota.ts";
import type { AccountFacts, AccountQuery, Claim, NewTask, SendResult, SendStart, Storage } from "../../../src/prefetch/model/storage.ts";
import type { Batch } from "../../../src/prefetch/model/task.ts";
import { NOON, TODAY } from "../../fakes/clock.ts";
import { manyUrls } from "../../fakes/provider.ts";
import { accountQuery, newTask, type TaskSketch } from "../../fakes/task.ts";

export const ACCOUNT = "fake-cdn:1";
export const LEASE = 60_000;

/** An allowance that only the ledger bounds. */
export const upTo = (ceiling: number | undefined): Allowance => ({ limit: ceiling, ceiling, source: "ledger" });
export const unlimited = upTo(undefined);

/** A change whose items and refund may be left out. */
type Sketch<Change> = Change extends BatchChange ? Omit<Change, "items" | "refund"> & Partial<Pick<Change, "items" | "refund">> : never;
export type ChangeSketch = Sketch<BatchChange>;

export function changeFrom(sketch: ChangeSketch): BatchChange {
  return { items: [], refund: 0, ...sketch };
}

/** The batch as a process knows it after its change was stored. */
function batchAfter(batch: Batch, change: BatchChange): Batch {
  switch (change.kind) {
    case "accept": {
      const { followed, sentAt = batch.sentAt, vendorTaskIds, requestId } = change;
      return { ...batch, state: followed ? "sent" : "ended", leaseUntil: undefined, sentAt, vendorTaskIds, requestId };
    }
    case "progress":
      return { ...batch, leaseUntil: change.leaseUntil, attempts: change.attempts };
    case "reclaim":
      return { ...batch, state: "claimed", leaseUntil: change.leaseUntil };
    case "report":
      return batch;
    case "end":
      return { ...batch, state: "ended", leaseUntil: undefined };
    case "await-reconciliation":
      return { ...batch, state: "sending", leaseUntil: change.leaseUntil };
    case "await-refresh":
      return { ...batch, state: "queued", leaseUntil: undefined, vendorTaskIds: change.vendorTaskIds };
    case "advance": {
      const { nextProvider: provider = "", nextAccount: account = "" } = batch;
      const prefetch = { provider, account, nextProvider: undefined, nextAccount: undefined, vendorTaskIds: [] };
      return { ...batch, ...prefetch, state: "queued", leaseUntil: undefined };
    }
    case "requeue":
    case "divide":
    case "defer":
      return { ...batch, state: "queued", leaseUntil: undefined };
  }
}

export type StorageBench = ReturnType<typeof storageBench>;

export function storageBench(open: () => Storage | Promise<Storage>) {
  let storage: Storage;
  beforeEach(async () => {
    storage = await open();
  });
  afterEach(() => storage.close());

  const query = (more: Partial<AccountQuery> = {}): readonly AccountQuery[] => [accountQuery(more)];
  const factsOf = async (more: Partial<AccountQuery>): Promise<AccountFacts> => {
    const [facts] = await storage.facts(query(more));
    if (!facts) throw new Error("The store returned no facts.");
    return facts;
  };

  const store = async (sketch: Partial<TaskSketch> = {}): Promise<NewTask> => {
    const task = newTask({ id: "pf_1", urls: manyUrls(4), ...sketch });
    await storage.admit(query({ account: sketch.account ?? ACCOUNT }), () => ({ task: task }));
    return task;
  };

  const batchOf = (task: NewTask, number = 0): Batch => {
    const batch = task.batches[number];
    if (!batch) throw new Error(`The task has no batch ${number}.`);
    return batch;
  };

  /** Applies the change, and returns the batch as its process knows it afterwards. */
  const change = async (batch: Batch, sketch: ChangeSketch): Promise<Batch> => {
    const applied = changeFrom(sketch);
    expect(await storage.change(batch, applied)).toBe(true);
    return batchAfter(batch, applied);
  };

  const send = async (batch: Batch, now: number, leaseUntil: number, more: Partial<SendStart> = {}): Promise<SendResult> =>
    storage.startSending(batch, { now, leaseUntil, day: TODAY, allowance: unlimited, ...more });

  /** Claims a batch and starts to send it. */
  const sending = async (now: number, leaseUntil: number): Promise<Batch> => {
    const { batch } = await claim(now);
    expect(await send(batch, now, leaseUntil)).toBe("started");
    return { ...batch, state: "sending", leaseUntil, sentAt: now };
  };

  const claim = async (now = NOON, account = ACCOUNT): Promise<Claim> => {
    const work = await storage.claim(account, now, now + LEASE);
    if (!work) throw new Error("Nothing is due.");
    return work;
  };

  return {
    /** The store of the current test. */
    get storage() {
      return storage;
    },
    query,
    factsOf,
    store,
    batchOf,
    change,
    send,
    sending,
    claim,
  };
}
