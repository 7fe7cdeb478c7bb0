/**
 * Schemas of everything that the storage contract passes between threads. `Shape` makes the compiler refuse a schema that has no
 * entry for a field of its type.
 */

import { z } from "zod";
import type { BatchChange, ItemChange, LaterDay } from "../../prefetch/model/batch-change.ts";
import type { Allowance, LedgerEntry } from "../../prefetch/model/quota.ts";
import type {
  AccountFacts,
  AccountQuery,
  Backlog,
  Claim,
  Claimant,
  ClaimOptions,
  CleanResult,
  DueAccount,
  Freed,
  HeldItems,
  Holder,
  ItemQuery,
  KnownItems,
  KnownQuery,
  NewTask,
  ProviderCounts,
  SendStart,
  StoredItem,
  TaskQuery,
  TaskSnapshot,
  TaskSummary,
  WorkItem,
} from "../../prefetch/model/storage.ts";
import {
  type Batch,
  type Counts,
  type DeferredItems,
  type Item,
  itemStates,
  type Part,
  type Task,
  taskStates,
} from "../../prefetch/model/task.ts";

type Shape<Type> = { readonly [Key in keyof Type]-?: z.ZodType<Type[Key]> };

/** The key must be there, unlike one that is optional. */
const maybe = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.undefined()]);

const text = z.string();
const number = z.number();
const flag = z.boolean();
const texts = z.array(text);
const itemState = z.enum(itemStates);

const part = z.object({
  url: text,
  state: z.enum(["processing", "succeeded", "failed", "untracked"]),
  reason: maybe(text),
} satisfies Shape<Part>);

const itemShape = {
  index: number,
  batch: maybe(number),
  kind: z.enum(["url", "asset"]),
  target: text,
  given: maybe(text),
  state: itemState,
  code: maybe(text),
  reason: maybe(text),
  parts: maybe(z.array(part)),
} satisfies Shape<Item>;
export const item = z.object(itemShape);
export const storedItem = z.object({ ...itemShape, provider: maybe(text), notBefore: maybe(number) } satisfies Shape<StoredItem>);

export const batch = z.object({
  taskId: text,
  number,
  origin: number,
  provider: text,
  account: text,
  kind: z.enum(["asset", "urls"]),
  state: z.enum(["queued", "claimed", "sending", "sent", "ended"]),
  day: text,
  cost: number,
  deferrable: flag,
  attempts: number,
  notBefore: number,
  owner: maybe(text),
  leaseUntil: maybe(number),
  sentAt: maybe(number),
  sentMonotonic: maybe(number),
  sentBoot: maybe(text),
  vendorTaskIds: texts,
  requestId: maybe(text),
  nextProvider: maybe(text),
  nextAccount: maybe(text),
} satisfies Shape<Batch>);

const task = z.object({
  id: text,
  tenant: text,
  traceparent: maybe(text),
  createdAt: number,
  answer: maybe(text).optional(),
  providers: texts,
  duplicatesRemoved: number,
  skippedRecent: number,
} satisfies Shape<Task>);

export const newTask = z.object({ task, batches: z.array(batch), items: z.array(item) } satisfies Shape<NewTask>);

export const counts = z.object({
  queued: number,
  processing: number,
  succeeded: number,
  failed: number,
  rejected: number,
  untracked: number,
  cancelled: number,
  unknown: number,
} satisfies Shape<Counts>);

const held = z.object({ owner: maybe(text), isSent: flag, items: number, at: number } satisfies Shape<HeldItems>);

const deferredItems = z.object({ items: number, from: number, until: number } satisfies Shape<DeferredItems>);

const providerCounts = z.object({ provider: text, counts } satisfies Shape<ProviderCounts>);

export const taskSnapshot = z.object({
  task,
  counts,
  batches: number,
  openBatches: number,
  sending: number,
  held: z.array(held),
  bytes: number,
  accounts: texts,
  waitingAccounts: texts,
  rejections: z.map(text, number),
  later: maybe(deferredItems),
  deferred: maybe(deferredItems),
  failedAgain: number,
  byProvider: z.array(providerCounts),
  delay: maybe(text),
} satisfies Shape<TaskSnapshot>);

export const taskSummary = z.object({ task, counts, problem: maybe(item), found: maybe(storedItem) } satisfies Shape<TaskSummary>);

export const freed = z.object({ provider: text, day: text, units: number, dropped: number.optional() } satisfies Shape<Freed>);

export const cleanResult = z.object({ tasks: number, isDone: flag } satisfies Shape<CleanResult>);

export const taskQuery = z.object({
  tenant: maybe(text),
  provider: text.optional(),
  states: z.array(z.enum(taskStates)).optional(),
  hadProblems: flag.optional(),
  since: number.optional(),
  until: number.optional(),
  target: text.optional(),
  before: z.object({ createdAt: number, id: text }).optional(),
  limit: number,
} satisfies Shape<TaskQuery>);

export const itemQuery = z.object({
  states: z.array(itemState).optional(),
  after: number.optional(),
  limit: number,
} satisfies Shape<ItemQuery>);

export const knownQuery = z.object({ taskId: text, targets: texts } satisfies Shape<KnownQuery>);
export const knownItems = z.object({
  taskId: text,
  state: itemState,
  items: number,
  waits: maybe(z.object({ from: number, until: number })),
} satisfies Shape<KnownItems>);

export const ledgerEntry = z.object({ used: number, pending: number, exhausted: flag } satisfies Shape<LedgerEntry>);

export const accountQuery = z.object({
  account: text,
  tenant: text,
  day: text,
  targets: texts,
  recentSince: number,
  recentRefreshesOnly: flag.optional(),
  laterDays: texts,
  answer: maybe(text).optional(),
} satisfies Shape<AccountQuery>);

export const accountFacts = z.object({
  ledger: ledgerEntry,
  own: number,
  recent: z.map(text, text),
  waiting: number,
  later: z.array(z.object({ ledger: ledgerEntry, own: number })),
  isAnswerUsed: flag,
} satisfies Shape<AccountFacts>);

const workShape = { batch, items: z.array(item) } satisfies Shape<WorkItem>;
export const workItem = z.object(workShape);

export const claim = z.object({
  ...workShape,
  divisions: number,
  task: z.object({ createdAt: number, batches: number, retries: number, bytes: number, traceparent: maybe(text) } satisfies Shape<
    Claim["task"]
  >),
} satisfies Shape<Claim>);

export const holder = z.object({ owner: text, beat: number } satisfies Shape<Holder>);

export const claimant = z.object({
  owner: text,
  inHand: z.array(z.object({ taskId: text, number })),
  dead: z.array(holder),
} satisfies Shape<Claimant>);

export const claimOptions = z.object({ claimant: claimant.optional(), except: texts.optional() } satisfies Shape<ClaimOptions>);

export const dueAccount = z.object({
  account: text,
  next: z.object({ provider: text, account: text }),
} satisfies Shape<DueAccount>);
export const backlog = z.object({ provider: text, batches: number, units: number } satisfies Shape<Backlog>);

const allowance = z.object({
  limit: maybe(number),
  ceiling: maybe(number),
  source: z.enum(["vendor", "ledger"]),
  budgeted: flag.optional(),
  urlsPerRequest: number.optional(),
} satisfies Shape<Allowance>);

export const sendStart = z.object({
  now: number,
  leaseUntil: number,
  monotonic: number.optional(),
  boot: text.optional(),
  day: text,
  allowance: maybe(allowance),
  nextAllowance: allowance.optional(),
  ownBudget: number.optional(),
} satisfies Shape<SendStart>);

const itemChange = z.object({
  index: number,
  state: itemState,
  code: text.optional(),
  reason: text.optional(),
  parts: z.array(part).optional(),
} satisfies Shape<ItemChange>);

const effects = { items: z.array(itemChange), refund: number, bytes: number.optional() };

type ChangeShape<Kind extends BatchChange["kind"]> = Shape<Extract<BatchChange, { kind: Kind }>>;

const end = z.object({
  kind: z.literal("end"),
  ...effects,
  attempts: number.optional(),
  requestId: text.optional(),
  exhausted: flag.optional(),
} satisfies ChangeShape<"end">);

const laterDay = z.object({ day: text, notBefore: number, ceiling: maybe(number), ownBudget: number.optional() } satisfies Shape<LaterDay>);

export const batchChange = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("accept"),
    ...effects,
    followed: flag,
    sentAt: number.optional(),
    vendorTaskIds: texts,
    requestId: text.optional(),
  } satisfies ChangeShape<"accept">),
  z.object({
    kind: z.literal("requeue"),
    ...effects,
    notBefore: number.optional(),
    attempts: number.optional(),
  } satisfies ChangeShape<"requeue">),
  z.object({
    kind: z.literal("await-refresh"),
    ...effects,
    notBefore: number,
    vendorTaskIds: texts,
    requestId: text.optional(),
  } satisfies ChangeShape<"await-refresh">),
  z.object({ kind: z.literal("advance"), ...effects, notBefore: number } satisfies ChangeShape<"advance">),
  z.object({
    kind: z.literal("divide"),
    ...effects,
    notBefore: number,
    part: z.object({ items: z.array(number), cost: number }),
  } satisfies ChangeShape<"divide">),
  end,
  z.object({
    kind: z.literal("defer"),
    ...effects,
    days: z.array(laterDay),
    exhausted: flag,
    otherwise: end,
  } satisfies ChangeShape<"defer">),
  z.object({ kind: z.literal("reclaim"), ...effects, leaseUntil: number } satisfies ChangeShape<"reclaim">),
  z.object({ kind: z.literal("await-reconciliation"), ...effects, leaseUntil: number } satisfies ChangeShape<"await-reconciliation">),
  z.object({ kind: z.literal("progress"), ...effects, leaseUntil: number, attempts: number } satisfies ChangeShape<"progress">),
  z.object({ kind: z.literal("report"), ...effects } satisfies ChangeShape<"report">),
]);
