/** Sitemaps in the real thread: bounds of time and memory, and a main thread that serves other work meanwhile. */

import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { type ThreadOptions, threadEntry } from "../../../src/base/thread.ts";
import type { SitemapRules } from "../../../src/prefetch/model/sitemap.ts";
import { createSitemapReader } from "../../../src/sitemaps/thread/sitemap-reader.ts";
import { neverAborted } from "../../fakes/signal.ts";
import { at, fetchFrom, HOST, index, read as readHere, type Site, urlset } from "../site-harness.ts";

const closers: (() => void)[] = [];
afterAll(() => {
  for (const close of closers) close();
});

function reader(limits?: Partial<ThreadOptions>) {
  const made = createSitemapReader(limits);
  closers.push(made.close);
  return made;
}

function rules(site: Site, more: Partial<SitemapRules> = {}): SitemapRules {
  return { mostUrls: 10_000, since: undefined, hosts: [HOST], fetchBody: fetchFrom(site), signal: neverAborted, ...more };
}

/** A sitemap of this number of entries; `padding` is in a comment of each. */
const large = (entries: number, padding = 0): string => {
  const filler = padding === 0 ? "" : `<!--${"x".repeat(padding)}-->`;
  const urls = Array.from(
    { length: entries },
    (_, nth) => `<url><loc>${at(`/${nth}`)}</loc><lastmod>${new Date(nth * 1_000).toISOString()}</lastmod>${filler}</url>`,
  );
  return `<urlset>${urls.join("")}</urlset>`;
};

describe("createSitemapReader", () => {
  it("reads a site as the reader in the same thread does, again and again", async () => {
    const site = {
      "/i.xml": index("/a.xml", "/gone.xml"),
      "/a.xml": gzipSync(urlset(["/a", "2026-01-01"], "/b", "https://x.example.net/")),
    };
    const wanted = await readHere(site, "/i.xml");
    const { read } = reader();
    expect(await read(at("/i.xml"), rules(site))).toEqual(wanted);
    expect(await read(at("/i.xml"), rules(site))).toEqual(wanted);
  });

  it("throws the error of the first document with its hint", async () => {
    await expect(reader().read(at("/"), rules({ "/": "<html></html>" }))).rejects.toMatchObject({
      name: "PrefetchError",
      code: "unsupported",
      hint: expect.stringContaining("robots.txt"),
    });
  });

  it("reads 50,000 of 60,000 entries, and hands over the newest 10,000", { timeout: 30_000 }, async () => {
    const found = await reader().read(at("/s.xml"), rules({ "/s.xml": large(60_000) }));
    expect(found).toMatchObject({ read: 50_000, endedAt: "50,000 URLs", leftOut: { over: 40_000 } });
    expect(found.entries).toHaveLength(10_000);
    expect(found.entries.map(({ changedAt }) => changedAt)).toEqual(Array.from({ length: 10_000 }, (_, nth) => (49_999 - nth) * 1_000));
  });

  it("reads a sitemap of 50 MB within the memory of its thread", { timeout: 60_000 }, async () => {
    const content = Buffer.from(large(45_000, 1_000));
    expect(content.length).toBeGreaterThan(49_000_000);
    const found = await reader().read(at("/s.xml"), rules({ "/s.xml": content }));
    expect(found).toMatchObject({ read: 45_000, endedAt: undefined, refused: [] });
  });

  it.each([
    ["a gzip bomb", gzipSync(Buffer.alloc(100_000_000), { level: 1 }), /more than 52,428,800 bytes/],
    ["50 MB of one address", `<urlset><url><loc>${"x".repeat(50_000_000)}</loc></url></urlset>`, undefined],
    ["50 MB of open elements", "<urlset>".repeat(6_000_000), /nests deeper/],
    ["50 MB of one line", `${at("/a")}\n${"x".repeat(50_000_000)}`, undefined],
  ])("survives %s", { timeout: 60_000 }, async (_, content, message) => {
    const found = reader().read(at("/s"), rules({ "/s": content }));
    if (message) await expect(found).rejects.toThrow(message);
    else expect(await found).toMatchObject({ leftOut: { invalid: 1 } });
  });

  it("fails the sitemap whose reading hangs, and reads the next one in a new thread", async () => {
    const { read } = reader({
      entry: threadEntry("hostile-thread-harness", new URL("../../media/thread/x.ts", import.meta.url).href),
      turnMs: 200,
    });
    await expect(read("spin", rules({}))).rejects.toMatchObject({ code: "limit_reached", message: expect.stringMatching(/takes longer/) });
    await expect(read("odd", rules({}))).rejects.toThrow(/kind/);
  });

  it("stops with the signal's reason", async () => {
    const stop = new AbortController();
    const waiting = reader().read(at("/s"), rules({}, { signal: stop.signal, fetchBody: () => new Promise(() => undefined) }));
    stop.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
  });
});
