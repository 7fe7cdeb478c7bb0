/** Applies a vendor's status rows to the items of a batch. Pure. */

import type { EndChange, ItemChange, ReportChange } from "../model/batch-change.ts";
import { matchUrls } from "../model/match-urls.ts";
import type { StatusRow } from "../model/provider.ts";
import type { WorkItem } from "../model/storage.ts";
import type { Item, Part } from "../model/task.ts";

export type StatusChange = EndChange | ReportChange;

/** An asset has a handful of renditions. A larger bound would let one vendor answer fill the store. */
const MOST_PARTS = 50;

/** Applies the vendor's rows to the items that they name; an item without a row keeps its state. */
export function applyStatus({ batch, items }: WorkItem, rows: readonly StatusRow[]): StatusChange {
  const changes = batch.kind === "asset" ? assetChanges(items, rows) : urlChanges(items, rows);
  const before = new Map(items.map((item) => [item.index, item.state]));
  const news = changes.filter(
    ({ index, state, parts }) => before.get(index) === "processing" && (parts !== undefined || state !== "processing"),
  );
  const after = new Map(news.map(({ index, state }) => [index, state]));
  const isProcessing = items.some(({ index, state }) => (after.get(index) ?? state) === "processing");
  return { kind: isProcessing ? "report" : "end", items: news, refund: 0 };
}

/** The vendor will say nothing more about these items. */
export function abandoned(items: readonly Item[], why: string): EndChange {
  const open = items.filter((item) => item.state === "processing");
  return {
    kind: "end",
    items: open.map((item) => ({ index: item.index, state: "untracked", code: "not_found", reason: why })),
    refund: 0,
  };
}

/** The change, and the end of every item that it leaves processing. */
export function finished({ items }: WorkItem, change: StatusChange, why: string): EndChange {
  const named = new Set(change.items.map(({ index }) => index));
  const end = abandoned(
    items.filter(({ index }) => !named.has(index)),
    why,
  );
  return { ...end, items: [...change.items, ...end.items] };
}

function urlChanges(items: readonly Item[], rows: readonly StatusRow[]): ItemChange[] {
  const changes = new Map<number, ItemChange>();
  const itemsNamed = matchUrls(items);
  for (const row of rows) {
    for (const { index } of itemsNamed(row.url)) {
      const before = changes.get(index);
      if (!before || rank(before.state) < rank(row.state)) changes.set(index, changeOf(index, row));
    }
  }
  return [...changes.values()];
}

/** Among several rows for one item the least finished counts, then the worst. */
function rank(state: string): number {
  return ["succeeded", "failed", "processing"].indexOf(state);
}

function assetChanges([item]: readonly Item[], rows: readonly StatusRow[]): ItemChange[] {
  if (!item || rows.length === 0) return [];
  const { index } = item;
  const whole = rows.find((row) => row.url === item.target);
  if (whole) return [changeOf(index, whole)];
  const parts = rows.slice(0, MOST_PARTS).map((row): Part => ({ url: row.url, state: row.state, reason: row.reason }));
  if (rows.some((row) => row.state === "processing")) return [{ index, state: "processing", parts }];
  const failed = rows.filter((row) => row.state === "failed").length;
  if (failed === 0) return [{ index, state: "succeeded", parts }];
  return [{ index, state: "failed", code: "vendor_failed", reason: `${failed} of the asset's ${rows.length} URLs failed.`, parts }];
}

function changeOf(index: number, { state, reason, vendorState }: StatusRow): ItemChange {
  if (state !== "failed") return { index, state };
  return { index, state, code: "vendor_failed", reason: reason ?? `The vendor reports "${vendorState}" and gives no reason.` };
}
