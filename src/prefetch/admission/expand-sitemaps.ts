/** Expands sitemaps: a list of sitemaps and feeds is replaced by the URLs that they name, the newest first. */

import { withPermit } from "../../base/semaphore.ts";
import { laterOf, newestFirst, type Sitemap, type SitemapEntry, type SitemapReader, type SitemapView } from "../model/sitemap.ts";
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
      sitemaps.set(url, { ...sitemap, entries: [] });
      for (const { url: nested, code, reason } of sitemap.refused) refusals.set(nested, { code, reason });
    } catch (error) {
      refusals.set(url, refusalOf(error, "sitemap", options));
    }
  }
  const { taken, counts } = newest.result();
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
    sitemaps: Array.from(sitemaps, ([url, sitemap]) => viewOf(url, sitemap, counts(url))),
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

  const newest = (): Taken[] => newestFirst([...known.values()]).slice(0, most);

  return {
    add: ({ url, changedAt }: SitemapEntry, by: string): void => {
      const first = known.get(url);
      if (first) repeated.set(by, (repeated.get(by) ?? 0) + 1);
      known.set(url, { url, changedAt: laterOf(first?.changedAt, changedAt), by: first?.by ?? by });
      // Sorting only now and then keeps many small sitemaps cheap.
      if (known.size >= 2 * most) known = new Map(newest().map((entry) => [entry.url, entry]));
    },
    /** The newest entries, and their counts by sitemap. */
    result: () => {
      const taken = newest();
      const urls = new Map<string, number>();
      for (const { by } of taken) urls.set(by, (urls.get(by) ?? 0) + 1);
      return { taken, counts: (by: string): OwnCounts => ({ urls: urls.get(by) ?? 0, repeated: repeated.get(by) ?? 0 }) };
    },
  };
}

/** Entries that were taken and that no list holds any more are over the bound. */
function viewOf(url: string, { entries: _, refused: __, ...sitemap }: Sitemap, { urls, repeated: own }: OwnCounts): SitemapView {
  const { unchanged, undated, foreign, invalid } = sitemap.leftOut;
  const repeated = sitemap.leftOut.repeated + own;
  const over = sitemap.read - urls - unchanged - undated - foreign - invalid - repeated;
  return { ...sitemap, url, urls, leftOut: { unchanged, undated, foreign, invalid, repeated, over } };
}
