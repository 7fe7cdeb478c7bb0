/** The kinds of documents, each read whole. */

import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { at, pathsOf, read, urlset } from "./site-harness.ts";

const rss = (items: string, more = ""): string =>
  `<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>News</title><link>${at("/")}</link><atom:link href="${at("/feed")}" rel="self"/>${more}${items}</channel></rss>`;
const atom = (entries: string, attributes = ""): string =>
  `<feed xmlns="http://www.w3.org/2005/Atom"${attributes}><title>News</title><link href="${at("/")}"/><link rel="self" href="${at("/feed")}"/><updated>2026-01-01T00:00:00Z</updated>${entries}</feed>`;
const date = (text: string): number => Date.parse(text);

describe("readSitemap of a sitemap", () => {
  it("reads addresses and dates, newest first, and those without a date last, in their order", async () => {
    const site = { "/s.xml": urlset("/a", ["/b", "2026-11-01"], "/c", ["/d", "2026-11-03T10:00:00+02:00"], ["/e", "2026-11-01"]) };
    expect(await read(site, "/s.xml")).toEqual({
      kind: "sitemap",
      documents: 1,
      unchangedDocuments: 0,
      read: 5,
      entries: [
        { url: at("/d"), changedAt: date("2026-11-03T08:00:00Z") },
        { url: at("/b"), changedAt: date("2026-11-01") },
        { url: at("/e"), changedAt: date("2026-11-01") },
        { url: at("/a"), changedAt: undefined },
        { url: at("/c"), changedAt: undefined },
      ],
      leftOut: { unchanged: 0, undated: 0, foreign: 0, invalid: 0, repeated: 0, over: 0 },
      foreignHosts: [],
      skipped: [],
      refused: [],
      refusedCount: 0,
      endedAt: undefined,
    });
  });

  it.each([
    [
      "a prefix of its own",
      urlset("/a").replaceAll("<", "<sm:").replaceAll("<sm:/", "</sm:").replace("<sm:?", "<?").replace("xmlns=", "xmlns:sm="),
    ],
    ["no namespace", `<urlset><url><loc>${at("/a")}</loc></url></urlset>`],
    [
      "blanks, CDATA, entities and comments",
      `<!-- x --><urlset>\n<url>\n<loc>\n <![CDATA[${at("/a")}]]> \n</loc><!-- <loc>x</loc> --></url></urlset>`,
    ],
    ["a byte order mark", `\uFEFF${urlset("/a")}`],
    [
      "addresses of images beside its own",
      `<urlset><url><image:image><image:loc>${at("/i.png")}</image:loc></image:image><loc>${at("/a")}</loc></url></urlset>`,
    ],
    ["a nested element of the same name", `<urlset><url><x><loc>${at("/x")}</loc></x><loc>${at("/a")}</loc></url></urlset>`],
    ["a second address", `<urlset><url><loc>${at("/a")}</loc><loc>${at("/b")}</loc></url></urlset>`],
    ["UTF-16", Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(urlset("/a").replace("UTF-8", "UTF-16"), "utf16le")])],
    ["gzip", gzipSync(urlset("/a"))],
    ["gzip in gzip", gzipSync(gzipSync(urlset("/a")))],
  ])("reads one with %s", async (_, content) => {
    expect(pathsOf(await read({ "/s": content }, "/s"))).toEqual(["/a"]);
  });

  it("unpacks what Content-Encoding names, also around a stored gzip", async () => {
    expect(pathsOf(await read({ "/s.gz": gzipSync(gzipSync(urlset("/a"))) }, "/s.gz", { encoding: "gzip" }))).toEqual(["/a"]);
    expect(pathsOf(await read({ "/s.gz": brotliCompressSync(urlset("/a")) }, "/s.gz", { encoding: "br" }))).toEqual(["/a"]);
  });

  it("decodes entities, keeps percent signs, and drops fragments", async () => {
    const site = { "/s": urlset("/a?b=1&amp;c=2", "/d%2Fe", "/f#g", "/\u00e9") };
    expect(pathsOf(await read(site, "/s"))).toEqual(["/a?b=1&c=2", "/d%2Fe", "/f", "/%C3%A9"]);
  });

  it("counts and names invalid entries, and takes the rest", async () => {
    const site = {
      "/s": `${urlset("relative/a", "ftp://www.example.com/b", "https://u:p@www.example.com/c", "/d").replace("</urlset>", "<url></url></urlset>")}`,
    };
    const { skipped, leftOut, ...rest } = await read(site, "/s");
    expect(pathsOf(rest)).toEqual(["/d"]);
    expect([rest.read, leftOut.invalid]).toEqual([5, 4]);
    expect(skipped.map(({ uri, reason }) => `${uri} ${reason}`.trim())).toEqual([
      "relative/a is no absolute URL, as a sitemap needs it",
      'ftp://www.example.com/b has the scheme "ftp:"; only http and https can be prefetched',
      "https://u:p@www.example.com/c carries a user name or password before the host",
      "An entry has no address",
    ]);
  });

  it.each([
    ["a document type with entities", '<!DOCTYPE urlset [<!ENTITY a "aaaa">]><urlset><url><loc>&a;</loc></url></urlset>', /DOCTYPE/],
    ["an unknown entity", "<urlset><url><loc>&nbsp;</loc></url></urlset>", /not well-formed/],
    ["an unclosed element", urlset("/a").replace("</urlset>", ""), /not well-formed/],
    ["deep nesting", `<urlset>${"<url>".repeat(1_000)}`, /nests deeper/],
    ["many attributes", `<urlset ${Array.from({ length: 200 }, (_, nth) => `a${nth}=""`).join(" ")}/>`, /attributes/],
    ["a huge attribute", `<urlset a="${"x".repeat(200_000)}"/>`, /not well-formed/],
    [
      "bytes that are not UTF-8",
      Buffer.from(`<urlset><url><loc>${at("/")}\xe9</loc></url></urlset>`, "latin1"),
      /bytes that are not utf-8/,
    ],
    ["truncated gzip", gzipSync(urlset("/a")).subarray(0, -12), /cannot be unpacked/],
  ])("refuses one with %s, and takes nothing of it", async (_, content, message) => {
    await expect(read({ "/s": content }, "/s")).rejects.toThrow(
      expect.objectContaining({ name: "PrefetchError", message: expect.stringMatching(message) }),
    );
  });
});

describe("readSitemap of a feed", () => {
  it("reads links and dates of RSS 2.0, or the permanent guid of an item without a link", async () => {
    const items = [
      `<item><title>A</title><link>${at("/a")}</link><pubDate>Sat, 28 Nov 2026 10:30:00 GMT</pubDate><enclosure url="${at("/a.mp3")}"/></item>`,
      `<item><guid>${at("/b")}</guid><dc:date>2026-11-27T00:00:00Z</dc:date></item>`,
      `<item><guid isPermaLink="false">tag:x</guid></item>`,
      `<item><link>/c</link></item>`,
    ];
    const found = await read({ "/feed": rss(items.join(""), "<image><link>/i</link></image>") }, "/feed");
    expect(found).toMatchObject({ kind: "rss", read: 4, leftOut: { invalid: 1 } });
    expect(found.entries).toEqual([
      { url: at("/a"), changedAt: date("2026-11-28T10:30:00Z") },
      { url: at("/b"), changedAt: date("2026-11-27T00:00:00Z") },
      { url: at("/c"), changedAt: undefined },
    ]);
  });

  it("reads RSS 1.0", async () => {
    const content = `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel><link>${at("/")}</link></channel><item rdf:about="x"><link>${at("/a")}</link><dc:date>2026-11-28</dc:date></item></rdf:RDF>`;
    expect(await read({ "/feed": content }, "/feed")).toMatchObject({
      kind: "rss",
      entries: [{ url: at("/a"), changedAt: date("2026-11-28") }],
    });
  });

  it("reads the alternate link of Atom entries, relative to xml:base", async () => {
    const entries = `<entry><link rel="edit" href="/edit"/><link rel="enclosure" href="/a.mp3"/><link href="a"/><updated>2026-11-28T00:00:00Z</updated></entry><entry xml:base="deep/"><link rel="alternate" href="b"/><published>2026-11-27T00:00:00Z</published></entry>`;
    const found = await read({ "/feeds/atom.xml": atom(entries, ` xml:base="${at("/blog/")}"`) }, "/feeds/atom.xml");
    expect(found.kind).toBe("atom");
    expect(pathsOf(found)).toEqual(["/blog/a", "/blog/deep/b"]);
    expect(pathsOf(await read({ "/feeds/atom.xml": atom('<entry><link href="a"/></entry>') }, "/feeds/atom.xml"))).toEqual(["/feeds/a"]);
  });
});

describe("readSitemap of lines", () => {
  it("reads a list of URLs with a byte order mark, comments, blank lines and every line end", async () => {
    const content = `\uFEFF# a list\r\n${at("/a")}\r${at("/b")}\n\n  ${at("/c")}  \nno URL\n${at(`/${"x".repeat(9_000)}`)}\n${at("/d")}`;
    const found = await read({ "/urls.txt": content }, "/urls.txt");
    expect(found).toMatchObject({ kind: "text", read: 6, leftOut: { invalid: 2 } });
    expect(pathsOf(found)).toEqual(["/a", "/b", "/c", "/d"]);
  });

  it("reads the sitemaps that robots.txt names, in any case, relative ones too, with comments", async () => {
    const site = {
      "/robots.txt": `User-agent: *\nDisallow: /x\nSITEMAP: ${at("/a.xml")} # ours\nsitemap:/b.xml\nAllow: /\n`,
      "/a.xml": urlset("/a"),
      "/b.xml": urlset("/b"),
    };
    const found = await read(site, "/robots.txt");
    expect(found).toMatchObject({ kind: "robots", documents: 3, read: 2 });
    expect(pathsOf(found)).toEqual(["/a", "/b"]);
    expect(await read({ "/robots.txt": "" }, "/robots.txt")).toMatchObject({ kind: "robots", read: 0 });
  });
});

describe("readSitemap of another document", () => {
  const robots =
    "Pass https://www.example.com/robots.txt, or the address of the site's sitemap, such as https://www.example.com/sitemap.xml.";

  it.each([
    ["a web page", "<!DOCTYPE html><title>x</title>", "It is a web page (HTML), not a sitemap", robots],
    ["a web page without a document type", "\n<html lang=en>", "It is a web page (HTML), not a sitemap", robots],
    ["other XML", "<svg/>", "It is XML with the root <svg>", robots],
    ["XML without an element", "<!-- x -->", "Its beginning has no XML element", robots],
    ["a file of bytes", Buffer.from([0, 1, 2, 255]), "It is neither a sitemap, a feed, a list of URLs nor a robots.txt", robots],
    ["nothing", "", "It is empty", robots],
    ["an HLS playlist", "#EXTM3U\na.ts", "It is an HLS playlist, not a sitemap", 'Pass it with expand "streams".'],
    ["a DASH manifest", "<MPD/>", "It is a DASH manifest, not a sitemap", 'Pass it with expand "streams".'],
  ])("refuses %s and says what to pass", async (_, content, message, hint) => {
    await expect(read({ "/": content }, "/")).rejects.toThrow(
      expect.objectContaining({ code: "unsupported", message: expect.stringContaining(message), hint }),
    );
  });

  it("does not point at the robots.txt that is a web page itself", async () => {
    await expect(read({ "/robots.txt": "<html></html>" }, "/robots.txt")).rejects.toThrow(
      expect.objectContaining({ hint: "Pass the address of the site's sitemap, such as https://www.example.com/sitemap.xml." }),
    );
  });

  it("reads no more than the beginning of a large file", async () => {
    const asked: number[] = [];
    const site = { "/film.mp4": Buffer.alloc(100_000, 1) };
    const reading = read(site, "/film.mp4", { limits: { firstBytes: 10_000 }, onFetch: (_, most) => asked.push(most) });
    await expect(reading).rejects.toThrow(/neither/);
    expect(asked).toEqual([10_000]);
  });
});
