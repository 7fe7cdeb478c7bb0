/** What a caller asks and is told of a task: bounded, and with the next step in words. */

import type { Quota } from "../model/quota.ts";
import type { StoredItem } from "../model/storage.ts";
import type { StreamView } from "../model/stream.ts";
import type { Counts, Item, ItemState, TaskState } from "../model/task.ts";

/** Problems that are shown unasked. */
export const SUMMARY_ROWS = 20;
export const PAGE_ROWS = 100;

export type Detail = "summary" | "problems" | "all";

export interface StatusRequest {
  /** Ours, or with `provider` the vendor's own. */
  readonly taskId: string;
  readonly provider?: string | undefined;
  readonly detail: Detail;
  readonly cursor?: string | undefined;
  readonly waitSeconds: number;
  /** For nobody in particular: a vendor that could not answer is left alone for a while. */
  readonly unhurried?: boolean;
}

export interface ItemRow {
  readonly url?: string;
  readonly assetId?: string;
  readonly state: ItemState;
  readonly code?: string;
  readonly reason?: string;
  /** Of an item that waits for a time: milliseconds since the epoch. */
  readonly notBefore?: number;
}

export interface TaskView {
  /** Absent for a dry run. */
  readonly taskId?: string;
  readonly provider: string;
  readonly state: TaskState;
  readonly counts: Counts;
  readonly batches: number;
  /** Units that a dry run would spend. */
  readonly cost?: number;
  readonly dryRun?: boolean;
  readonly duplicatesRemoved: number;
  readonly skippedRecent: number;
  readonly problems: readonly ItemRow[];
  /** What was expanded, on a call that asked for it. */
  readonly streams?: readonly StreamView[];
  /** Moved for it by this server itself. */
  readonly bytes?: number;
  readonly items?: readonly ItemRow[];
  readonly nextCursor?: string;
  /** Absent when the task's provider is no longer configured. */
  readonly quota: Quota | undefined;
  readonly nextStep: string;
}

export const problemStates: readonly ItemState[] = ["failed", "rejected", "unknown"];

/** Longer URLs are cut in answers; storage and the vendor have them whole. */
const SHOWN_URL = 1_000;
const SHOWN_REASON = 600;

/** The rows of one item: an asset whose URLs fared differently is told URL by URL. */
export function rowsOf(item: Item & Partial<Pick<StoredItem, "notBefore">>): ItemRow[] {
  const own: ItemRow = {
    ...(item.kind === "asset" ? { assetId: item.target } : { url: shownUrl(item.target) }),
    state: item.state,
    ...(item.code !== undefined && { code: item.code }),
    ...(item.reason !== undefined && { reason: cut(item.reason, SHOWN_REASON) }),
    ...(item.notBefore !== undefined && { notBefore: item.notBefore }),
  };
  const parts = (item.parts ?? []).map(
    (part): ItemRow => ({
      assetId: item.target,
      url: shownUrl(part.url),
      state: part.state,
      ...(part.reason !== undefined && { reason: cut(part.reason, SHOWN_REASON) }),
    }),
  );
  return [own, ...parts];
}

/** As `rowsOf`, leaving out the parts of an asset that went well. */
export function problemRowsOf(item: Item): ItemRow[] {
  return rowsOf(item).filter((row) => problemStates.includes(row.state));
}

/** A URL as rows show it. */
export function shownUrl(url: string): string {
  return cut(url, SHOWN_URL);
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
