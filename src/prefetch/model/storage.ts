/**
 * The storage contract: tasks, batches, items, the quota ledger, rate slots and circuit breakers, shared by every process
 * on the same store. Each method is one atomic step. Times are milliseconds since the epoch.
 */

import type { BatchChange } from "./batch-change.ts";
import type { BreakerSignal } from "./circuit-breaker.ts";
import type { Allowance, LedgerEntry } from "./quota.ts";
import type { Batch, Counts, DeferredItems, Item, ItemState, Task, TaskState } from "./task.ts";

/** Asks for the facts about one provider account that an admission needs. */
export interface AccountQuery {
  readonly account: string;
  /** Only this tenant's tasks count as recent. */
  readonly tenant: string;
  readonly day: string;
  /** URLs and asset ids to look for among recent ones. */
  readonly targets: readonly string[];
  /** A target sent after this moment is recent; a target that waits to be sent always is. */
  readonly recentSince: number;
  /** Leaves tasks out that only prefetched a target, and dropped no old copy before. */
  readonly recentRefreshesOnly?: boolean;
  /** Days after `day` that URLs can be deferred to. */
  readonly laterDays: readonly string[];
  /** Id of the user's answer that came with the call. */
  readonly answer?: string | undefined;
}

export interface AccountFacts {
  readonly ledger: LedgerEntry;
  /** Units of the ledger's day that the tenant has spent or reserved. */
  readonly own: number;
  /** Recent target to its newest task. */
  readonly recent: ReadonlyMap<string, string>;
  /** Units that wait to be sent, on any day. */
  readonly waiting: number;
  /** One entry per later day of the query. */
  readonly later: readonly { readonly ledger: LedgerEntry; readonly own: number }[];
  /** A task was sent with the query's answer. */
  readonly isAnswerUsed: boolean;
}

/** Asks where the targets of a task stand. */
export interface KnownQuery {
  readonly taskId: string;
  readonly targets: readonly string[];
}

/** Items of one task in one state. */
export interface KnownItems {
  readonly taskId: string;
  readonly state: ItemState;
  readonly items: number;
  /** For deferred items: when the first and the last of them may be sent. */
  readonly waits: Omit<DeferredItems, "items"> | undefined;
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
  /** Batches that are not ended. */
  readonly openBatches: number;
  /** Items in flight. */
  readonly sending: number;
  /** Items that a process holds, or whose answer was lost, by holder. */
  readonly held: readonly HeldItems[];
  /** Bytes that a direct provider moved. */
  readonly bytes: number;
  /** The accounts that prefetch its batches. */
  readonly accounts: readonly string[];
  /** Accounts with batches that no process holds. */
  readonly waitingAccounts: readonly string[];
  /** Rejected items by code. */
  readonly rejections: ReadonlyMap<string, number>;
  /** Items that may not be sent yet, and when the first and the last of them may. */
  readonly later: DeferredItems | undefined;
  /** Those of them that may not be sent for a long time. */
  readonly deferred: DeferredItems | undefined;
  /** Among the first failed items, those whose URL failed with the same code in an earlier task of the tenant. */
  readonly failedAgain: number;
  /** Planned items of a task with several providers, by provider; empty for a task with one. */
  readonly byProvider: readonly ProviderCounts[];
  /** Why the first unsent item with a reason was not sent. */
  readonly delay: string | undefined;
}

export interface ProviderCounts {
  readonly provider: string;
  readonly counts: Counts;
}

export interface HeldItems {
  /** `undefined`: no process holds them, and the vendor's records are asked about them `at` that time. */
  readonly owner: string | undefined;
  readonly isSent: boolean;
  readonly items: number;
  readonly at: number;
}

/** A process that holds batches. `beat` grows for as long as it lives. */
export interface Holder {
  readonly owner: string;
  readonly beat: number;
}

/** The knowledge of a process about the holders of batches when it looks for work. */
export interface Claimant {
  /** Its own id. */
  readonly owner: string;
  /** The batches in its hands. It takes none of these, at any time of any clock. */
  readonly inHand: readonly Pick<Batch, "taskId" | "number">[];
  /** Processes that it counts as dead, each with the last beat that it saw. One that has beaten since is alive. */
  readonly dead: readonly Holder[];
}

export interface TaskQuery {
  /** `undefined` asks for the tasks of every tenant. */
  readonly tenant: string | undefined;
  readonly provider?: string | undefined;
  /** `undefined` stands for every state. */
  readonly states?: readonly TaskState[] | undefined;
  /** Only tasks with failed, rejected or unknown items. */
  readonly hadProblems?: boolean | undefined;
  /** Tasks created at this moment or later. */
  readonly since?: number | undefined;
  /** Tasks created before this moment. */
  readonly until?: number | undefined;
  /** Tasks with an item of this URL or asset id. Their ids must sort by the time of creation. */
  readonly target?: string | undefined;
  /** Tasks created before this one. */
  readonly before?: { readonly createdAt: number; readonly id: string } | undefined;
  readonly limit: number;
}

export interface TaskSummary {
  readonly task: Task;
  readonly counts: Counts;
  /** The first failed, rejected or unknown item. */
  readonly problem: Item | undefined;
  /** The item of the query's target. */
  readonly found: StoredItem | undefined;
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
  /** `now` by the clock that is never set. */
  readonly monotonic?: number;
  readonly boot?: string;
  /** The vendor's day at `now`. */
  readonly day: string;
  /** Allowance of that day, for a batch with its quota reserved on another day. */
  readonly allowance: Allowance | undefined;
  /** The same of the account that prefetches the batch after its refresh. */
  readonly nextAllowance?: Allowance | undefined;
  /** Units of that day that the task's tenant may spend; `undefined` for no bound. */
  readonly ownBudget?: number | undefined;
}

export interface StoredItem extends Item {
  /** `undefined` for an item that was never planned for one. */
  readonly provider: string | undefined;
  /** For an item that may not be sent yet: when it may. */
  readonly notBefore: number | undefined;
}

export interface WorkItem {
  readonly batch: Batch;
  readonly items: readonly Item[];
}

/** A batch that this process holds. */
export interface Claim extends WorkItem {
  /** How often the planned batch was divided so far, in all its parts. */
  readonly divisions: number;
  /** Totals of the whole task so far. */
  readonly task: {
    readonly createdAt: number;
    readonly batches: number;
    readonly retries: number;
    readonly bytes: number;
    readonly traceparent: string | undefined;
  };
}

/** Batches of one provider that wait to be sent or are in flight. */
export interface Backlog {
  readonly provider: string;
  readonly batches: number;
  readonly units: number;
}

export interface ClaimOptions {
  /** Without one, only batches that no process holds are due, and the claim is a lease without an owner. */
  readonly claimant?: Claimant;
  readonly except?: readonly string[];
}

/** An account with batches that are due. */
export interface DueAccount {
  /** The account that sends them now: of a provider, or of a refresh. */
  readonly account: string;
  /** The provider that prefetches them, now or after the refresh, and its account. */
  readonly next: { readonly provider: string; readonly account: string };
}

/** Units that a cancellation gave back to one of the vendor's days. */
export interface Freed {
  readonly provider: string;
  readonly day: string;
  readonly units: number;
  /** Those of them whose URLs have lost their old copies, or soon will: the vendor has accepted the refresh. */
  readonly dropped?: number;
}

export interface CleanResult {
  /** Tasks that vanished in this step. */
  readonly tasks: number;
  /** Nothing is left to delete. */
  readonly isDone: boolean;
}

export interface Storage {
  /**
   * Reads the facts of each account, lets `decide` plan, and stores the task of the plan with its quota reserved: all or
   * nothing. Resolves with the plan; a plan without a task stores nothing. Every other use waits while `decide` does.
   */
  admit<Plan extends { readonly task: NewTask | undefined }>(
    queries: readonly AccountQuery[],
    decide: (facts: readonly AccountFacts[]) => Plan | Promise<Plan>,
  ): Promise<Plan>;
  /** The same facts without storing anything. */
  facts(queries: readonly AccountQuery[]): Promise<readonly AccountFacts[]>;

  task(taskId: string): Promise<TaskSnapshot | undefined>;
  /** The newest first. */
  tasks(query: TaskQuery): Promise<TaskSummary[]>;
  /** Items in task order. */
  items(taskId: string, query: ItemQuery): Promise<StoredItem[]>;
  /** Where targets of tasks stand: a few groups for each task. */
  known(queries: readonly KnownQuery[]): Promise<readonly KnownItems[]>;
  /** Batches of a task that the vendor accepted and that are not ended, oldest first. */
  following(taskId: string): Promise<WorkItem[]>;

  /**
   * Takes the next due batch of an account for the claimant: a `queued` one whose time has come, or a `claimed` or
   * `sending` one, which keeps its state, when its owner is dead, when it is the claimant's own and not in its hands, or
   * when it has no owner and its lease has run out. A claim is a beat of its owner. While the account's circuit breaker
   * is open nothing is due; while it is half open, one batch at a time is. Tasks in `except` are passed over.
   */
  claim(account: string, now: number, leaseUntil: number, options?: ClaimOptions): Promise<Claim | undefined>;
  /**
   * Marks a claimed batch as in flight, extends its lease, and moves its reservation to the day that pays for it.
   * `lost`: another process has the batch; `over_quota`: the day has no room for it. Both forbid the request.
   */
  startSending(batch: Batch, start: SendStart): Promise<SendResult>;
  /**
   * When the account's next batch becomes due: 0 when it is due at `now`, `undefined` when none waits. The batches of a
   * living process are not due at any time.
   */
  nextDue(account: string, now: number, claimant?: Claimant): Promise<number | undefined>;
  /** The accounts with batches that are due at `now`. */
  dueAccounts(now: number, claimant?: Claimant): Promise<readonly DueAccount[]>;
  /**
   * The clock was set back by `setBackMs`, or by as much as the store's notes lie ahead of `now`: ends the waits that were
   * planned by the old clock, so that none lasts longer by the step. Waits may end early. False when there is no sign of
   * a step.
   */
  endOldWaits(now: number, setBackMs: number): Promise<boolean>;
  /** Processes other than `owner` that hold batches. */
  holders(owner: string): Promise<readonly Holder[]>;
  /** Shows that the process lives. */
  beat(owner: string): Promise<void>;
  /**
   * Applies a change to a batch, its items and the ledger. False, and nothing changes, when the batch no longer has the
   * state, owner and lease that the caller knows: another process has it. A change that would send a cancelled task
   * again cancels the batch instead, and is false too.
   */
  change(batch: Batch, change: BatchChange): Promise<boolean>;

  /** Tells the account's circuit breaker about a batch. True when that closed it. */
  noteSignal(account: string, reach: BreakerSignal): Promise<boolean>;

  isCancelled(taskId: string): Promise<boolean>;
  /** Cancels the unsent items of a task, gives their quota back, and forbids sending any of it. Resolves with the units given back. */
  cancel(taskId: string): Promise<readonly Freed[]>;

  /**
   * One step of deleting the tasks created before `before`, the oldest first. It deletes about `most` rows, then ledger
   * days and rate slots of the past. A task vanishes as a whole, with its reservations, before its rows are deleted.
   */
  clean(before: number, most: number): Promise<CleanResult>;

  ledger(account: string, day: string): Promise<LedgerEntry>;
  /** Units of an account's day that a tenant has spent or reserved. */
  spentBy(tenant: string, account: string, day: string): Promise<number>;
  /** Number of items in each state, over all tasks. */
  census(): Promise<Counts>;
  /** Batches that wait to be sent or are in flight, by provider. */
  backlog(): Promise<readonly Backlog[]>;
  /**
   * Reserves the next slot of a sequence of slots `intervalMs` apart, with up to `burst` slots at once after a pause.
   * Resolves with the milliseconds until the slot. Each account has a sequence, and so has each host of an account.
   */
  reserveSlot(sequence: string, intervalMs: number, burst: number, now: number): Promise<number>;
  /** Whether slots of the sequence are reserved beyond `at`. False for a reserved slot that `endOldWaits` has ended. */
  isReservedBeyond(sequence: string, at: number): Promise<boolean>;

  /** Lets no slot of the sequence begin before `until`. */
  pauseSlots(sequence: string, until: number): Promise<void>;

  /** Throws `store_unavailable` when the store cannot hold a new task: its files are lost, it is full, or it may not be written. */
  check(): Promise<void>;
  close(): Promise<void>;
}
