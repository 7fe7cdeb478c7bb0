/** The server's own reader reads the lists of the edge's site: the stated number of URLs, each with a file. */

import { expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { Sitemap } from "../../../src/prefetch/model/sitemap.ts";
import { edgeSite } from "../../../src/sandbox/edge/site.ts";
import { readSitemap } from "../../../src/sitemaps/sitemap.ts";
import { bodyOf } from "../../media/read-harness.ts";
import { edgeForEachTest } from "./edge-harness.ts";

const test = edgeForEachTest();

const read = (path: string, since?: number): Promise<Sitemap> =>
  readSitemap(
    test.url(path),
    { mostUrls: 100, since, hosts: [] },
    {
      fetchBody: async (url) => {
        const { status, body } = await test.ask(url);
        if (status !== 200) throw new PrefetchError("not_found", `${status} at ${url}`);
        return bodyOf(body, url);
      },
      pause: async () => {},
    },
  );

it.each(Object.entries(edgeSite))("%s leads to the stated number of URLs, which exist", async (_, { path, urls }) => {
  const { entries, refused, leftOut } = await read(path);
  expect([entries.length, refused, leftOut.invalid + leftOut.foreign]).toEqual([urls, [], 0]);
  for (const { url } of entries) expect(await test.ask(url, { method: "HEAD" })).toMatchObject({ status: 200 });
});

it("has one article a day, so that since selects the newest", async () => {
  const yesterday = Math.floor(test.clock.now() / 86_400_000 - 1) * 86_400_000;
  expect((await read(edgeSite.articles.path, yesterday)).entries).toHaveLength(2);
});
