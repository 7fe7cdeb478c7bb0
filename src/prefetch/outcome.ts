/** What the vendor's answers, and their absence, mean for a batch and its items. Pure. */

import { explain, type PrefetchError } from "../errors.ts";
import type { StatusRow, Submission } from "./provider.ts";
import type { WorkItem } from "./storage.ts";
import type { BatchChange, Item, ItemChange, Part } from "./task.ts";
import { echoKey } from "./url.ts";

/** Parts of one asset that are kept; an asset has a handful of renditions. */
const MOST_PARTS = 50;

export function accepted(work: WorkItem, submission: Submission, trackable: boolean, now: number): BatchChange {
  const followed = trackable && submission.vendorTaskIds.length > 0;
  const refused = new Map(submission.refused.flatMap((refusal) => named(work.items, refusal.url).map((item) => [item.index, refusal])));
  let taken = 0;
  const items = work.items.map((item): ItemChange => {
    const refusal = refused.get(item.index);
    if (refusal) return { index: item.index, state: "rejected", code: refusal.code, reason: refusal.reason };
    taken += 1;
    return followed
      ? { index: item.index, state: "processing" }
      : {
          index: item.index,
          state: "untracked",
          code: "unsupported",
          reason: "Accepted, but the vendor gave no id to ask for the outcome.",
        };
  });
  const { batch } = work;
  return {
    batch: {
      state: followed && taken > 0 ? "sent" : "ended",
      leaseUntil: undefined,
      sentAt: now,
      vendorTaskIds: submission.vendorTaskIds,
      requestId: submission.requestId,
    },
    items,
    // One unit a URL; an asset is taken or refused whole.
    refund: batch.kind === "urls" ? work.items.length - taken : 0,
  };
}

export interface RetryPolicy {
  /** A number in [0, 1), for spreading retries. */
  random(): number;
}

const mostAttempts = { not_sent: 5, refused: 3, throttled: 10 };
const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 60_000;

/** Sends again later what may be sent again; ends the rest with the reason. An unknown delivery is never repeated. */
export function failed(work: WorkItem, error: PrefetchError, now: number, policy: RetryPolicy): BatchChange {
  const { batch } = work;
  if (error.delivery === "unknown") return lost(work, explain(error));

  const throttled = error.code === "rate_limited" || error.code === "queue_full";
  const allowed = throttled ? mostAttempts.throttled : mostAttempts[error.delivery];
  const attempts = batch.attempts + 1;
  if (error.retryable && attempts < allowed) {
    const ceiling = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempts);
    const wait = error.retryAfterMs ?? Math.ceil(ceiling * policy.random());
    const reason = `Will be sent again. ${explain(error)}`;
    return {
      batch: { state: "queued", attempts, notBefore: now + wait, leaseUntil: undefined },
      items: work.items.map((item) => ({ index: item.index, state: "queued", code: error.code, reason })),
      refund: 0,
    };
  }
  const reason = `${explain(error)}${blames(error) && work.items.length > 1 ? ` The vendor refused a request of ${work.items.length} URLs without saying which of them is at fault.` : ""}`;
  return {
    batch: { state: "ended", attempts, leaseUntil: undefined, requestId: error.requestId },
    items: work.items.map((item) => ({ index: item.index, state: "rejected", code: error.code, reason })),
    refund: batch.cost,
    exhausted: error.code === "quota_exhausted",
  };
}

/** Refusals that may be due to a single URL of the request. */
function blames(error: PrefetchError): boolean {
  return ["invalid_argument", "not_found", "not_published"].includes(error.code);
}

/** A batch that was on the wire when its answer, or its process, was lost. Its quota counts as spent. */
export function lost(work: WorkItem, why: string): BatchChange {
  return {
    batch: { state: "ended", leaseUntil: undefined },
    items: work.items.map((item) => ({ index: item.index, state: "unknown", code: "timeout", reason: why })),
    refund: 0,
  };
}

/** A claimed batch of which nothing was sent goes back to the queue. */
export function returned(): BatchChange {
  return { batch: { state: "queued", leaseUntil: undefined }, items: [], refund: 0 };
}

/** An accepted batch of which the vendor will say nothing more: what is still open cannot be asked for. */
export function abandoned(work: WorkItem, why: string): BatchChange {
  const open = work.items.filter((item) => item.state === "processing");
  return {
    batch: { state: "ended" },
    items: open.map((item) => ({ index: item.index, state: "untracked", code: "not_found", reason: why })),
    refund: 0,
  };
}

/** Applies the vendor's rows to the items they speak of; an item that no row names stays as it is. */
export function reported(work: WorkItem, rows: readonly StatusRow[]): BatchChange {
  const open = new Map(work.items.map((item) => [item.index, item.state === "processing"]));
  const before = new Map(work.items.map((item) => [item.index, item.state]));
  const changes = (work.batch.kind === "asset" ? assetChanges(work.items, rows) : urlChanges(work.items, rows)).filter(
    (change) => open.get(change.index) && (change.parts !== undefined || change.state !== before.get(change.index)),
  );
  const changed = new Map(changes.map((change) => [change.index, change.state]));
  const goesOn = work.items.some((item) => (changed.get(item.index) ?? item.state) === "processing");
  return { batch: goesOn ? {} : { state: "ended" }, items: changes, refund: 0 };
}

function urlChanges(items: readonly Item[], rows: readonly StatusRow[]): ItemChange[] {
  const changes = new Map<number, ItemChange>();
  for (const row of rows) {
    for (const item of named(items, row.url)) {
      const before = changes.get(item.index);
      if (before && rank(before.state) >= rank(row.state)) continue;
      changes.set(item.index, changeFrom(item.index, row.state, row.reason));
    }
  }
  return [...changes.values()];
}

/** The items that a vendor's spelling of a URL means. Two can differ in their scheme alone, which a vendor may leave out. */
function named(items: readonly Item[], url: string): readonly Item[] {
  const key = echoKey(url);
  const alike = items.filter((item) => echoKey(item.target) === key);
  const scheme = /^https?:/i.exec(url.trim())?.[0].toLowerCase();
  const same = alike.filter((item) => item.target === url || (scheme !== undefined && item.target.startsWith(scheme)));
  return same.length > 0 ? same : alike;
}

/** Several rows for one item: the least finished, then the worst, speaks for it. */
function rank(state: string): number {
  return ["succeeded", "failed", "processing"].indexOf(state);
}

function assetChanges(items: readonly Item[], rows: readonly StatusRow[]): ItemChange[] {
  const item = items[0];
  if (!item || rows.length === 0) return [];
  const parts = rows.slice(0, MOST_PARTS).map((row): Part => ({ url: row.url, state: row.state, reason: row.reason }));
  const processing = rows.some((row) => row.state === "processing");
  const bad = rows.filter((row) => row.state === "failed");
  if (processing) return [{ index: item.index, state: "processing", parts }];
  if (bad.length === 0) return [{ index: item.index, state: "succeeded", parts }];
  const reason = `${bad.length} of the asset's ${rows.length} URLs failed.`;
  return [{ index: item.index, state: "failed", code: "vendor_failed", reason, parts }];
}

function changeFrom(index: number, state: StatusRow["state"], reason: string | undefined): ItemChange {
  if (state !== "failed") return { index, state };
  return { index, state, code: "vendor_failed", reason: reason ?? "The vendor reports that it failed." };
}
