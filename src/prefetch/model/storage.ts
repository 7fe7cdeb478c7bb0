/**
 * The storage contract: tasks, batches, items, the quota ledger and the pace of each account, shared by every
 * process that opens the same store. Each method is one atomic step.
 */

import type { BatchChange } from "./batch-change.ts";
import type { BreakerSignal } from "./circuit-breaker.ts";
import type { Allowance, LedgerEntry } from "./quota.ts";
import type { Batch, Counts, Item, ItemState, Task } from "./task.ts";

/** What an admission must know about one provider account. */
export interface AccountQuery {
  readonly account: string;
  /** Only what this tenant sent counts as sent lately. */
  readonly tenant: string;
  readonly day: string;
  /** URLs and asset ids that may have been sent lately. */
  readonly targets: readonly string[];
  /** Sent after this moment counts as lately; what still waits to be sent always counts. */
  readonly recentSince: number;
  /** Days after `day` that something may be put off to. */
  readonly laterDays: readonly string[];
}

export interface AccountFacts {
  readonly ledger: LedgerEntry;
  /** Units of the ledger's day that the tenant has spent or reserved. */
  readonly own: number;
  readonly recent: ReadonlyMap<string, string>;
  /** Units of what waits to be sent, on whichever day. */
  readonly waiting: number;
  /** Of each of the query's later days. */
  readonly later: readonly { readonly ledger: LedgerEntry; readonly own: number }[];
}

export interface NewTask {
  readonly task: Task;
  readonly batches: readonly Batch[];
  readonly items: readonly Item[];
}

export interface TaskSnapshot {
  readonly task: Task;
  readonly counts: Counts;
  readonly batches: number;
  /** Batches whose items can still change. */
  readonly openBatches: number;
  /** Items of batches that are on the wire at this moment and not settled yet. */
  readonly sending: number;
  /** Bytes that were moved for it, by a provider that moves them itself. */
  readonly bytes: number;
  /** Accounts with batches that wait for somebody to take them up. */
  readonly waitingAccounts: readonly string[];
  /** Rejected items by their code. */
  readonly rejections: ReadonlyMap<string, number>;
  /** Items that nobody may send yet, and when the first and the last of them may be sent. */
  readonly later: { readonly items: number; readonly from: number; readonly until: number } | undefined;
  /** Why one of the unsent items was not sent at the first attempt. */
  readonly delay: string | undefined;
}

export interface TaskQuery {
  /** `undefined` asks for everybody's. */
  readonly tenant: string | undefined;
  readonly provider?: string | undefined;
  /** Tasks that were made before this one. */
  readonly before?: { readonly createdAt: number; readonly id: string } | undefined;
  readonly limit: number;
}

export interface TaskSummary {
  readonly task: Task;
  readonly counts: Counts;
}

export interface ItemQuery {
  readonly states?: readonly ItemState[];
  /** Items with a higher index only. */
  readonly after?: number;
  readonly limit: number;
}

export type SendResult = "started" | "lost" | "over_quota";

export interface SendStart {
  readonly now: number;
  readonly leaseUntil: number;
  /** The vendor's day at `now`. */
  readonly day: string;
  /** What may be spent on that day; needed for a batch whose quota was reserved on another one. */
  readonly allowance: Allowance | undefined;
  /** Likewise, of the task's tenant; `undefined` for no bound. */
  readonly ownBudget?: number | undefined;
}

export interface StoredItem extends Item {
  /** Of an item that may not be sent yet: when it may be. */
  readonly notBefore: number | undefined;
}

export interface WorkItem {
  readonly batch: Batch;
  readonly items: readonly Item[];
}

/** A batch that this process holds. */
export interface Claim extends WorkItem {
  /** How often the planned batch that it is a part of has been divided so far. */
  readonly divisions: number;
  /** What its whole task has come to so far. */
  readonly task: {
    readonly createdAt: number;
    readonly batches: number;
    readonly retries: number;
    readonly bytes: number;
    readonly traceparent: string | undefined;
  };
}

/** What is still to be sent to a provider. */
export interface Backlog {
  readonly provider: string;
  readonly batches: number;
  readonly units: number;
}

export interface Storage {
  /**
   * Reads the facts of each account, lets `decide` plan, and stores the task of the plan with its quota reserved: all or
   * nothing. Resolves with the plan; a plan without a task stores nothing.
   */
  admit<Plan extends { readonly task: NewTask | undefined }>(
    queries: readonly AccountQuery[],
    decide: (facts: readonly AccountFacts[]) => Plan,
  ): Promise<Plan>;
  /** The same facts without storing anything. */
  facts(queries: readonly AccountQuery[]): Promise<readonly AccountFacts[]>;

  task(taskId: string): Promise<TaskSnapshot | undefined>;
  /** The newest first. */
  tasks(query: TaskQuery): Promise<TaskSummary[]>;
  /** Items in task order. */
  items(taskId: string, query: ItemQuery): Promise<StoredItem[]>;
  /** Batches of a task that the vendor accepted and that are not ended, oldest first. */
  following(taskId: string): Promise<WorkItem[]>;

  /**
   * Takes the next due batch of an account for this process until `leaseUntil`: a `queued` one whose time has come, or a
   * `claimed` or `sending` one whose lease has run out, which keeps its state. While the account's circuit breaker is
   * open nothing is due; while it is half open, one batch at a time is. Tasks in `except` are passed over.
   */
  claim(account: string, now: number, leaseUntil: number, except?: readonly string[]): Promise<Claim | undefined>;
  /**
   * Marks a claimed batch as being on the wire from now on, extends its lease, and moves what it reserved to the day
   * on which it is really spent. `lost`: the claim is no longer this process's own; `over_quota`: that day has no
   * room for it. In both cases nothing may be sent.
   */
  startSending(batch: Batch, start: SendStart): Promise<SendResult>;
  /** When the account's next batch becomes due, 0 for one that is due at `now`; `undefined` when none waits. */
  nextDue(account: string, now: number): Promise<number | undefined>;
  /**
   * Applies what happened to a batch, its items and the ledger, provided that the batch is still in the state and
   * under the lease in which the caller knows it; otherwise somebody else has dealt with it, and nothing changes. What
   * would be sent (again) of a cancelled task is cancelled instead, which the caller is told as the same. A batch that
   * is put off to another day takes its reservation along.
   */
  change(batch: Batch, change: BatchChange): Promise<boolean>;

  /** Notes in the account's circuit what came of a claimed batch. Tells whether that closed it. */
  noteSignal(account: string, reach: BreakerSignal): Promise<boolean>;

  /** Whether the task has been cancelled. */
  isCancelled(taskId: string): Promise<boolean>;
  /** Cancels what was not sent yet of a task, gives its quota back, and lets nothing of it be sent from now on. */
  cancel(taskId: string): Promise<void>;

  /**
   * Deletes at most `most` tasks that were made before `before`, with all that belongs to them, their reservations
   * included, and what was noted of days and paces long gone. Returns how many tasks that were.
   */
  clean(before: number, most: number): Promise<number>;

  ledger(account: string, day: string): Promise<LedgerEntry>;
  /** Units of an account's day that a tenant has spent or reserved. */
  spentBy(tenant: string, account: string, day: string): Promise<number>;
  /** How many items there are in each state. */
  census(): Promise<Counts>;
  /** Batches that wait to be sent or are being sent, by provider. */
  backlog(): Promise<readonly Backlog[]>;
  /**
   * Reserves the next slot of `pace`, a sequence of slots `intervalMs` apart, `burst` of which may be used at once, and
   * returns how many milliseconds it still lies ahead. An account is a pace, and so is one host of it.
   */
  reserveSlot(pace: string, intervalMs: number, burst: number, now: number): Promise<number>;

  /** Lets no slot of the pace begin before `until`. */
  pauseSlots(pace: string, until: number): Promise<void>;

  close(): Promise<void>;
}
