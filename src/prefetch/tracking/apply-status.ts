/** Applies a vendor's status rows to the items of a batch. Pure. */

import type { EndChange, ReportChange } from "../model/batch-change.ts";
import type { StatusRow } from "../model/provider.ts";
import { statusChanges } from "../model/status-changes.ts";
import type { WorkItem } from "../model/storage.ts";
import type { Item } from "../model/task.ts";

export type StatusChange = EndChange | ReportChange;

/** Applies the vendor's rows to the items that they name; an item without a row keeps its state. */
export function applyStatus({ batch, items }: WorkItem, rows: readonly StatusRow[]): StatusChange {
  const changes = statusChanges({ batch, items }, rows);
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
