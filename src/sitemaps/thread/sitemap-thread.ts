/** The module of the thread that reads sitemaps. */

import { serveReader } from "../../documents/thread/serve-reader.ts";
import type { SitemapRequest } from "../../prefetch/model/sitemap.ts";
import { readSitemap } from "../sitemap.ts";

/** More hold the main thread for longer when it takes them up; fewer cost more messages. */
const PART_ENTRIES = 1_000;

serveReader<SitemapRequest>(async (url, request, main) => {
  const { entries, ...facts } = await readSitemap(url, request, main);
  for (let at = 0; at < entries.length; at += PART_ENTRIES) await main.pause(entries.slice(at, at + PART_ENTRIES));
  return facts;
});
