/** Reads sitemaps in threads of their own. The URLs come from the thread in parts, each in a turn of the event loop. */

import { z } from "zod";
import { type ThreadOptions, threadEntry } from "../../base/thread.ts";
import { createReaderThreads } from "../../documents/thread/reader-threads.ts";
import { type SitemapEntry, type SitemapReader, type SitemapRequest, sitemapKinds } from "../../prefetch/model/sitemap.ts";

export interface SitemapThreads {
  readonly read: SitemapReader;
  /** Ends the thread that waits for the next sitemap. */
  close(): void;
}

const threadLimits: ThreadOptions = {
  // A larger value lets hostile sitemaps fill the memory of the process; a smaller one refuses 50,000 long URLs.
  memoryMb: 64,
  // A larger value keeps the call of a hostile sitemap waiting; a smaller one refuses 50 MiB in gzip on a slow machine.
  turnMs: 2_000,
  entry: threadEntry("sitemap-thread", import.meta.url),
};

const hint = "Pass the sitemaps that it names one by one, or its URLs as a list.";

/** From the thread, which reads foreign text. */
const entryPart = z.array(z.object({ url: z.string(), changedAt: z.number().optional() }));
const count = z.number();
const facts = z.object({
  kind: z.enum(sitemapKinds),
  documents: count,
  unchangedDocuments: count,
  read: count,
  leftOut: z.object({ unchanged: count, undated: count, foreign: count, invalid: count, repeated: count, over: count }),
  foreignHosts: z.array(z.object({ host: z.string(), urls: count })),
  skipped: z.array(z.object({ uri: z.string(), reason: z.string() })),
  refused: z.array(z.object({ url: z.string(), code: z.string(), reason: z.string() })),
  refusedCount: count,
  endedAt: z.string().optional(),
});

export function createSitemapReader(limits: Partial<ThreadOptions> = {}): SitemapThreads {
  const threads = createReaderThreads<SitemapRequest>({ ...threadLimits, ...limits, hint });
  return {
    read: async (url, rules) => {
      const { mostUrls, since, hosts } = rules;
      const entries: SitemapEntry[] = [];
      const takePart = (part: unknown): void => {
        for (const { url: each, changedAt } of entryPart.parse(part)) entries.push({ url: each, changedAt });
      };
      const read = facts.parse(await threads.read(url, { mostUrls, since, hosts }, rules, takePart));
      return { ...read, endedAt: read.endedAt, entries };
    },
    close: threads.close,
  };
}
