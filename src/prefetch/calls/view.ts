/** A task and its items as callers see them: bounded rows, cut texts. */

import type { ParsedUrls } from "../admission/parse-urls.ts";
import type { Quota } from "../model/quota.ts";
import type { SitemapView } from "../model/sitemap.ts";
import type { KnownItems, StoredItem } from "../model/storage.ts";
import type { StreamView } from "../model/stream.ts";
import { type Counts, type DeferredItems, type Item, type ItemState, problemStates, type ShownState } from "../model/task.ts";

/** Rows of a summary. More would bury its next step; callers ask for the rest by page. */
export const SUMMARY_ROWS = 20;
/** Rows of a summary with one state, code and reason. More would say the same again; fewer hide which URLs it is about. */
const ALIKE_ROWS = 5;
/** Rows per page of details. */
export const PAGE_ROWS = 100;

export type Detail = "summary" | "problems" | "all";

export interface StatusRequest {
  /** Ours, or with `provider` the vendor's own. */
  readonly taskId: string;
  readonly provider?: string | undefined;
  readonly detail: Detail;
  readonly cursor?: string | undefined;
  readonly waitSeconds: number;
  /** A background look: a vendor that could not answer is not asked again for a while. */
  readonly unhurried?: boolean;
}

export interface ItemRow {
  /** As the caller spelt it. */
  readonly url?: string;
  /** The URL that is sent, if it differs from `url`. */
  readonly sentAs?: string;
  readonly assetId?: string;
  /** In a task with several providers. */
  readonly provider?: string;
  readonly state: ItemState;
  readonly code?: string;
  readonly reason?: string;
  /** For a deferred item: milliseconds since the epoch. */
  readonly notBefore?: number;
}

/** One provider of a task or a plan with several. */
export interface ProviderView {
  readonly provider: string;
  /** Of its planned items. */
  readonly counts: Counts;
  /** Of a spending call: units that it spends at this provider. */
  readonly cost?: number;
  readonly quota: Quota | undefined;
}

export interface TaskView {
  /** Absent for a dry run. */
  readonly taskId?: string;
  /** Of a stored task, milliseconds since the epoch. */
  readonly createdAt?: number;
  /** Ids; several when the task spans several providers. */
  readonly providers: readonly string[];
  readonly state: ShownState;
  /** `queued` includes the deferred items. */
  readonly counts: Counts;
  readonly deferred?: DeferredItems | undefined;
  readonly batches: number;
  /** Of a spending call: units that it spends, on whichever day, or would without `dryRun`. */
  readonly cost?: number;
  /** Units of the quota for refreshing that the call has reserved. */
  readonly refreshCost?: number;
  readonly dryRun?: boolean;
  /** For a dry run: whether all of it would be sent today, and the units left then; `undefined` for no limit. */
  readonly plan?: { readonly fitsToday: boolean; readonly leftToday: number | undefined };
  readonly duplicatesRemoved: number;
  readonly duplicate?: ParsedUrls["duplicate"];
  /** Where the URLs of the list stand that earlier tasks hold. */
  readonly known?: readonly KnownItems[];
  readonly skippedRecent: number;
  readonly problems: readonly ItemRow[];
  /** The expanded streams or sitemaps, on a call with `expand`. */
  readonly streams?: readonly StreamView[];
  readonly sitemaps?: readonly SitemapView[];
  /** Bytes that a direct provider moved. */
  readonly bytes?: number;
  readonly items?: readonly ItemRow[];
  readonly nextCursor?: string;
  /** Of a task with several providers. `quota` is the tightest of theirs. */
  readonly byProvider?: readonly ProviderView[];
  /** Absent when the task's provider is no longer configured. */
  readonly quota: Quota | undefined;
  readonly nextStep: string;
}

/** Characters of a URL in an answer; storage and the vendor have it whole. */
const SHOWN_URL = 1_000;
const SHOWN_REASON = 600;

/** The rows of one item: its own and, for an asset, one per URL that the vendor told about. */
export function rowsOf(item: Item & Partial<Pick<StoredItem, "notBefore" | "provider">>, namesProvider = false): ItemRow[] {
  const provider = namesProvider && item.provider !== undefined ? { provider: item.provider } : {};
  const own: ItemRow = {
    ...(item.kind === "asset" ? { assetId: item.target } : spelling(item)),
    ...provider,
    state: item.state,
    ...(item.code !== undefined && { code: item.code }),
    ...(item.reason !== undefined && { reason: cut(item.reason, SHOWN_REASON) }),
    ...(item.notBefore !== undefined && { notBefore: item.notBefore }),
  };
  const parts = (item.parts ?? []).map(
    (part): ItemRow => ({
      assetId: item.target,
      url: shownUrl(part.url),
      ...provider,
      state: part.state,
      ...(part.reason !== undefined && { reason: cut(part.reason, SHOWN_REASON) }),
    }),
  );
  return [own, ...parts];
}

function spelling({ given, target }: Pick<Item, "given" | "target">): Pick<ItemRow, "url" | "sentAs"> {
  return given === undefined ? { url: shownUrl(target) } : { url: shownUrl(given), sentAs: shownUrl(target) };
}

/** The rows of one item that are problems. */
export function problemRowsOf(item: Parameters<typeof rowsOf>[0], namesProvider = false): ItemRow[] {
  return rowsOf(item, namesProvider).filter((row) => problemStates.includes(row.state));
}

/** The rows that a summary shows: the first ones, and of many that are alike a few. The counts cover all. */
export function summaryOf(rows: readonly ItemRow[]): ItemRow[] {
  const alike = new Map<string, number>();
  const shown = rows.filter(({ state, code, reason }) => {
    const kind = JSON.stringify([state, code, reason]);
    const nth = (alike.get(kind) ?? 0) + 1;
    alike.set(kind, nth);
    return nth <= ALIKE_ROWS;
  });
  return shown.slice(0, SUMMARY_ROWS);
}

/** A URL as rows show it. */
export function shownUrl(url: string): string {
  return cut(url, SHOWN_URL);
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
