/** A site of documents by their paths, read in the test's own thread. */

import { PrefetchError } from "../../src/base/errors.ts";
import type { EdgeBody } from "../../src/prefetch/model/edge.ts";
import type { Sitemap, SitemapRequest } from "../../src/prefetch/model/sitemap.ts";
import { type SitemapLimits, sitemapLimits } from "../../src/sitemaps/limits.ts";
import { readSitemap } from "../../src/sitemaps/sitemap.ts";
import { bodyOf } from "../media/read-harness.ts";

export const HOST = "www.example.com";

/** A document's content; a `URL` redirects, and an error is thrown. */
export type Site = Readonly<Record<string, string | Uint8Array | URL | PrefetchError>>;

export const at = (path: string): string => new URL(`https://${HOST}${path}`).href;

export interface Reading extends Partial<SitemapRequest> {
  readonly limits?: Partial<SitemapLimits>;
  readonly encoding?: string;
  /** Called for each fetch. */
  readonly onFetch?: (url: string, mostBytes: number) => void;
}

export function fetchFrom(site: Site, { encoding, onFetch }: Pick<Reading, "encoding" | "onFetch"> = {}) {
  const contentAt = (url: string): Site[string] | undefined => site[url.replace(`https://${HOST}`, "")] ?? site[url];
  return async (url: string, mostBytes: number): Promise<EdgeBody> => {
    onFetch?.(url, mostBytes);
    const found = contentAt(url);
    const final = found instanceof URL ? found.href : url;
    const content = found instanceof URL ? contentAt(final) : found;
    if (content instanceof PrefetchError) throw content;
    if (content === undefined || content instanceof URL) throw new PrefetchError("not_found", `${HOST} answered 404`);
    const whole = bodyOf(content, final, { encoding });
    return { ...whole, bytes: whole.bytes.slice(0, mostBytes), isWhole: whole.bytes.length <= mostBytes };
  };
}

export async function read(site: Site, path: string, { limits, encoding, onFetch, ...request }: Reading = {}): Promise<Sitemap> {
  const rules = { mostUrls: 10_000, since: undefined, hosts: [HOST], ...request };
  const main = {
    fetchBody: fetchFrom(site, { ...(encoding !== undefined && { encoding }), ...(onFetch && { onFetch }) }),
    pause: async () => {},
  };
  return readSitemap(at(path), rules, main, { ...sitemapLimits, ...limits });
}

/** The paths of the entries. */
export const pathsOf = ({ entries }: Pick<Sitemap, "entries">): string[] => entries.map(({ url }) => url.replace(`https://${HOST}`, ""));

export const urlset = (...entries: readonly (string | readonly [loc: string, lastmod: string])[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${entries
    .map((entry) => (typeof entry === "string" ? [entry] : entry))
    .map(
      ([loc = "", lastmod]) =>
        `<url><loc>${loc.startsWith("/") ? at(loc) : loc}</loc>${lastmod ? `<lastmod>${lastmod}</lastmod>` : ""}</url>`,
    )
    .join("")}</urlset>`;

export const index = (...entries: readonly (string | readonly [loc: string, lastmod: string])[]): string =>
  urlset(...entries)
    .replaceAll("urlset", "sitemapindex")
    .replaceAll("<url>", "<sitemap>")
    .replaceAll("</url>", "</sitemap>");
