/** Tells sitemaps, feeds, lists of URLs and robots.txt by their content, because names and media types are often wrong. */

import { PrefetchError } from "../base/errors.ts";
import { rootElement, skipBlanks } from "../documents/root-element.ts";
import type { SitemapKind } from "../prefetch/model/sitemap.ts";

const kindsByRoot: ReadonlyMap<string, SitemapKind> = new Map([
  ["urlset", "sitemap"],
  ["sitemapindex", "sitemap-index"],
  ["rss", "rss"],
  ["RDF", "rss"],
  ["feed", "atom"],
]);

/** Fields of robots.txt (RFC 9309, section 2.2, and those that search engines added). */
const ROBOTS_FIELD =
  /^(?:user-agent|allow|disallow|sitemap|crawl-delay|host|clean-param|noindex|request-rate|visit-time|content-signal)\s*:/i;

/** The kind of a document by its beginning. Throws `unsupported` for every other document, and says what was found. */
export function kindOf(begin: string, url: string): SitemapKind {
  const from = skipBlanks(begin, 0);
  const found = begin[from] === "<" ? kindOfXml(begin, from) : kindOfLines(begin.slice(from), url);
  if (typeof found === "string") return found;
  throw new PrefetchError("unsupported", found.problem, { hint: found.hint ?? placesOf(url) });
}

interface NoSitemap {
  readonly problem: string;
  readonly hint?: string;
}

const readsStreams = 'Pass it with expand "streams".';

function kindOfXml(text: string, from: number): SitemapKind | NoSitemap {
  const root = rootElement(text, from);
  if (/^<!doctype\s+html/i.test(text.slice(from, from + 40))) return page;
  if (root === "unclear") return { problem: "Its beginning has no XML element" };
  if (root === "none") return { problem: "It begins like XML and is none" };
  const kind = kindsByRoot.get(root.name);
  if (kind !== undefined) return kind;
  if (root.name.toLowerCase() === "html") return page;
  if (root.name === "MPD") return { problem: "It is a DASH manifest, not a sitemap", hint: readsStreams };
  return { problem: `It is XML with the root <${root.name}>, and neither a sitemap (<urlset>, <sitemapindex>) nor a feed (<rss>, <feed>)` };
}

const page: NoSitemap = { problem: "It is a web page (HTML), not a sitemap" };

function kindOfLines(text: string, url: string): SitemapKind | NoSitemap {
  if (text.startsWith("#EXTM3U")) return { problem: "It is an HLS playlist, not a sitemap", hint: readsStreams };
  const line = firstLine(text);
  if (ROBOTS_FIELD.test(line) || isRobots(url)) return "robots";
  if (/^https?:\/\//i.test(line)) return "text";
  return { problem: line === "" ? "It is empty" : "It is neither a sitemap, a feed, a list of URLs nor a robots.txt" };
}

/** The first line that is neither blank nor a comment. */
function firstLine(text: string): string {
  for (const line of text.matchAll(/[^\r\n]+/g)) {
    const trimmed = line[0].trim();
    if (trimmed !== "" && !trimmed.startsWith("#")) return trimmed;
  }
  return "";
}

function isRobots(url: string): boolean {
  return new URL(url).pathname === "/robots.txt";
}

/** Where a site keeps its lists. */
function placesOf(url: string): string {
  const { origin } = new URL(url);
  return isRobots(url)
    ? `Pass the address of the site's sitemap, such as ${origin}/sitemap.xml.`
    : `Pass ${origin}/robots.txt, or the address of the site's sitemap, such as ${origin}/sitemap.xml.`;
}
