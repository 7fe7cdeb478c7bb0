/** Collects the documents of one sitemap: each URL once, and the counts of everything that is left out. */

import type { RefusedUrl, SkippedUri } from "../prefetch/model/left-out.ts";
import { laterOf, newestFirst, type Sitemap, type SitemapEntry, type SitemapKind } from "../prefetch/model/sitemap.ts";
import type { ReadDocument } from "./document.ts";
import type { SitemapLimits } from "./limits.ts";
import type { Tally } from "./tally.ts";

export interface Collection {
  take(document: ReadDocument): void;
  /** Counts a document that has not changed. */
  leaveOut(): void;
  refuse(document: RefusedUrl): void;
  /** What may still be read. */
  left(): { readonly urls: number; readonly characters: number };
  /** A bound is reached, so nothing more is read. */
  isFull(): boolean;
  result(kind: SitemapKind, mostUrls: number): Sitemap;
}

export function createCollection(limits: SitemapLimits): Collection {
  const changedAt = new Map<string, number | undefined>();
  const foreign = new Map<string, number>();
  const skipped: SkippedUri[] = [];
  const refused: RefusedUrl[] = [];
  const counts = { documents: 0, unchangedDocuments: 0, refused: 0, read: 0, characters: 0, bytes: 0 };
  const leftOut = { unchanged: 0, undated: 0, foreign: 0, invalid: 0, repeated: 0 };
  let endedAt: string | undefined;

  const add = ({ url, changedAt: at }: SitemapEntry): void => {
    if (changedAt.has(url)) leftOut.repeated += 1;
    changedAt.set(url, laterOf(changedAt.get(url), at));
  };

  const boundOf = (tally: Tally): string | undefined => {
    if (tally.endedAt === "urls") return `${limits.urls.toLocaleString("en")} URLs`;
    if (tally.endedAt === "characters") return `${limits.characters.toLocaleString("en")} characters of URLs`;
    if (counts.bytes >= limits.allBytes) return `${limits.allBytes.toLocaleString("en")} bytes`;
    return counts.documents >= limits.documents ? `${limits.documents} documents` : undefined;
  };

  return {
    take: ({ bytes, tally }) => {
      counts.documents += 1;
      counts.bytes += bytes;
      counts.characters += tally.characters;
      // Addresses of documents are no URLs of the site.
      counts.read += tally.read - tally.documents.length;
      leftOut.unchanged += tally.unchanged;
      leftOut.undated += tally.undated;
      leftOut.invalid += tally.invalid;
      for (const entry of tally.entries) add(entry);
      for (const [host, urls] of tally.foreign) {
        leftOut.foreign += urls;
        foreign.set(host, (foreign.get(host) ?? 0) + urls);
      }
      skipped.push(...tally.skipped.slice(0, limits.named - skipped.length));
      endedAt = boundOf(tally);
    },
    leaveOut: () => {
      counts.unchangedDocuments += 1;
    },
    refuse: (document) => {
      counts.refused += 1;
      if (refused.length < limits.refused) refused.push(document);
    },
    left: () => ({ urls: limits.urls - counts.read, characters: limits.characters - counts.characters }),
    isFull: () => endedAt !== undefined,
    result: (kind, mostUrls) => {
      const all = newestFirst(Array.from(changedAt, ([url, at]) => ({ url, changedAt: at })));
      return {
        kind,
        documents: counts.documents,
        unchangedDocuments: counts.unchangedDocuments,
        read: counts.read,
        entries: all.slice(0, mostUrls),
        leftOut: { ...leftOut, over: Math.max(0, all.length - mostUrls) },
        foreignHosts: mostNamed(foreign, limits.named),
        skipped,
        refused,
        refusedCount: counts.refused,
        endedAt,
      };
    },
  };
}

function mostNamed(hosts: ReadonlyMap<string, number>, most: number): Sitemap["foreignHosts"] {
  return Array.from(hosts, ([host, urls]) => ({ host, urls }))
    .toSorted((a, b) => b.urls - a.urls)
    .slice(0, most);
}
