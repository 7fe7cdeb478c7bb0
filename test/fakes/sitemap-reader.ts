/** The reader of sitemaps in the test's own thread. */

import type { SitemapReader } from "../../src/prefetch/model/sitemap.ts";
import { readSitemap } from "../../src/sitemaps/sitemap.ts";

export const readSitemapHere: SitemapReader = (url, { fetchBody, signal: _, ...request }) =>
  readSitemap(url, request, { fetchBody, pause: async () => {} });
