/** The result that the task tools share: its schemas, and its translation from the domain's views. */

import { z } from "zod";
import { isoTime } from "../base/iso-time.ts";
import type { ItemRow, TaskView } from "../prefetch/calls/view.ts";
import type { Quota } from "../prefetch/model/quota.ts";
import type { StreamView } from "../prefetch/model/stream.ts";
import { shownStates, totalOf } from "../prefetch/model/task.ts";
import { brief } from "./published-schema.ts";

const row = z.object({
  url: z.string().optional(),
  asset_id: z.string().optional(),
  state: z.string(),
  code: z.string().optional(),
  reason: z.string().optional(),
});

const count = z.number();

const counts = z
  .object({
    total: count,
    queued: count,
    deferred: count.optional(),
    processing: count,
    succeeded: count,
    failed: count,
    rejected: count,
    untracked: count,
    cancelled: count,
    unknown: count,
  })
  .meta(brief);

export const quotaSchema = z.object({
  provider: z.string(),
  limit: z.number().optional(),
  used: z.number(),
  remaining: z.number().optional(),
  resets_at: z.string(),
  source: z.enum(["vendor", "ledger"]),
});

export const taskOutput = {
  task_id: z.string().optional(),
  provider: z.string(),
  state: z.enum(shownStates),
  counts,
  deferred: z.object({ from: z.string(), until: z.string() }).optional(),
  batches: z.number(),
  duplicates_removed: z.number(),
  skipped_recent: z.number(),
  bytes: z.number().optional(),
  problems: z.array(row),
  quota: quotaSchema.optional(),
  next_step: z.string(),
};

/** Limits the size of a result; `counts` still covers the streams that it leaves out. */
const SHOWN_STREAMS = 50;

/** `skipped_count` counts the URIs that lead to no URL; `skipped` names the first of them, such as "skd://1 has the scheme …". */
const stream = z.object({
  url: z.string(),
  kind: z.string(),
  live: z.boolean(),
  urls: z.number(),
  skipped: z.array(z.string()).optional(),
  skipped_count: z.number().optional(),
});

/** Results of spending tools also have the cost. */
export const spendOutput = {
  ...taskOutput,
  cost: z.number().optional(),
  dry_run: z.boolean().optional(),
  streams: z.array(stream).optional(),
};

/** `not_before` belongs to items that are deferred to a later day. */
const itemRow = row.extend({ not_before: z.string().optional() });

export const statusOutput = { ...taskOutput, items: z.array(itemRow).optional(), next_cursor: z.string().optional() };

export function quotaResult(quota: Quota): z.input<typeof quotaSchema> {
  return {
    provider: quota.provider,
    ...(quota.limit !== undefined && { limit: quota.limit }),
    used: quota.used,
    ...(quota.remaining !== undefined && { remaining: quota.remaining }),
    resets_at: new Date(quota.resetsAt).toISOString(),
    source: quota.source,
  };
}

export function taskResult(view: TaskView) {
  return {
    ...(view.taskId !== undefined && { task_id: view.taskId }),
    provider: view.provider,
    state: view.state,
    ...countsResult(view),
    batches: view.batches,
    ...(view.cost !== undefined && { cost: view.cost }),
    ...(view.dryRun && { dry_run: true }),
    duplicates_removed: view.duplicatesRemoved,
    skipped_recent: view.skippedRecent,
    ...(view.bytes !== undefined && { bytes: view.bytes }),
    ...(view.streams && { streams: view.streams.slice(0, SHOWN_STREAMS).map(streamResult) }),
    problems: view.problems.map(rowResult),
    ...(view.items && { items: view.items.map(rowResult) }),
    ...(view.nextCursor !== undefined && { next_cursor: view.nextCursor }),
    ...(view.quota && { quota: quotaResult(view.quota) }),
    next_step: view.nextStep,
  };
}

/** Deferred items have a count of their own. */
function countsResult({ counts: all, deferred }: TaskView) {
  const total = totalOf(all);
  if (!deferred) return { counts: { total, ...all } };
  return {
    counts: { total, ...all, queued: all.queued - deferred.items, deferred: deferred.items },
    deferred: { from: isoTime(deferred.from), until: isoTime(deferred.until) },
  };
}

function streamResult({ url, format, live, urls, skipped, skippedCount }: StreamView): z.input<typeof stream> {
  const named = skipped.map(({ uri, reason }) => `${uri} ${reason}`.trim());
  return { kind: format, url, live, urls, ...(skippedCount > 0 && { skipped: named, skipped_count: skippedCount }) };
}

function rowResult({ assetId, notBefore, ...rest }: ItemRow): z.input<typeof itemRow> {
  return {
    ...(assetId !== undefined && { asset_id: assetId }),
    ...rest,
    ...(notBefore !== undefined && { not_before: isoTime(notBefore) }),
  };
}
