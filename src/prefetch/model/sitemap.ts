/** Sitemaps: lists in which a site names its URLs. */

import type { DocumentSource } from "./edge.ts";
import type { RefusedUrl, SkippedUri } from "./left-out.ts";

/** `sitemap-index` and `robots` name other documents, and the rest names URLs. `text`: one URL in a line. */
export const sitemapKinds = ["sitemap", "sitemap-index", "rss", "atom", "text", "robots"] as const;
export type SitemapKind = (typeof sitemapKinds)[number];

/** The rules of one sitemap that are plain data. */
export interface SitemapRequest {
  readonly mostUrls: number;
  /** Milliseconds since the epoch: only entries that changed since then. */
  readonly since: number | undefined;
  /** Host names of the call's URLs. An entry must be on one of them, or on the sitemap's own. */
  readonly hosts: readonly string[];
}

export interface SitemapRules extends SitemapRequest, DocumentSource {}

export interface SitemapEntry {
  /** In normal spelling. */
  readonly url: string;
  /** Milliseconds since the epoch; `undefined` for an entry without a date. */
  readonly changedAt: number | undefined;
}

/**
 * `unchanged`: since the moment that the caller names. `undated`: without a date, in a call that names a moment. `foreign`: on a
 * host that is neither the sitemap's nor one of the call's URLs. `repeated`: named before. `over`: older ones beyond `mostUrls`.
 */
export const leftOutReasons = ["unchanged", "undated", "foreign", "invalid", "repeated", "over"] as const;
export type LeftOut = Readonly<Record<(typeof leftOutReasons)[number], number>>;

/** A sitemap and the documents below it. `read` is the number of `entries` and of everything in `leftOut`. */
export interface Sitemap {
  readonly kind: SitemapKind;
  /** Documents that were read. */
  readonly documents: number;
  /** Documents that were not read, because they have not changed since the moment that the caller names. */
  readonly unchangedDocuments: number;
  readonly read: number;
  /** Newest first, and after them those without a date, as the documents list them. */
  readonly entries: readonly SitemapEntry[];
  readonly leftOut: LeftOut;
  /** The foreign hosts with the most entries. */
  readonly foreignHosts: readonly { readonly host: string; readonly urls: number }[];
  /** The first invalid entries. */
  readonly skipped: readonly SkippedUri[];
  /** The first documents below this one that could not be read. */
  readonly refused: readonly RefusedUrl[];
  readonly refusedCount: number;
  /** The bound at which the reading ended, such as "50,000 URLs"; `undefined` when everything was read. */
  readonly endedAt: string | undefined;
}

/** Throws `PrefetchError` when the first document cannot be read or is none of the kinds. */
export type SitemapReader = (url: string, rules: SitemapRules) => Promise<Sitemap>;

/** A sitemap as callers see it. */
export interface SitemapView extends Omit<Sitemap, "entries" | "refused"> {
  readonly url: string;
  /** Number of its URLs that are planned. */
  readonly urls: number;
}

/** Entries of one time keep their order, and so do those without a date, which come last. */
export function newestFirst<Entry extends SitemapEntry>(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((a, b) => (b.changedAt ?? Number.NEGATIVE_INFINITY) - (a.changedAt ?? Number.NEGATIVE_INFINITY) || 0);
}

/** The later of two dates; an entry without a date leaves the other one as it is. */
export function laterOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
