/** What the vendor's status rows mean for the items of a batch. Pure. */

import type { BatchChange, ItemChange } from "../model/batch-change.ts";
import { matchUrls } from "../model/match-urls.ts";
import type { StatusRow } from "../model/provider.ts";
import type { WorkItem } from "../model/storage.ts";
import type { Item, Part } from "../model/task.ts";

/** Parts of one asset that are kept; an asset has a handful of renditions. */
const MOST_PARTS = 50;

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
  const named = matchUrls(items);
  for (const row of rows) {
    for (const item of named(row.url)) {
      const before = changes.get(item.index);
      if (before && rank(before.state) >= rank(row.state)) continue;
      changes.set(item.index, changeFrom(item.index, row.state, row.reason));
    }
  }
  return [...changes.values()];
}

/** Several rows for one item: the least finished, then the worst, speaks for it. */
function rank(state: string): number {
  return ["succeeded", "failed", "processing"].indexOf(state);
}

function assetChanges(items: readonly Item[], rows: readonly StatusRow[]): ItemChange[] {
  const item = items[0];
  if (!item || rows.length === 0) return [];
  const whole = rows.find((row) => row.url === item.target);
  if (whole) return [changeFrom(item.index, whole.state, whole.reason)];
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
