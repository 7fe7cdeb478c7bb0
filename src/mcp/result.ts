/** The result that the task tools share: its schemas, and its translation from the domain's views. */

import { z } from "zod";
import { isoTime, span } from "../base/iso-time.ts";
import type { ItemRow, ProviderView, TaskView } from "../prefetch/calls/view.ts";
import type { Quota } from "../prefetch/model/quota.ts";
import { leftOutReasons, type SitemapView } from "../prefetch/model/sitemap.ts";
import type { KnownItems } from "../prefetch/model/storage.ts";
import type { StreamView } from "../prefetch/model/stream.ts";
import { shownStates, totalOf } from "../prefetch/model/task.ts";
import { brief } from "./published-schema.ts";

const row = z.object({
  url: z.string().optional(),
  sent_as: z.string().optional(),
  asset_id: z.string().optional(),
  provider: z.string().optional(),
  state: z.string(),
  code: z.string().optional(),
  reason: z.string().optional(),
});

const count = z.number();

const counts = z
  .object({
    total: count,
    planned: count.optional(),
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
  zone: z.string().optional(),
  has_limit: z.boolean(),
  limit: z.number().optional(),
  used: z.number(),
  remaining: z.number().optional(),
  resets_at: z.string(),
  resets_in: z.string(),
  source: z.enum(["vendor", "ledger"]),
});

export const taskOutput = {
  task_id: z.string().optional(),
  providers: z.array(z.string()),
  state: z.enum(shownStates),
  counts,
  deferred: z.object({ from: z.string(), until: z.string() }).meta(brief).optional(),
  batches: z.number(),
  duplicates_removed: z.number(),
  skipped_recent: z.number(),
  bytes: z.number().optional(),
  by_provider: z
    .array(z.object({ provider: z.string(), counts, cost: count.optional(), quota: quotaSchema.optional() }).meta(brief))
    .optional(),
  problems: z.array(row.meta(brief)),
  quota: quotaSchema.meta(brief).optional(),
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

/** Sitemaps that an answer lists; `counts` still covers the rest. */
const SHOWN_SITEMAPS = 20;
/** More rows hide the rest of the answer. */
const SHOWN_ENTRIES = 5;

/**
 * `read` is the number of entries: `urls` are sent, and `left_out` counts the rest by reason. `foreign_hosts` has the hosts of
 * `left_out.foreign`, such as "img.example.com: 12", and `skipped` the first invalid entries. `unread` counts documents below the
 * sitemap that could not be read; `problems` has a row for each.
 */
const sitemap = z.object({
  url: z.string(),
  kind: z.string(),
  documents: count,
  unchanged_documents: count.optional(),
  read: count,
  urls: count,
  left_out: z.record(z.string(), count).optional(),
  foreign_hosts: z.array(z.string()).optional(),
  skipped: z.array(z.string()).optional(),
  unread: count.optional(),
  ended_at: z.string().optional(),
});

export const sitemapsOutput = { sitemaps: z.array(sitemap.meta(brief)).optional() };

/** URLs of the call's list that an earlier task holds, by task and state. */
const knownGroup = z
  .object({ task_id: z.string(), state: z.string(), count, not_before: z.string().optional(), until: z.string().optional() })
  .meta(brief);

/** Limits the size of a result; `counts` still covers the groups that it leaves out. */
const SHOWN_GROUPS = 20;

/** Results of spending tools also have the cost. */
export const spendOutput = {
  ...taskOutput,
  cost: z.number().optional(),
  refresh_cost: z.number().optional(),
  dry_run: z.boolean().optional(),
  fits_today: z.boolean().optional(),
  left_today: z.number().optional(),
  duplicate_example: z.array(z.string()).optional(),
  known: z.array(knownGroup).optional(),
  streams: z.array(stream.meta(brief)).optional(),
};

/** `not_before` belongs to items that are deferred to a later day. */
export const itemRow = row.extend({ not_before: z.string().optional() });

export const statusOutput = { ...taskOutput, items: z.array(itemRow.meta(brief)).optional(), next_cursor: z.string().optional() };

export function quotaResult(quota: Quota): z.input<typeof quotaSchema> {
  return {
    provider: quota.provider,
    ...(quota.zone !== undefined && { zone: quota.zone }),
    has_limit: quota.limit !== undefined,
    ...(quota.limit !== undefined && { limit: quota.limit }),
    used: quota.used,
    ...(quota.remaining !== undefined && { remaining: quota.remaining }),
    resets_at: isoTime(quota.resetsAt),
    resets_in: span(quota.resetsAt - quota.at),
    source: quota.source,
  };
}

export function taskResult(view: TaskView) {
  return {
    ...(view.taskId !== undefined && { task_id: view.taskId }),
    providers: [...view.providers],
    state: view.state,
    ...countsResult(view),
    batches: view.batches,
    ...costResult(view),
    ...(view.dryRun && { dry_run: true }),
    ...planResult(view),
    duplicates_removed: view.duplicatesRemoved,
    ...(view.duplicate && { duplicate_example: [view.duplicate.kept, view.duplicate.dropped] }),
    skipped_recent: view.skippedRecent,
    ...(view.known && { known: view.known.slice(0, SHOWN_GROUPS).map(knownResult) }),
    ...(view.bytes !== undefined && { bytes: view.bytes }),
    ...(view.streams && { streams: view.streams.slice(0, SHOWN_STREAMS).map(streamResult) }),
    ...(view.sitemaps && { sitemaps: view.sitemaps.slice(0, SHOWN_SITEMAPS).map(sitemapResult) }),
    problems: view.problems.map(rowResult),
    ...(view.items && { items: view.items.map(rowResult) }),
    ...(view.nextCursor !== undefined && { next_cursor: view.nextCursor }),
    ...(view.byProvider && { by_provider: view.byProvider.map((each) => providerResult(each, view.state)) }),
    ...(view.quota && { quota: quotaResult(view.quota) }),
    next_step: view.nextStep,
  };
}

/** Deferred items have a count of their own, and so have those that a dry run would send today. */
function countsResult({ counts: all, deferred, state, known = [] }: TaskView) {
  const total = totalOf(all);
  const later = deferred?.items ?? 0;
  const waiting = known.reduce((sum, group) => sum + (group.state === "queued" && !group.waits ? group.items : 0), 0);
  const unsent = all.queued - later;
  const counts = state === "planned" ? { planned: unsent - waiting, ...all, queued: waiting } : { ...all, queued: unsent };
  if (!deferred) return { counts: { total, ...counts } };
  return {
    counts: { total, ...counts, deferred: later },
    deferred: { from: isoTime(deferred.from), until: isoTime(deferred.until) },
  };
}

function costResult({ cost, refreshCost }: TaskView) {
  return { ...(cost !== undefined && { cost }), ...(refreshCost !== undefined && { refresh_cost: refreshCost }) };
}

function planResult({ plan }: TaskView) {
  if (!plan) return {};
  return { fits_today: plan.fitsToday, ...(plan.leftToday !== undefined && { left_today: plan.leftToday }) };
}

function providerResult({ provider, counts: own, cost, quota }: ProviderView, state: TaskView["state"]) {
  const counts = state === "planned" ? { planned: own.queued, ...own, queued: 0 } : own;
  return {
    provider,
    counts: { total: totalOf(own), ...counts },
    ...(cost !== undefined && { cost }),
    ...(quota && { quota: quotaResult(quota) }),
  };
}

function knownResult({ taskId, state, items, waits }: KnownItems): z.input<typeof knownGroup> {
  return {
    task_id: taskId,
    state: waits ? "deferred" : state,
    count: items,
    ...(waits && { not_before: isoTime(waits.from) }),
    ...(waits && waits.until !== waits.from && { until: isoTime(waits.until) }),
  };
}

function streamResult({ url, format, live, urls, skipped, skippedCount }: StreamView): z.input<typeof stream> {
  const named = skipped.map(({ uri, reason }) => `${uri} ${reason}`.trim());
  return { kind: format, url, live, urls, ...(skippedCount > 0 && { skipped: named, skipped_count: skippedCount }) };
}

function sitemapResult({ url, kind, read, urls, ...facts }: SitemapView): z.input<typeof sitemap> {
  const { documents, unchangedDocuments, leftOut, foreignHosts, skipped, refusedCount, endedAt } = facts;
  const leftOutCounts = leftOutReasons.filter((reason) => leftOut[reason] > 0).map((reason) => [reason, leftOut[reason]] as const);
  return {
    url,
    kind,
    documents,
    ...(unchangedDocuments > 0 && { unchanged_documents: unchangedDocuments }),
    read,
    urls,
    ...(leftOutCounts.length > 0 && { left_out: Object.fromEntries(leftOutCounts) }),
    ...(foreignHosts.length > 0 && { foreign_hosts: foreignHosts.slice(0, SHOWN_ENTRIES).map((each) => `${each.host}: ${each.urls}`) }),
    ...(skipped.length > 0 && { skipped: skipped.slice(0, SHOWN_ENTRIES).map(({ uri, reason }) => `${uri} ${reason}`.trim()) }),
    ...(refusedCount > 0 && { unread: refusedCount }),
    ...(endedAt !== undefined && { ended_at: endedAt }),
  };
}

export function rowResult({ assetId, url, sentAs, notBefore, ...rest }: ItemRow): z.input<typeof itemRow> {
  return {
    ...(assetId !== undefined && { asset_id: assetId }),
    ...(url !== undefined && { url }),
    ...(sentAs !== undefined && { sent_as: sentAs }),
    ...rest,
    ...(notBefore !== undefined && { not_before: isoTime(notBefore) }),
  };
}
