import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { leftOutReasons, type Sitemap } from "../../src/prefetch/model/sitemap.ts";
import { runs } from "../fakes/runs.ts";
import { at, pathsOf, read, type Site, urlset } from "./site-harness.ts";

const entry = fc.record({
  path: fc.webPath().map((path) => new URL(at(`/${path}`)).pathname),
  day: fc.option(fc.integer({ min: 0, max: 400 }), { nil: undefined }),
});
const dateOf = (day: number): string => new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10);
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** Every entry is either listed or counted under one reason. */
function expectWhole({ read: all, entries, leftOut }: Sitemap): void {
  expect(leftOutReasons.reduce((sum, reason) => sum + leftOut[reason], entries.length)).toBe(all);
}

describe("readSitemap", () => {
  it("gives back the URLs of any sitemap, packed or not, each once, newest first", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 30 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 40 }),
        async (entries, isPacked, mostUrls) => {
          const text = urlset(
            ...entries.map(({ path, day }) => (day === undefined ? escaped(at(path)) : ([escaped(at(path)), dateOf(day)] as const))),
          );
          const found = await read({ "/s": isPacked ? gzipSync(text) : text }, "/s", { mostUrls });
          expectWhole(found);
          const distinct = new Set(entries.map(({ path }) => path));
          expect(found.entries).toHaveLength(Math.min(mostUrls, distinct.size));
          if (mostUrls >= distinct.size) expect(new Set(pathsOf(found))).toEqual(distinct);
          const times = found.entries.map(({ changedAt }) => changedAt ?? Number.NEGATIVE_INFINITY);
          expect(times).toEqual(times.toSorted((a, b) => b - a));
        },
      ),
    );
  });

  it("takes just the entries from since on", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(entry, { selector: ({ path }) => path, maxLength: 20 }),
        fc.integer({ min: 0, max: 400 }),
        async (entries, day) => {
          const text = urlset(
            ...entries.map((each) =>
              each.day === undefined ? escaped(at(each.path)) : ([escaped(at(each.path)), dateOf(each.day)] as const),
            ),
          );
          const found = await read({ "/s": text }, "/s", { since: Date.parse(dateOf(day)) });
          expectWhole(found);
          expect(new Set(pathsOf(found))).toEqual(
            new Set(entries.filter((each) => each.day !== undefined && each.day >= day).map(({ path }) => path)),
          );
        },
      ),
    );
  });

  const piece = fc.oneof(
    fc.constantFrom(
      "<urlset>",
      "<sitemapindex>",
      "<rss>",
      "<feed>",
      "<url>",
      "<loc>",
      "</loc>",
      "</url>",
      "<sitemap>",
      "<item>",
      "<link>",
      "<entry>",
      "<!--",
      "-->",
      "<![CDATA[",
      "]]>",
      "&amp;",
      "&",
      "\uFEFF",
      "\n",
      "Sitemap: ",
      "#",
      at("/a"),
      at("/s"),
      "lastmod",
    ),
    fc.string(),
  );

  it("reads or refuses any bytes with an error in words, within its bounds", async () => {
    const limits = { urls: 5, documents: 3, documentBytes: 2_000, characters: 300 };
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(""))),
      fc.array(piece, { maxLength: 40 }).map((pieces) => gzipSync(pieces.join(""))),
      fc.tuple(fc.array(piece), fc.nat(100)).map(([pieces, cut]) => gzipSync(pieces.join("")).subarray(0, cut)),
    );
    const encoding = fc.constantFrom("", "gzip", "br", "deflate");
    await fc.assert(
      fc.asyncProperty(content, encoding, async (bytes, named) => {
        const site: Site = { "/s": bytes };
        try {
          const found = await read(site, "/s", { limits, ...(named !== "" && { encoding: named }) });
          expectWhole(found);
          expect(found.read).toBeLessThanOrEqual(5);
          expect(found.documents).toBeLessThanOrEqual(3);
        } catch (error) {
          expect(error).toMatchObject({ name: "PrefetchError" });
        }
      }),
      { numRuns: runs(300) },
    );
  });

  it("refuses every truncated gzip", async () => {
    const whole = gzipSync(urlset("/a", "/b", "/c"));
    for (let length = 2; length < whole.length; length += 1) {
      await expect(read({ "/s": whole.subarray(0, length) }, "/s")).rejects.toThrow(/cannot be unpacked/);
    }
  });
});
