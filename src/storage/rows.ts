/** From stored rows to the domain's types. A row that does not fit means a damaged file, and says so. */

import type { SQLOutputValue } from "node:sqlite";
import { z } from "zod";
import type { StoredItem } from "../prefetch/model/storage.ts";
import { type Batch, type Item, type ItemState, itemStates, type Task } from "../prefetch/model/task.ts";

type Row = Record<string, SQLOutputValue>;

const nullable = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().transform((value) => value ?? undefined);
const json = <Schema extends z.ZodType>(schema: Schema) =>
  z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(schema);

const state = z.enum(itemStates);
/** Milliseconds since the epoch that a date can hold. */
const moment = z.number().min(0).max(8_640_000_000_000_000);
const strings = json(z.array(z.string()));

const taskRow = z.object({
  id: z.string(),
  tenant: z.string(),
  traceparent: nullable(z.string()),
  created_at: moment,
  providers: strings,
  duplicates_removed: z.number(),
  skipped_recent: z.number(),
});

const batchRow = z.object({
  task_id: z.string(),
  number: z.number(),
  origin: z.number(),
  provider: z.string(),
  account: z.string(),
  kind: z.enum(["asset", "urls"]),
  state: z.enum(["queued", "claimed", "sending", "sent", "ended"]),
  day: z.string(),
  cost: z.number(),
  may_wait: z.number(),
  attempts: z.number(),
  not_before: moment,
  lease_until: nullable(moment),
  sent_at: nullable(moment),
  vendor_task_ids: strings,
  request_id: nullable(z.string()),
});

const itemRow = z.object({
  idx: z.number(),
  batch: nullable(z.number()),
  kind: z.enum(["url", "asset"]),
  target: z.string(),
  state,
  code: nullable(z.string()),
  reason: nullable(z.string()),
  parts: nullable(
    json(
      z.array(
        z.object({
          url: z.string(),
          state: z.enum(["processing", "succeeded", "failed"]),
          reason: z.string().optional(),
        }),
      ),
    ),
  ),
});

const notBeforeRow = z.object({ not_before: nullable(moment) });

export function stateFrom(value: SQLOutputValue | undefined): ItemState {
  return state.parse(value);
}

export function taskFrom(row: Row): Task {
  const task = taskRow.parse(row);
  return {
    id: task.id,
    tenant: task.tenant,
    traceparent: task.traceparent,
    createdAt: task.created_at,
    providers: task.providers,
    duplicatesRemoved: task.duplicates_removed,
    skippedRecent: task.skipped_recent,
  };
}

export function batchFrom(row: Row): Batch {
  const batch = batchRow.parse(row);
  return {
    taskId: batch.task_id,
    number: batch.number,
    origin: batch.origin,
    provider: batch.provider,
    account: batch.account,
    kind: batch.kind,
    state: batch.state,
    day: batch.day,
    cost: batch.cost,
    deferrable: batch.may_wait === 1,
    attempts: batch.attempts,
    notBefore: batch.not_before,
    leaseUntil: batch.lease_until,
    sentAt: batch.sent_at,
    vendorTaskIds: batch.vendor_task_ids,
    requestId: batch.request_id,
  };
}

export function itemFrom(row: Row): Item {
  const item = itemRow.parse(row);
  return {
    index: item.idx,
    batch: item.batch,
    kind: item.kind,
    target: item.target,
    state: item.state,
    code: item.code,
    reason: item.reason,
    parts: item.parts?.map((part) => ({ url: part.url, state: part.state, reason: part.reason })),
  };
}

/** An item with the time of its batch, where the row has that. */
export function storedItemFrom(row: Row): StoredItem {
  return { ...itemFrom(row), notBefore: notBeforeRow.parse(row).not_before };
}
