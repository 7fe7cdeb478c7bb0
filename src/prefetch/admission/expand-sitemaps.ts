/** Expands sitemaps: a list of sitemaps and feeds is replaced by the URLs that they name, the newest first. */

import { withPermit } from "../../base/semaphore.ts";
import type { Sitemap, SitemapEntry, SitemapReader, SitemapView } from "../model/sitemap.ts";
import { hostnameOf } from "../model/url.ts";
import { type ExpandedList, type ExpandTools, type Refusal, readableUrls, refusalOf } from "./expandable.ts";

export interface ExpandedSitemaps extends ExpandedList {
  readonly sitemaps: readonly SitemapView[];
}

export interface ExpandSitemapsOptions extends ExpandTools {
  readonly read: SitemapReader;
  /** Milliseconds since the epoch: only entries that changed since then. */
  readonly since: number | undefined;
}

/** Over all calls. A sitemap takes up to 120 MB: a document of 50 MiB, packed and unpacked, and the beginnings of four. */
export const SITEMAPS_AT_ONCE = 3;

/** Reads one sitemap after another, so that a call holds one permit. */
export async function expandSitemaps(inputs: readonly unknown[], options: ExpandSitemapsOptions): Promise<ExpandedSitemaps> {
  const { edge, read, since, mostUrls, signal, semaphore, breathe } = options;
  const urls = await readableUrls(inputs, options);
  const given = new Set(urls.filter((url) => url !== undefined));
  const hosts = [...new Set(Array.from(given, hostnameOf))];
  const fetchBody = (url: string, mostBytes: number) => edge.body(url, mostBytes, signal);
  const newest = createNewest(mostUrls);
  const sitemaps = new Map<string, Sitemap>();
  const refusals = new Map<string, Refusal>();
  for (const url of given) {
    try {
      const sitemap = await withPermit(semaphore, signal, () => read(url, { mostUrls, since, hosts, signal, fetchBody }));
      for (const entry of sitemap.entries) {
        const pause = breathe();
        if (pause) await pause;
        newest.add(entry, url);
      }
      newest.cut();
      sitemaps.set(url, { ...sitemap, entries: [] });
      for (const { url: nested, code, reason } of sitemap.refused) refusals.set(nested, { code, reason });
    } catch (error) {
      refusals.set(url, refusalOf(error, "sitemap", options));
    }
  }
  const taken = newest.list();
  // A URL that is no sitemap may still be named by one, and is then sent.
  for (const { url } of taken) refusals.delete(url);
  const unread = inputs.filter((_, index) => {
    const url = urls[index];
    return url === undefined || refusals.has(url);
  });
  const nested = [...refusals.keys()].filter((url) => !given.has(url));
  return {
    urls: [...taken.map(({ url }) => url), ...unread, ...nested],
    refusals,
    sitemaps: Array.from(sitemaps, ([url, sitemap]) => viewOf(url, sitemap, newest.counts(url))),
  };
}

/** An entry, and the URL of the sitemap that named it first. */
interface Taken extends SitemapEntry {
  readonly by: string;
}

interface OwnCounts {
  readonly urls: number;
  /** Entries that an earlier sitemap of the call names, too. */
  readonly repeated: number;
}

/** Keeps the newest `most` entries of several sitemaps, each URL once. */
function createNewest(most: number) {
  let known = new Map<string, Taken>();
  const repeated = new Map<string, number>();

  const cut = (): void => {
    if (known.size <= most) return;
    known = new Map(
      newestFirst([...known.values()])
        .slice(0, most)
        .map((entry) => [entry.url, entry]),
    );
  };

  return {
    add: ({ url, changedAt }: SitemapEntry, by: string): void => {
      const first = known.get(url);
      if (first === undefined) known.set(url, { url, changedAt, by });
      else {
        repeated.set(by, (repeated.get(by) ?? 0) + 1);
        known.set(url, { ...first, changedAt: later(first.changedAt, changedAt) });
      }
    },
    cut,
    list: (): Taken[] => newestFirst([...known.values()]),
    counts: (by: string): OwnCounts => ({
      urls: [...known.values()].filter((entry) => entry.by === by).length,
      repeated: repeated.get(by) ?? 0,
    }),
  };
}

/** Entries without a date come last, as their sitemaps list them. */
function newestFirst(entries: readonly Taken[]): Taken[] {
  return entries.toSorted((a, b) => (b.changedAt ?? Number.NEGATIVE_INFINITY) - (a.changedAt ?? Number.NEGATIVE_INFINITY) || 0);
}

function later(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

/** Entries that were taken and that no list holds any more are over the bound. */
function viewOf(url: string, { entries: _, refused: __, ...sitemap }: Sitemap, { urls, repeated: own }: OwnCounts): SitemapView {
  const { unchanged, undated, foreign, invalid } = sitemap.leftOut;
  const repeated = sitemap.leftOut.repeated + own;
  const over = sitemap.read - urls - unchanged - undated - foreign - invalid - repeated;
  return { ...sitemap, url, urls, leftOut: { unchanged, undated, foreign, invalid, repeated, over } };
}
