/** Reads a vendor's status rows as new states of the items that they name. Pure. */

import type { ItemChange } from "./batch-change.ts";
import { matchUrls } from "./match-urls.ts";
import type { StatusRow } from "./provider.ts";
import type { WorkItem } from "./storage.ts";
import type { Item, Part } from "./task.ts";

/** An asset has a handful of renditions. A larger bound would let one vendor answer fill the store. */
const MOST_PARTS = 50;

/** The states by the vendor's rows. An item without a row is missing from the result. */
export function statusChanges({ batch, items }: WorkItem, rows: readonly StatusRow[]): ItemChange[] {
  return batch.kind === "asset" ? assetChanges(items, rows) : urlChanges(items, rows);
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
  return ["succeeded", "untracked", "failed", "processing"].indexOf(state);
}

function assetChanges([item]: readonly Item[], rows: readonly StatusRow[]): ItemChange[] {
  if (!item || rows.length === 0) return [];
  const { index } = item;
  const whole = rows.find((row) => row.url === item.target);
  if (whole) return [changeOf(index, whole)];
  const parts = rows.slice(0, MOST_PARTS).map((row): Part => ({ url: row.url, state: row.state, reason: row.reason }));
  if (rows.some((row) => row.state === "processing")) return [{ index, state: "processing", parts }];
  const failed = rows.filter((row) => row.state === "failed").length;
  if (failed > 0) {
    return [{ index, state: "failed", code: "vendor_failed", reason: `${failed} of the asset's ${rows.length} URLs failed.`, parts }];
  }
  const untold = rows.find((row) => row.state === "untracked");
  return [untold ? { ...changeOf(index, untold), parts } : { index, state: "succeeded", parts }];
}

function changeOf(index: number, { state, reason, vendorState }: StatusRow): ItemChange {
  if (state === "untracked") return { index, state, code: "unsupported", reason: reason ?? `The vendor says only "${vendorState}".` };
  if (state !== "failed") return { index, state };
  return { index, state, code: "vendor_failed", reason: reason ?? `The vendor reports "${vendorState}" and gives no reason.` };
}
