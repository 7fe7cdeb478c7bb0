/** Sitemaps through the built server and the official client: what is sent, what is left out, and hostile documents. */

import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { edgeSite } from "../../../src/sandbox/edge/site.ts";
import { type Arguments, httpSessions, modernSession, type Session, taskOf } from "../harness/clients-harness.ts";
import { type HttpServer, launchServer } from "../harness/http-server-harness.ts";
import { type Documents, startSite } from "./sitemap-origin-harness.ts";

const documents: Documents = {};
let site: Awaited<ReturnType<typeof startSite>>;
let server: HttpServer;
let session: Session;
let probing: Session;

beforeAll(async () => {
  site = await startSite(documents);
  server = await launchServer({ PREFETCH_STORE: "memory:", PREFETCH_HTTP_ALLOW_LOOPBACK: "1" }, []);
  const [[, connect]] = httpSessions;
  [session, probing] = await Promise.all([connect(server.url), connect(server.url)]);
});

afterAll(async () => {
  await Promise.all([session.close(), probing.close()]);
  await server.stop();
  await site.stop();
});

const call = (urls: readonly string[], more: Arguments = {}) => session.call("prefetch_urls", { urls, expand: "sitemap", ...more });
const warm = async (urls: readonly string[], more: Arguments = {}) => taskOf(await call(urls, { wait_seconds: 20, ...more }));

type Entry = string | readonly [url: string, lastmod: string];
const list = (root: string, element: string, entries: readonly Entry[]): string => {
  const items = entries.map((entry) => (typeof entry === "string" ? ([entry] as const) : entry));
  return `<${root}>${items.map(([url, lastmod]) => `<${element}><loc>${url}</loc>${lastmod ? `<lastmod>${lastmod}</lastmod>` : ""}</${element}>`).join("")}</${root}>`;
};
const urlset = (...entries: readonly Entry[]): string => list("urlset", "url", entries);
const index = (...entries: readonly Entry[]): string => list("sitemapindex", "sitemap", entries);

describe("an index", () => {
  it("is sent without its missing and its foreign sitemap, which the answer names", async () => {
    documents["/index.xml"] = index(site.at("/a.xml.gz"), site.at("/gone.xml"), site.elsewhere("/b.xml"));
    documents["/a.xml.gz"] = gzipSync(urlset(site.at("/page1"), [site.at("/page2"), "2026-11-01"], site.elsewhere("/page3")));
    documents["/b.xml"] = urlset(site.elsewhere("/page4"));
    const task = await warm([site.at("/index.xml")]);
    expect(task).toMatchObject({ state: "partial", counts: { total: 4, succeeded: 2, rejected: 2 } });
    expect(task.sitemaps).toEqual([
      {
        url: site.at("/index.xml"),
        kind: "sitemap-index",
        documents: 2,
        read: 3,
        urls: 2,
        left_out: { foreign: 1 },
        foreign_hosts: ["localhost: 1"],
        unread: 2,
      },
    ]);
    expect(task.problems).toMatchObject([
      {
        url: site.elsewhere("/b.xml"),
        state: "rejected",
        code: "forbidden_domain",
        reason: expect.stringMatching(/on localhost, .*Pass it as a URL of its own/),
      },
      { url: site.at("/gone.xml"), state: "rejected", code: "not_found", reason: expect.stringMatching(/answered 404/) },
    ]);
    expect(site.asked).not.toContain("/b.xml");
    expect(task.next_step).toContain("2 documents below could not be read: problems says why.");
  });

  it("ends when indexes name each other, and refuses a fourth level", async () => {
    documents["/loop1.xml"] = index(site.at("/loop2.xml"), site.at("/deep2.xml"));
    documents["/loop2.xml"] = index(site.at("/loop1.xml"));
    documents["/deep2.xml"] = index(site.at("/deep3.xml"));
    documents["/deep3.xml"] = index(site.at("/deep4.xml"));
    documents["/deep4.xml"] = urlset(site.at("/page"));
    const { isError, text } = await call([site.at("/loop1.xml")]);
    expect({ isError, text }).toEqual({ isError: true, text: expect.stringMatching(/deep4\.xml": It is nested deeper than 3 documents/) });
    expect(site.asked.filter((path) => path === "/loop1.xml")).toHaveLength(1);
  });
});

describe("documents of other kinds", () => {
  it("are read: robots.txt, RSS, Atom and lists, by their content", async () => {
    documents["/robots.txt"] = `User-agent: *\nSITEMAP: /robots-map\n`;
    documents["/robots-map"] = urlset(site.at("/page-robots"));
    documents["/rss"] = `<rss version="2.0"><channel><item><link>${site.at("/page-rss")}</link></item></channel></rss>`;
    documents["/atom"] = `<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="page-atom"/></entry></feed>`;
    documents["/list"] = `\uFEFF${site.at("/page-list")}\n`;
    const task = await warm(["/robots.txt", "/rss", "/atom", "/list"].map(site.at));
    expect(task).toMatchObject({ state: "succeeded", counts: { total: 4, succeeded: 4 } });
    expect(task.sitemaps?.map(({ kind, urls }) => [kind, urls])).toEqual([
      ["robots", 1],
      ["rss", 1],
      ["atom", 1],
      ["text", 1],
    ]);
    expect(site.asked).toEqual(expect.arrayContaining(["/page-robots", "/page-rss", "/page-atom", "/page-list"]));
  });

  it("are refused with what to pass instead, such as a web page", async () => {
    documents["/"] = "<!doctype html><p>x";
    const { isError, text } = await call([site.at("/")]);
    expect(isError).toBe(true);
    expect(text).toContain(`It is a web page (HTML), not a sitemap. Pass ${site.at("/robots.txt")}, or the address of the site's sitemap`);
  });

  it("are not read at a private address to which they redirect", async () => {
    documents["/moved.xml"] = new URL("http://169.254.169.254/latest/meta-data/");
    const { isError, text } = await call([site.at("/moved.xml")]);
    expect({ isError, text }).toEqual({ isError: true, text: expect.stringMatching(/^forbidden_domain: .*169\.254\.169\.254/s) });
  });
});

describe("since", () => {
  it("sends what changed, counts the rest, and does nothing without an error when nothing changed", async () => {
    documents["/dated.xml"] = urlset([site.at("/page-new"), "2026-11-28"], [site.at("/page-old"), "2026-11-01"], site.at("/page-undated"));
    const plan = await warm([site.at("/dated.xml")], { since: "2026-11-28", dry_run: true });
    expect(plan).toMatchObject({ counts: { planned: 1 }, sitemaps: [{ read: 3, urls: 1, left_out: { unchanged: 1, undated: 1 } }] });
    const none = await warm([site.at("/dated.xml")], { since: "2027-01-01" });
    expect(none).toMatchObject({
      state: "succeeded",
      counts: { total: 0 },
      next_step: expect.stringMatching(/without a date.*Nothing is to be sent/),
    });
    expect(none.task_id).toBeUndefined();
  });

  it.each([
    [{ since: "2026-11-28", expand: "streams" }, /^invalid_argument: since: goes with expand "sitemap"/],
    [{ scope: "full" }, /^invalid_argument: scope: goes with expand "streams"/],
    [{ time_zone: "UTC", expand: "none" }, /^invalid_argument: time_zone: goes with expand "sitemap"/],
    [{ since: "soon" }, /^invalid_argument: since: "soon" is neither a date nor a time/],
  ])("is refused where it says nothing: %j", async (args, message) => {
    expect(await call([site.at("/list")], args)).toMatchObject({ isError: true, text: expect.stringMatching(message) });
  });
});

/** The longest delay of the server's event loop since the last time, in milliseconds. */
async function lag(): Promise<number> {
  const metrics = await (await fetch(new URL("/metrics", server.url))).text();
  return 1_000 * Number(/^nodejs_eventloop_lag_max_seconds (\S+)$/m.exec(metrics)?.[1] ?? Number.NaN);
}

/** Shorter, and the probes take more of the processor than the sitemap. */
const PAUSE_MS = 50;

describe("large documents", () => {
  const dated = (count: number, comment = ""): string =>
    `<urlset>${Array.from({ length: count }, (_, nth) => `<url><loc>${site.at(`/page${nth}`)}</loc><lastmod>${new Date(nth * 60_000).toISOString()}</lastmod>${comment}</url>`).join("")}</urlset>`;

  it("are cut to the newest 10,000 of 50,000 entries, and the answer counts the rest", { timeout: 60_000 }, async () => {
    documents["/60000.xml.gz"] = gzipSync(dated(60_000));
    const plan = await warm([site.at("/60000.xml.gz")], { dry_run: true });
    expect(plan).toMatchObject({
      counts: { planned: 10_000 },
      sitemaps: [{ read: 50_000, urls: 10_000, left_out: { over: 40_000 }, ended_at: "50,000 URLs" }],
    });
    expect(JSON.stringify(plan).length).toBeLessThan(5_000);
  });

  it.each([
    ["a gzip bomb", () => gzipSync(Buffer.alloc(100_000_000), { level: 1 }), /more than 52,428,800 bytes/],
    [
      "entities of entities",
      () => `<!DOCTYPE urlset [<!ENTITY a "aaaa"><!ENTITY b "${"&a;".repeat(1_000)}">]><urlset><url><loc>&b;</loc></url></urlset>`,
      /DOCTYPE/,
    ],
    ["deep nesting", () => "<urlset>".repeat(1_000_000), /nests deeper/],
    ["truncated gzip", () => gzipSync(urlset("x")).subarray(0, 20), /cannot be unpacked/],
  ])("are refused in words: %s", { timeout: 60_000 }, async (_, content, message) => {
    documents["/hostile"] = content();
    expect(await call([site.at("/hostile")])).toMatchObject({ isError: true, text: expect.stringMatching(message) });
  });

  it("of 50 MB are read while other calls are answered", { timeout: 90_000 }, async () => {
    documents["/50mb.xml"] = dated(45_000, `<!--${"x".repeat(990)}-->`);
    expect(documents["/50mb.xml"].length).toBeGreaterThan(48_000_000);
    await lag();
    let isOver = false;
    const answer = call([site.at("/50mb.xml")], { dry_run: true }).finally(() => {
      isOver = true;
    });
    expect(await probing.call("get_prefetch_quota")).toMatchObject({ isError: false });
    do {
      expect((await fetch(new URL("/healthz", server.url))).status).toBe(200);
      await sleep(PAUSE_MS);
    } while (!isOver);
    expect(taskOf(await answer)).toMatchObject({ counts: { planned: 10_000 }, sitemaps: [{ read: 45_000 }] });
    process.stderr.write(`a sitemap of 50 MB: event loop held ${Math.round(await lag())} ms at most\n`);
  });
});

describe("the site of the sandbox", () => {
  it("is warmed by its robots.txt", { timeout: 60_000 }, async () => {
    const sandbox = await modernSession({ args: ["--sandbox"] });
    try {
      const urls = [`https://cloudflare.example.org${edgeSite.robots.path}`];
      const task = taskOf(await sandbox.call("prefetch_urls", { urls, expand: "sitemap", wait_seconds: 30 }));
      expect(task).toMatchObject({ state: "succeeded", counts: { succeeded: edgeSite.robots.urls } });
      expect(task.sitemaps).toEqual([{ url: urls[0], kind: "robots", documents: 4, read: 36, urls: 36 }]);
    } finally {
      await sandbox.close();
    }
  });
});
