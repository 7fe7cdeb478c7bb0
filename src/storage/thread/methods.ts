/** The methods of the storage contract whose arguments and results are plain data, with the schemas of both. */

import { z } from "zod";
import type { Storage } from "../../prefetch/model/storage.ts";
import {
  accountFacts,
  accountQuery,
  backlog,
  batch,
  batchChange,
  claim,
  claimant,
  claimOptions,
  cleanResult,
  counts,
  dueAccount,
  freed,
  holder,
  itemQuery,
  knownItems,
  knownQuery,
  ledgerEntry,
  sendStart,
  storedItem,
  taskQuery,
  taskSnapshot,
  taskSummary,
  workItem,
} from "./shapes.ts";

/** All but `admit`, which takes a function, and `close`, which ends the thread: these have messages of their own. */
export const methodNames = [
  "facts",
  "task",
  "tasks",
  "items",
  "known",
  "following",
  "claim",
  "startSending",
  "nextDue",
  "dueAccounts",
  "holders",
  "beat",
  "change",
  "noteSignal",
  "isCancelled",
  "cancel",
  "endOldWaits",
  "clean",
  "ledger",
  "spentBy",
  "census",
  "backlog",
  "reserveSlot",
  "isReservedBeyond",
  "pauseSlots",
  "check",
] as const satisfies readonly (keyof Storage)[];

export type Method = (typeof methodNames)[number];
export type Arguments<Name extends Method> = Parameters<Storage[Name]>;
export type Result<Name extends Method> = Awaited<ReturnType<Storage[Name]>>;

export type Methods = {
  readonly [Name in Method]: { readonly takes: z.ZodType<Arguments<Name>>; readonly returns: z.ZodType<Result<Name>> };
};

const text = z.string();
const number = z.number();
const nothing = z.undefined();
const yesOrNo = z.boolean();

export const methods: Methods = {
  facts: { takes: z.tuple([z.array(accountQuery)]), returns: z.array(accountFacts) },
  task: { takes: z.tuple([text]), returns: taskSnapshot.optional() },
  tasks: { takes: z.tuple([taskQuery]), returns: z.array(taskSummary) },
  items: { takes: z.tuple([text, itemQuery]), returns: z.array(storedItem) },
  known: { takes: z.tuple([z.array(knownQuery)]), returns: z.array(knownItems) },
  following: { takes: z.tuple([text]), returns: z.array(workItem) },
  claim: { takes: z.tuple([text, number, number, claimOptions.optional()]), returns: claim.optional() },
  startSending: { takes: z.tuple([batch, sendStart]), returns: z.enum(["started", "lost", "over_quota"]) },
  nextDue: { takes: z.tuple([text, number, claimant.optional()]), returns: number.optional() },
  dueAccounts: { takes: z.tuple([number, claimant.optional()]), returns: z.array(dueAccount) },
  holders: { takes: z.tuple([text]), returns: z.array(holder) },
  beat: { takes: z.tuple([text]), returns: nothing },
  change: { takes: z.tuple([batch, batchChange]), returns: yesOrNo },
  noteSignal: { takes: z.tuple([text, z.enum(["answered", "failed", "unasked"])]), returns: yesOrNo },
  isCancelled: { takes: z.tuple([text]), returns: yesOrNo },
  endOldWaits: { takes: z.tuple([number, number]), returns: yesOrNo },
  cancel: { takes: z.tuple([text]), returns: z.array(freed) },
  clean: { takes: z.tuple([number, number]), returns: cleanResult },
  ledger: { takes: z.tuple([text, text]), returns: ledgerEntry },
  spentBy: { takes: z.tuple([text, text, text]), returns: number },
  census: { takes: z.tuple([]), returns: counts },
  backlog: { takes: z.tuple([]), returns: z.array(backlog) },
  reserveSlot: { takes: z.tuple([text, number, number, number]), returns: number },
  isReservedBeyond: { takes: z.tuple([text, number]), returns: yesOrNo },
  pauseSlots: { takes: z.tuple([text, number]), returns: nothing },
  check: { takes: z.tuple([]), returns: nothing },
};
