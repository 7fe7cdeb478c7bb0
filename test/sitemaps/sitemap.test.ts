/** Sitemaps of several documents: their order, their bounds, and the documents that cannot be read. */

import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../src/base/errors.ts";
import { at, index, pathsOf, read, urlset } from "./site-harness.ts";

describe("readSitemap of an index", () => {
  it("takes the readable documents, and names the missing and the foreign one", async () => {
    const site = {
      "/index.xml": index("/a.xml.gz", "/gone.xml", "https://cdn.example.net/c.xml"),
      "/a.xml.gz": gzipSync(urlset("/a")),
      "https://cdn.example.net/c.xml": urlset("/c"),
    };
    const found = await read(site, "/index.xml");
    expect(found).toMatchObject({ kind: "sitemap-index", documents: 2, read: 1, refusedCount: 2, endedAt: undefined });
    expect(pathsOf(found)).toEqual(["/a"]);
    expect(found.refused).toMatchObject([
      {
        url: "https://cdn.example.net/c.xml",
        code: "forbidden_domain",
        reason: expect.stringContaining("is on cdn.example.net, which is neither"),
      },
      { url: at("/gone.xml"), code: "not_found", reason: "www.example.com answered 404." },
    ]);
  });

  it("reads a document on the host of another URL of the call", async () => {
    const site = {
      "/index.xml": index("https://cdn.example.net/c.xml"),
      "https://cdn.example.net/c.xml": urlset("/c", "https://cdn.example.net/d"),
    };
    const found = await read(site, "/index.xml", { hosts: ["www.example.com", "cdn.example.net"] });
    expect(found.entries.map(({ url }) => url)).toEqual([at("/c"), "https://cdn.example.net/d"]);
  });

  it("reads each document of a loop once", async () => {
    const site = { "/a.xml": index("/b.xml", "/a.xml"), "/b.xml": index("/a.xml", "/c.xml", "/c.xml"), "/c.xml": urlset("/c") };
    const asked: string[] = [];
    const found = await read(site, "/a.xml", { onFetch: (url) => asked.push(url) });
    expect(found).toMatchObject({ documents: 3, read: 1, refusedCount: 0 });
    expect(asked).toEqual([at("/a.xml"), at("/b.xml"), at("/c.xml")]);
  });

  it("refuses a document of a fourth level", async () => {
    const site = { "/1.xml": index("/2.xml"), "/2.xml": index("/3.xml"), "/3.xml": index("/4.xml"), "/4.xml": urlset("/a") };
    const found = await read(site, "/1.xml");
    expect(found).toMatchObject({
      documents: 3,
      read: 0,
      refused: [{ url: at("/4.xml"), code: "limit_reached", reason: expect.stringMatching(/deeper than 3/) }],
    });
  });

  it("names a damaged document, a web page and a bomb among the others, and takes nothing of them", async () => {
    const broken = { "/bad.xml": "<urlset><url><loc>", "/page": "<html></html>", "/bomb.gz": gzipSync(Buffer.alloc(2_000_000, " ")) };
    const site = { "/index.xml": index("/bad.xml", "/page", "/bomb.gz", "/a.xml"), "/a.xml": urlset("/a"), ...broken };
    const found = await read(site, "/index.xml", { limits: { documentBytes: 1_000_000 } });
    expect(pathsOf(found)).toEqual(["/a"]);
    expect(found.refused.map(({ url, reason }) => [url, reason.slice(0, 30)])).toEqual([
      [at("/bad.xml"), "The XML is not well-formed: un"],
      [at("/page"), "It is a web page (HTML), not a"],
      [at("/bomb.gz"), "It has more than 1,000,000 byt"],
    ]);
  });

  it("names the first documents that cannot be read, and counts the rest", async () => {
    const found = await read({ "/i.xml": index(...Array.from({ length: 9 }, (_, nth) => `/${nth}.xml`)) }, "/i.xml", {
      limits: { refused: 2 },
    });
    expect([found.refused.length, found.refusedCount]).toEqual([2, 9]);
  });

  it("throws the error of the first document", async () => {
    await expect(read({ "/s.xml": new PrefetchError("auth_failed", "www.example.com answered 403") }, "/s.xml")).rejects.toThrow(
      "answered 403",
    );
  });
});

describe("readSitemap, hosts", () => {
  it("leaves out entries of foreign hosts, counts them, and names the hosts with the most", async () => {
    const site = { "/s.xml": urlset("/a", "https://b.example.net/1", "https://c.example.net/1", "https://c.example.net/2") };
    const found = await read(site, "/s.xml");
    expect(pathsOf(found)).toEqual(["/a"]);
    expect(found).toMatchObject({ read: 4, leftOut: { foreign: 3 } });
    expect(found.foreignHosts).toEqual([
      { host: "c.example.net", urls: 2 },
      { host: "b.example.net", urls: 1 },
    ]);
  });

  it("counts the host to which the sitemap redirects as its own, but not that of a document below it", async () => {
    const moved = { "/s.xml": new URL("https://example.com/s.xml"), "https://example.com/s.xml": urlset("https://example.com/a", "/b") };
    expect((await read(moved, "/s.xml")).entries.map(({ url }) => url)).toEqual(["https://example.com/a", at("/b")]);
    const below = { "/i.xml": index("/s.xml"), ...moved };
    expect(await read(below, "/i.xml")).toMatchObject({ read: 0, refused: [{ url: at("/s.xml"), code: "forbidden_domain" }] });
  });
});

describe("readSitemap with since", () => {
  const since = Date.parse("2026-11-28T12:00:00Z");

  it("takes entries that changed since then, and counts older ones and those without a date", async () => {
    const site = {
      "/s.xml": urlset(["/a", "2026-11-28T12:00:00Z"], ["/b", "2026-11-28T11:59:59Z"], ["/c", "2026-11-28"], "/d", ["/e", "soon"]),
    };
    const found = await read(site, "/s.xml", { since });
    expect(pathsOf(found)).toEqual(["/a", "/c"]);
    expect(found).toMatchObject({ read: 5, leftOut: { unchanged: 1, undated: 2 } });
  });

  it("does not read documents that their index calls unchanged", async () => {
    const asked: string[] = [];
    const site = {
      "/i.xml": index(["/old.xml", "2026-11-27"], ["/new.xml", "2026-11-28"], "/none.xml"),
      "/new.xml": urlset(["/a", "2026-11-29"]),
      "/none.xml": urlset(["/b", "2026-11-29"]),
    };
    const found = await read(site, "/i.xml", { since, onFetch: (url) => asked.push(url) });
    expect(asked).toEqual(["/i.xml", "/new.xml", "/none.xml"].map(at));
    expect(found).toMatchObject({ documents: 3, unchangedDocuments: 1, read: 2 });
  });
});

describe("readSitemap, bounds", () => {
  const many = (count: number, from = 0): string =>
    urlset(
      ...Array.from({ length: count }, (_, nth): [string, string] => [`/${from + nth}`, new Date((from + nth) * 1_000).toISOString()]),
    );

  it("keeps the newest entries, and counts the older ones", async () => {
    const found = await read({ "/s.xml": many(100) }, "/s.xml", { mostUrls: 3 });
    expect(pathsOf(found)).toEqual(["/99", "/98", "/97"]);
    expect(found).toMatchObject({ read: 100, leftOut: { over: 97 }, endedAt: undefined });
  });

  it("stops at the bound of URLs, and reads the newest documents first", async () => {
    const site = {
      "/i.xml": index(["/old.xml", "2026-01-01"], ["/new.xml", "2026-02-01"]),
      "/old.xml": many(50),
      "/new.xml": many(50, 50),
    };
    const found = await read(site, "/i.xml", { limits: { urls: 60 } });
    expect(found).toMatchObject({ read: 60, endedAt: "60 URLs" });
    expect(pathsOf(found).slice(0, 2)).toEqual(["/99", "/98"]);
  });

  it.each([
    ["documents", { documents: 2 }, "2 documents"],
    ["characters", { characters: 150 }, "150 characters of URLs"],
    ["bytes", { allBytes: 500 }, "500 bytes"],
  ] as const)("stops at the bound of %s", async (_, limits, endedAt) => {
    const names = Array.from({ length: 5 }, (_, nth) => `/${nth}.xml`);
    const site = Object.fromEntries(names.map((name) => [name, urlset(`${name}-page`)]));
    expect(await read({ ...site, "/i.xml": index(...names) }, "/i.xml", { limits: { concurrency: 1, ...limits } })).toMatchObject({
      endedAt,
    });
  });

  it("reads a document that is larger than its first bytes again, as a whole", async () => {
    const asked: number[] = [];
    const found = await read({ "/s.xml": many(100) }, "/s.xml", { limits: { firstBytes: 1_000 }, onFetch: (_, most) => asked.push(most) });
    expect([found.read, asked]).toEqual([100, [1_000, 52_428_800]]);
    await expect(read({ "/s.xml": many(100) }, "/s.xml", { limits: { firstBytes: 1_000, documentBytes: 2_000 } })).rejects.toThrow(
      /more than 2,000 bytes/,
    );
  });

  it("counts a URL that is named twice once, with its newest date", async () => {
    const site = { "/s.xml": urlset(["/a", "2026-01-01"], ["/b", "2026-02-01"], ["/a#x", "2026-03-01"]) };
    const found = await read(site, "/s.xml");
    expect(pathsOf(found)).toEqual(["/a", "/b"]);
    expect(found.leftOut.repeated).toBe(1);
  });
});
