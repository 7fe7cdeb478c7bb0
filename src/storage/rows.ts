/** Parses stored rows into domain types. A row that does not fit comes from a damaged file and throws. */

import type { SQLOutputValue } from "node:sqlite";
import { z } from "zod";
import type { StoredItem } from "../prefetch/model/storage.ts";
import { type Batch, type Item, type ItemState, itemStates, type Task } from "../prefetch/model/task.ts";
import { fieldsFrom, type Row } from "./columns.ts";

const nullable = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().transform((value) => value ?? undefined);
const json = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema);

/** The latest time that a JavaScript `Date` can hold. A later one would make formatting throw. */
const LATEST_TIME_MS = 8_640_000_000_000_000;
const timeMs = z.number().min(0).max(LATEST_TIME_MS);
const strings = json(z.array(z.string()));
const flag = z.number().transform((value) => value === 1);
const itemState = z.enum(itemStates);

const task = z.object({
  id: z.string(),
  tenant: z.string(),
  traceparent: nullable(z.string()),
  createdAt: timeMs,
  answer: nullable(z.string()),
  providers: strings,
  duplicatesRemoved: z.number(),
  skippedRecent: z.number(),
});

const batch = z.object({
  taskId: z.string(),
  number: z.number(),
  origin: z.number(),
  provider: z.string(),
  account: z.string(),
  nextProvider: nullable(z.string()),
  nextAccount: nullable(z.string()),
  kind: z.enum(["asset", "urls"]),
  state: z.enum(["queued", "claimed", "sending", "sent", "ended"]),
  day: z.string(),
  cost: z.number(),
  deferrable: flag,
  attempts: z.number(),
  notBefore: timeMs,
  owner: nullable(z.string()),
  leaseUntil: nullable(timeMs),
  sentAt: nullable(timeMs),
  sentMonotonic: nullable(z.number()),
  sentBoot: nullable(z.string()),
  vendorTaskIds: strings,
  requestId: nullable(z.string()),
});

const part = z
  .object({
    url: z.string(),
    state: z.enum(["processing", "succeeded", "failed"]),
    reason: z.string().optional(),
  })
  .transform(({ url, state, reason }) => ({ url, state, reason }));

const item = z.object({
  index: z.number(),
  batch: nullable(z.number()),
  kind: z.enum(["url", "asset"]),
  target: z.string(),
  given: nullable(z.string()),
  state: itemState,
  code: nullable(z.string()),
  reason: nullable(z.string()),
  parts: nullable(json(z.array(part))),
});

const storedItem = item.extend({ provider: nullable(z.string()), notBefore: nullable(timeMs) });

export function stateFrom(value: SQLOutputValue | undefined): ItemState {
  return itemState.parse(value);
}

export function taskFrom(row: Row): Task {
  return task.parse(fieldsFrom(row));
}

export function batchFrom(row: Row): Batch {
  return batch.parse(fieldsFrom(row));
}

export function itemFrom(row: Row): Item {
  return item.parse(fieldsFrom(row));
}

/** `row` has the columns `provider` and `not_before` of the item's batch. */
export function storedItemFrom(row: Row): StoredItem {
  return storedItem.parse(fieldsFrom(row));
}
