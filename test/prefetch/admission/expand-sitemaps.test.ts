import { describe, expect, it } from "vitest";
import { PrefetchError } from "../../../src/base/errors.ts";
import type { SitemapReader } from "../../../src/prefetch/model/sitemap.ts";
import { type EdgeScript, fakeEdge } from "../../fakes/edge.ts";
import { fakeTimeouts, rejectOnAbort } from "../../fakes/signal.ts";
import { index, urlset } from "../../sitemaps/site-harness.ts";
import { error, type ServiceOptions, startService } from "../calls/service-harness.ts";

const at = (path: string): string => new URL(path, "https://www.example.com/").href;

async function setUp(texts: EdgeScript["texts"] = {}, { script, ...options }: ServiceOptions = {}) {
  const edge = fakeEdge({ texts });
  const harness = await startService({ ...options, script: { edge, ...script } });
  const warm = (urls: readonly unknown[], { since, ...more }: Parameters<typeof harness.urls>[1] & { since?: string } = {}) =>
    harness.urls(urls, { expand: { kind: "sitemap", since }, ...more });
  return { ...harness, edge, warm };
}

const site = {
  [at("sitemap.xml")]: index("/a.xml", "/gone.xml"),
  [at("a.xml")]: urlset(["/old", "2026-01-01"], ["/new", "2026-11-28"], "/plain", "https://img.example.net/1"),
};

describe("prefetchUrls, with expand sitemap", () => {
  it("sends what the sitemap names, newest first, and not the sitemap, and rejects the documents that cannot be read", async () => {
    const { warm, sent } = await setUp(site);
    const view = await warm([at("sitemap.xml")]);
    expect(sent()).toEqual([at("new"), at("old"), at("plain")]);
    expect(view).toMatchObject({ counts: { processing: 3, rejected: 1 } });
    expect(view.problems).toMatchObject([
      { url: at("gone.xml"), state: "rejected", code: "not_found", reason: "The edge answered with 404." },
    ]);
    expect(view.sitemaps).toMatchObject([
      { url: at("sitemap.xml"), kind: "sitemap-index", documents: 2, read: 4, urls: 3, refusedCount: 1, leftOut: { foreign: 1 } },
    ]);
    expect(view.nextStep).toMatch(
      /^1 sitemap in 2 documents: 4 entries, 3 of them to send\. Left out: 1 entry on other hosts \(img\.example\.net\); pass a URL of such a host as well, such as its robots\.txt, to include them\. 1 document below could not be read: problems says why\. /,
    );
  });

  it("counts the cost in a dry run and sends nothing", async () => {
    const { warm, sent, used } = await setUp(site);
    expect(await warm([at("sitemap.xml")], { dryRun: true })).toMatchObject({ dryRun: true, cost: 3, sitemaps: [{ urls: 3 }] });
    expect([sent(), await used()]).toEqual([[], 0]);
  });

  it("sends the newest that fit, with the quota policy partial", async () => {
    const { warm, sent } = await setUp(site, { dailyBudget: 2 });
    await expect(warm([at("sitemap.xml")])).rejects.toThrow(error("quota_exhausted"));
    await warm([at("sitemap.xml")], { onQuotaExceeded: "partial" });
    expect(sent()).toEqual([at("new"), at("old")]);
  });

  it("cuts several sitemaps to the newest entries that one call takes, and tells how many are left out", async () => {
    const texts = {
      [at("a.xml")]: urlset(["/1", "2026-01-01"], ["/4", "2026-01-04"], "/a"),
      [at("b.xml")]: urlset(["/3", "2026-01-03"], ["/2", "2026-01-02"], ["/4", "2026-01-05"]),
      [at("c.xml")]: urlset(["/5", "2026-01-06"], ["/0", "2025-01-01"]),
    };
    const { warm, sent } = await setUp(texts, { guards: { maxUrlsPerCall: 3 } });
    const view = await warm([at("a.xml"), at("b.xml"), at("c.xml")]);
    expect(sent()).toEqual(["5", "4", "3"].map(at));
    expect(view.sitemaps).toMatchObject([
      { read: 3, urls: 1, leftOut: { over: 2, repeated: 0 } },
      { read: 3, urls: 1, leftOut: { over: 1, repeated: 1 } },
      { read: 2, urls: 1, leftOut: { over: 1, repeated: 0 } },
    ]);
    expect(view.nextStep).toContain("Left out: 4 older entries beyond the most URLs of one call");
  });

  it("sends entries that changed since a date in the caller's zone", async () => {
    const texts = { [at("a.xml")]: urlset(["/a", "2026-11-27T17:00:00Z"], ["/b", "2026-11-27T15:00:00Z"], "/c") };
    const { urls, sent } = await setUp(texts);
    const view = await urls([at("a.xml")], { expand: { kind: "sitemap", since: "2026-11-28", timeZone: "Asia/Shanghai" } });
    expect(sent()).toEqual([at("a")]);
    expect(view.nextStep).toContain(
      "1 entry did not change since 2026-11-27T16:00:00.000Z. Left out: 1 entry without a date, so since cannot tell; without since they are sent.",
    );
  });

  it.each([
    ["an entry", urlset(["/a", "2026-01-01"])],
    ["a document", index(["/a.xml", "2026-01-01"])],
  ])("has nothing to do, and says so without an error, when %s did not change", async (_, text) => {
    const { warm, sent } = await setUp({ [at("s.xml")]: text });
    for (const dryRun of [false, true]) {
      const view = await warm([at("s.xml")], { since: "2026-11-28", dryRun });
      expect(view).toMatchObject({
        state: dryRun ? "planned" : "succeeded",
        batches: 0,
        sitemaps: [{ urls: 0 }],
        nextStep: expect.stringMatching(/Nothing is to be sent\.$/),
      });
      expect(view.taskId).toBeUndefined();
    }
    expect(sent()).toEqual([]);
  });

  it("names what cannot be read beside what did not change", async () => {
    const { warm } = await setUp({ [at("s.xml")]: index(["/old.xml", "2026-01-01"], "/gone.xml") });
    const view = await warm([at("s.xml")], { since: "2026-11-28" });
    expect(view).toMatchObject({
      state: "failed",
      counts: { rejected: 1 },
      problems: [{ url: at("gone.xml"), code: "not_found" }],
      sitemaps: [{ urls: 0 }],
    });
    await expect(warm([at("s.xml")])).rejects.toThrow(error("not_found"));
  });

  it("counts each entry once over many small sitemaps", async () => {
    const names = Array.from({ length: 40 }, (_, nth) => `${nth}.xml`);
    const day = (nth: number): string => new Date(Date.UTC(2026, 0, 1 + nth)).toISOString();
    const texts = Object.fromEntries(names.map((name, nth) => [at(name), urlset([`/${nth}`, day(nth)], [`/${nth + 1}`, day(nth + 1)])]));
    const { warm, sent } = await setUp(texts, { guards: { maxUrlsPerCall: 50 } });
    const { sitemaps = [] } = await warm(names.map(at));
    expect(sent()).toEqual(Array.from({ length: 41 }, (_, nth) => at(`${40 - nth}`)));
    expect(sitemaps.map(({ urls, leftOut }) => [urls, leftOut.repeated, leftOut.over])).toEqual(
      names.map((_, nth) => (nth === 0 ? [2, 0, 0] : [1, 1, 0])),
    );
  });

  it.each([
    ["is empty", urlset(), /lead to no URL to send\. 1 sitemap in 1 document: 0 entries/],
    ["names only foreign hosts", urlset("https://img.example.net/1"), /lead to no URL to send.*on other hosts \(img\.example\.net\)/],
  ])("throws when the sitemap %s", async (_, text, message) => {
    const { warm } = await setUp({ [at("s.xml")]: text });
    await expect(warm([at("s.xml")])).rejects.toThrow(error("invalid_argument", { message: expect.stringMatching(message) }));
  });

  it("rejects what is no sitemap with what to pass, and sends the rest", async () => {
    const { warm, sent } = await setUp({ [at("page")]: "<html></html>", [at("a.xml")]: urlset("/a") });
    const view = await warm([at("page"), at("a.xml"), "no URL"]);
    expect(sent()).toEqual([at("a")]);
    expect(view.problems).toMatchObject([
      {
        url: at("page"),
        code: "unsupported",
        reason: expect.stringMatching(
          /^It cannot be read as a sitemap\. It is a web page \(HTML\), not a sitemap\. Pass https:\/\/www\.example\.com\/robots\.txt/,
        ),
      },
      { url: "no URL", code: "invalid_argument" },
    ]);
    await expect(warm([at("page")])).rejects.toThrow(error("unsupported", { message: expect.stringContaining("It is a web page (HTML)") }));
  });

  it("sends a URL that is no sitemap when a sitemap names it", async () => {
    const { warm, sent } = await setUp({ [at("")]: "<html></html>", [at("a.xml")]: urlset("/") });
    expect(await warm([at(""), at("a.xml")])).toMatchObject({ counts: { processing: 1, rejected: 0 } });
    expect(sent()).toEqual([at("")]);
  });

  it("counts the hosts of all URLs of the call as its own, also of those that cannot be read", async () => {
    const { warm, sent } = await setUp({ [at("a.xml")]: urlset("https://img.example.net/1") });
    await warm([at("a.xml"), "https://img.example.net/robots.txt"]);
    expect(sent()).toEqual(["https://img.example.net/1"]);
  });

  it("refuses hosts that the operator does not allow, and never reads a URL with a secret", async () => {
    const secret = "MFyfvK41ba2giqM7Uio6PznpdUKGpown";
    const { warm, edge, sent } = await setUp(
      { [at("a.xml")]: urlset("/a", `/${secret}`) },
      { secrets: [secret], guards: { allowedDomains: ["www.example.com"] } },
    );
    const view = await warm([at("a.xml"), "https://other.example.com/b.xml", at(`${secret}.xml`)]);
    expect(edge.read).toEqual([at("a.xml")]);
    expect(sent()).toEqual([at("a")]);
    expect(view.problems).toHaveLength(3);
  });

  it("reports an unforeseen error and goes on with the next sitemap", async () => {
    const { warm, reports } = await setUp({}, { readSitemap: async () => Promise.reject(new TypeError("a bug")) });
    await expect(warm([at("a.xml")])).rejects.toThrow(error("internal"));
    expect(reports).toEqual(["expanding a sitemap: TypeError: a bug"]);
  });

  it("ends at the deadline of look-ups, and sends nothing", async () => {
    const timeouts = fakeTimeouts();
    const readSitemap: SitemapReader = async (_, { signal }) => {
      const aborted = rejectOnAbort(signal);
      timeouts.expire(40_000);
      return aborted;
    };
    const { warm, sent } = await setUp({}, { readSitemap });
    await expect(warm([at("a.xml")])).rejects.toThrow(
      error("timeout", { hint: expect.stringMatching(/^Nothing was sent\. Pass fewer sitemaps/) }),
    );
    expect(sent()).toEqual([]);
  });

  it("refuses a date that is none", async () => {
    const { warm } = await setUp(site);
    await expect(warm([at("sitemap.xml")], { since: "lately" })).rejects.toThrow(
      error("invalid_argument", { message: expect.stringContaining('since: "lately"') }),
    );
  });

  it("rejects a document that answers with an error, with its code", async () => {
    const { warm } = await setUp({ [at("a.xml")]: new PrefetchError("rate_limited", "www.example.com answered 429", { retryable: true }) });
    await expect(warm([at("a.xml")])).rejects.toThrow(error("rate_limited", { retryable: true }));
  });
});
