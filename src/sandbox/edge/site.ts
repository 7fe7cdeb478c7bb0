/** The small site on every host of the sandbox's edge: robots.txt, an index of sitemaps, a packed sitemap, a feed and a list. */

const DAY_MS = 86_400_000;
/** Sitemaps change once a day. */
const LIFETIME_S = 3_600;

export interface SiteFile {
  readonly text: string;
  readonly maxAgeS: number;
  /** The file is the text in gzip. */
  readonly isPacked?: true;
}

/** The paths of the site's lists, with the number of URLs that each leads to. */
export const edgeSite = {
  robots: { path: "/robots.txt", urls: 36 },
  index: { path: "/sitemap.xml", urls: 36 },
  pages: { path: "/sitemaps/pages.xml", urls: 6 },
  articles: { path: "/sitemaps/articles.xml.gz", urls: 30 },
  feed: { path: "/feed.xml", urls: 5 },
  list: { path: "/urls.txt", urls: 6 },
} as const;

const pages = ["/", "/about/", "/articles/", "/contact/", "/help/", "/imprint/"];
const article = (number: number): string => `/articles/${number}.html`;

/** The file at this time; `undefined` when the path belongs to no list of the site. */
export function siteFile(path: string, { origin }: URL, at: number): SiteFile | undefined {
  const text = lists.get(path)?.(origin, at);
  if (text === undefined) return undefined;
  return { text, maxAgeS: LIFETIME_S, ...(path.endsWith(".gz") && { isPacked: true }) };
}

const lists: ReadonlyMap<string, (origin: string, at: number) => string> = new Map([
  [edgeSite.robots.path, (origin) => `User-agent: *\nAllow: /\n\nSitemap: ${origin}${edgeSite.index.path}\n`],
  [edgeSite.index.path, index],
  [edgeSite.pages.path, (origin) => urlset(pages.map((page) => entry(`${origin}${page}`)))],
  [edgeSite.articles.path, articles],
  [edgeSite.feed.path, feed],
  [edgeSite.list.path, (origin) => pages.map((page) => `${origin}${page}\n`).join("")],
]);

function index(origin: string, at: number): string {
  const sitemap = (path: string, lastmod: string) => `<sitemap><loc>${origin}${path}</loc><lastmod>${lastmod}</lastmod></sitemap>`;
  const sitemaps = [sitemap(edgeSite.pages.path, dayBefore(at, 0)), sitemap(edgeSite.articles.path, dayBefore(at, 0))];
  return xml(`<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${sitemaps.join("")}</sitemapindex>`);
}

/** One article a day; the newest is of today. */
function articles(origin: string, at: number): string {
  const { urls } = edgeSite.articles;
  return urlset(Array.from({ length: urls }, (_, nth) => entry(`${origin}${article(urls - nth)}`, dayBefore(at, nth))));
}

function feed(origin: string, at: number): string {
  const { urls } = edgeSite.articles;
  const items = Array.from({ length: edgeSite.feed.urls }, (_, nth) => {
    const date = new Date(Date.parse(dayBefore(at, nth))).toUTCString();
    return `<item><title>Article ${urls - nth}</title><link>${origin}${article(urls - nth)}</link><pubDate>${date}</pubDate></item>`;
  });
  return xml(`<rss version="2.0"><channel><title>Sandbox</title><link>${origin}/</link>${items.join("")}</channel></rss>`);
}

function urlset(entries: readonly string[]): string {
  return xml(`<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${entries.join("")}</urlset>`);
}

function entry(url: string, lastmod?: string): string {
  return `<url><loc>${url}</loc>${lastmod === undefined ? "" : `<lastmod>${lastmod}</lastmod>`}</url>`;
}

function xml(root: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;
}

/** Such as `2026-11-28`. */
function dayBefore(at: number, days: number): string {
  return new Date(at - days * DAY_MS).toISOString().slice(0, 10);
}
