/**
 * The messages between the main thread (M) and the storage thread (S):
 *
 * | message  | from | meaning                                      | answer                        |
 * | -------- | ---- | -------------------------------------------- | ----------------------------- |
 * | `call`   | M    | carry out a method                           | `result` or `error`           |
 * | `admit`  | M    | open a transaction and read the facts        | `facts` or `error`            |
 * | `facts`  | S    | the transaction is open: decide              | `items`, `plan` or `refuse`   |
 * | `items`  | M    | keep the next items of the task              | none                          |
 * | `plan`   | M    | store the task, if there is one, and commit  | `result` or `error`           |
 * | `refuse` | M    | the decision threw: roll back                | `error`                       |
 * | `close`  | M    | close the database and end the thread        | `result` or `error`           |
 *
 * `id` tells the calls apart. `now` is the time of the caller's clock.
 */

import { z } from "zod";
import type { AccountFacts, AccountQuery, NewTask } from "../../prefetch/model/storage.ts";
import type { Item } from "../../prefetch/model/task.ts";
import { methodNames } from "./methods.ts";
import { sentError } from "./sent-error.ts";
import { accountFacts, accountQuery, item, newTask } from "./shapes.ts";

const id = z.number();
const now = z.number();
const args: z.ZodType<readonly unknown[]> = z.array(z.unknown());
const queries: z.ZodType<readonly AccountQuery[]> = z.array(accountQuery);
const facts: z.ZodType<readonly AccountFacts[]> = z.array(accountFacts);
const items: z.ZodType<readonly Item[]> = z.array(item);
const task: z.ZodType<NewTask | undefined> = newTask.optional();

export const request = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("call"), id, now, method: z.enum(methodNames), args }),
  z.object({ kind: z.literal("admit"), id, now, queries }),
  z.object({ kind: z.literal("items"), id, items }),
  z.object({ kind: z.literal("plan"), id, task }),
  z.object({ kind: z.literal("refuse"), id }),
  z.object({ kind: z.literal("close"), id }),
]);

export const reply = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("facts"), id, facts }),
  z.object({ kind: z.literal("result"), id, value: z.unknown() }),
  z.object({ kind: z.literal("error"), id, error: sentError }),
]);

export type Request = z.infer<typeof request>;
export type Reply = z.infer<typeof reply>;
