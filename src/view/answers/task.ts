/** The answer about a task, as `prefetch_urls`, `prefetch_asset`, `get_prefetch_status` and `cancel_prefetch` give it. */

import { type Fields, fieldsOf, listOf, momentOf, numberOf, textOf, wordOf } from "./read.ts";

/** In the order of the progress bar: done, under way, waiting, without an outcome, not done. */
export const itemStates = [
  "succeeded",
  "processing",
  "queued",
  "deferred",
  "planned",
  "untracked",
  "unknown",
  "cancelled",
  "rejected",
  "failed",
] as const;
export type ItemState = (typeof itemStates)[number];

export const taskStates = ["planned", "queued", "running", "scheduled", "succeeded", "partial", "failed", "cancelled"] as const;
export type TaskState = (typeof taskStates)[number];

export type Counts = Readonly<Record<ItemState, number>>;

export interface ItemRow {
  /** The URL in the caller's spelling, or the asset. */
  readonly name: string;
  readonly sentAs: string | undefined;
  readonly provider: string | undefined;
  readonly state: ItemState;
  readonly code: string | undefined;
  readonly reason: string | undefined;
  readonly notBefore: number | undefined;
}

export interface Quota {
  readonly provider: string;
  /** `undefined` without a daily limit. */
  readonly limit: number | undefined;
  readonly used: number;
  readonly resetsAt: number | undefined;
  /** The server counts it, so it misses spending elsewhere. */
  readonly isLedger: boolean;
}

export interface ProviderShare {
  readonly provider: string;
  readonly total: number | undefined;
  readonly cost: number | undefined;
  readonly quota: Quota | undefined;
}

/** A stream or a sitemap that stands for URLs of the task. */
export interface Source {
  readonly kind: string;
  readonly url: string;
  readonly urls: number;
  /** Entries or URIs that lead to no URL of the task. */
  readonly leftOut: number;
  readonly isLive: boolean;
}

/** URLs of the call that an earlier task holds. */
export interface KnownGroup {
  readonly taskId: string;
  readonly state: string;
  readonly count: number;
}

export interface TaskAnswer {
  readonly taskId: string | undefined;
  readonly state: TaskState;
  readonly counts: Counts;
  readonly total: number;
  readonly deferred: { readonly from: number; readonly until: number } | undefined;
  readonly shares: readonly ProviderShare[];
  readonly problems: readonly ItemRow[];
  readonly items: readonly ItemRow[] | undefined;
  readonly nextCursor: string | undefined;
  readonly nextStep: string;
  readonly cost: number | undefined;
  readonly fitsToday: boolean | undefined;
  readonly leftToday: number | undefined;
  readonly batches: number;
  readonly duplicatesRemoved: number;
  readonly skippedRecent: number;
  readonly bytes: number | undefined;
  readonly sources: readonly Source[];
  readonly known: readonly KnownGroup[];
}

/** `undefined` for fields that are no answer about a task. */
export function taskAnswer(fields: Fields): TaskAnswer | undefined {
  const state = wordOf(taskStates, fields.state);
  if (state === undefined) return undefined;
  const counts = countsOf(fields.counts);
  return {
    taskId: textOf(fields.task_id),
    state,
    counts,
    total: numberOf(fieldsOf(fields.counts).total) ?? sumOf(counts),
    deferred: deferredOf(fieldsOf(fields.deferred)),
    shares: sharesOf(fields),
    problems: listOf(fields.problems, itemRow),
    items: Array.isArray(fields.items) ? listOf(fields.items, itemRow) : undefined,
    nextCursor: textOf(fields.next_cursor),
    nextStep: textOf(fields.next_step) ?? "",
    cost: numberOf(fields.cost),
    fitsToday: typeof fields.fits_today === "boolean" ? fields.fits_today : undefined,
    leftToday: numberOf(fields.left_today),
    batches: numberOf(fields.batches) ?? 0,
    duplicatesRemoved: numberOf(fields.duplicates_removed) ?? 0,
    skippedRecent: numberOf(fields.skipped_recent) ?? 0,
    bytes: numberOf(fields.bytes),
    sources: [...listOf(fields.streams, stream), ...listOf(fields.sitemaps, sitemap)],
    known: listOf(fields.known, ({ task_id: id, state: held, count }) => ({
      taskId: textOf(id) ?? "",
      state: textOf(held) ?? "",
      count: numberOf(count) ?? 0,
    })),
  };
}

function countsOf(value: unknown): Counts {
  const fields = fieldsOf(value);
  const count = (state: ItemState) => numberOf(fields[state]) ?? 0;
  return {
    succeeded: count("succeeded"),
    processing: count("processing"),
    queued: count("queued"),
    deferred: count("deferred"),
    planned: count("planned"),
    untracked: count("untracked"),
    unknown: count("unknown"),
    cancelled: count("cancelled"),
    rejected: count("rejected"),
    failed: count("failed"),
  };
}

function sumOf(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function deferredOf({ from, until }: Fields): TaskAnswer["deferred"] {
  const first = momentOf(from);
  return first === undefined ? undefined : { from: first, until: momentOf(until) ?? first };
}

/** The answer of a task with one provider has a quota and no shares. */
function sharesOf({ by_provider: shares, quota: own, cost }: Fields): ProviderShare[] {
  const found = listOf(shares, ({ provider, counts, cost: spent, quota }) => ({
    provider: textOf(provider) ?? "",
    total: numberOf(fieldsOf(counts).total),
    cost: numberOf(spent),
    quota: quotaOf(fieldsOf(quota)),
  }));
  const single = quotaOf(fieldsOf(own));
  return found.length > 0 || !single ? found : [{ provider: single.provider, total: undefined, cost: numberOf(cost), quota: single }];
}

function quotaOf({ provider, has_limit: hasLimit, limit, used, resets_at: resetsAt, source }: Fields): Quota | undefined {
  const name = textOf(provider);
  if (name === undefined) return undefined;
  return {
    provider: name,
    limit: hasLimit === false ? undefined : numberOf(limit),
    used: numberOf(used) ?? 0,
    resetsAt: momentOf(resetsAt),
    isLedger: source === "ledger",
  };
}

function itemRow({ url, asset_id: asset, sent_as: sentAs, provider, state, code, reason, not_before: notBefore }: Fields): ItemRow {
  const due = momentOf(notBefore);
  const own = wordOf(itemStates, state) ?? "unknown";
  return {
    name: textOf(url) ?? textOf(asset) ?? "",
    sentAs: textOf(sentAs),
    provider: textOf(provider),
    state: own === "queued" && due !== undefined ? "deferred" : own,
    code: textOf(code),
    reason: textOf(reason),
    notBefore: due,
  };
}

function stream({ url, kind, urls, live, skipped_count: skipped }: Fields): Source {
  return {
    kind: (textOf(kind) ?? "").toUpperCase(),
    url: textOf(url) ?? "",
    urls: numberOf(urls) ?? 0,
    leftOut: numberOf(skipped) ?? 0,
    isLive: live === true,
  };
}

function sitemap({ url, kind, urls, read, left_out: leftOut }: Fields): Source {
  const left = Object.values(fieldsOf(leftOut)).reduce<number>((sum, count) => sum + (numberOf(count) ?? 0), 0);
  const sent = numberOf(urls) ?? 0;
  return {
    kind: textOf(kind) ?? "",
    url: textOf(url) ?? "",
    urls: sent,
    leftOut: Math.max(left, (numberOf(read) ?? sent) - sent),
    isLive: false,
  };
}
