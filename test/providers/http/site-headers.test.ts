/** PREFETCH_HTTP_HEADERS: each site gets its own headers, and no other site, no result and no account shows them. */

import { describe, expect, it } from "vitest";
import { headerRule, parseSite, type SiteHeaders } from "../../../src/providers/http/net/site-headers.ts";
import { secretHeaderValues } from "../../../src/providers/kit/header-secrets.ts";
import { testEdge } from "./edges-harness.ts";
import { startOrigin } from "./origin-harness.ts";
import { warming } from "./warming-harness.ts";

function siteHeaders(sites: Readonly<Record<string, Readonly<Record<string, string>>>>): SiteHeaders[] {
  return Object.entries(sites).map(([name, headers]) => {
    const site = parseSite(name);
    if (!site) throw new Error(`${name} is no site`);
    return { site, headers };
  });
}

describe("headerRule", () => {
  const rule = headerRule(
    siteHeaders({
      "cdn.example": { cookie: "a=1", accept: "image/*" },
      "*.cdn.example": { "x-key": "wild" },
      "http://plain.example:8080": { cookie: "b=2" },
      "b\u00fccher.example": { cookie: "c=3" },
    }),
  );
  const base = { accept: "*/*", "x-variant": "1" };
  const of = (url: string, from = url) => rule(new URL(url), new URL(from), base);

  it.each([
    ["https://cdn.example/a", { accept: "image/*", "x-variant": "1", cookie: "a=1" }],
    ["https://cdn.example:443/a", { accept: "image/*", "x-variant": "1", cookie: "a=1" }],
    ["https://eu.cdn.example/a", { ...base, "x-key": "wild" }],
    ["http://plain.example:8080/", { ...base, cookie: "b=2" }],
    ["https://xn--bcher-kva.example/", { ...base, cookie: "c=3" }],
  ])("adds a site's headers to %s", (url, headers) => {
    expect(of(url)).toEqual(headers);
  });

  it.each([
    "http://cdn.example/a",
    "https://cdn.example:8443/a",
    "https://acdn.example/a",
    "https://cdn.example./a",
    "https://plain.example/",
  ])("adds nothing to %s", (url) => {
    expect(of(url)).toEqual(base);
  });

  it("gives each hop of a redirect the headers of its own site only", () => {
    expect(of("https://other.example/", "https://cdn.example/a")).toEqual({ accept: "*/*" });
    expect(of("https://eu.cdn.example/", "https://cdn.example/a")).toEqual({ accept: "*/*", "x-key": "wild" });
  });
});

describe("the headers of a site", () => {
  const secret = "session-of-the-operator";

  async function edge() {
    const seen: string[] = [];
    const origin = await startOrigin((request, response) => {
      seen.push(`${request.headers.host?.split(":")[0]} ${request.method} ${request.url}: ${request.headers.cookie ?? "-"}`);
      if (request.url === "/hop") response.writeHead(302, { location: origin.url("/there", "other.test") }).end();
      else response.writeHead(200, { "cache-control": "public, max-age=60", age: "9" }).end("#EXTM3U\n");
    });
    const site = new URL(origin.url("/", "media.test")).origin;
    return { origin, seen, sites: siteHeaders({ [site]: { cookie: `sid=${secret}` } }) };
  }

  it("go to the site when it is warmed, and to no other host behind a redirect", async () => {
    const { origin, seen, sites } = await edge();
    const { warm, provider } = warming({ siteHeaders: sites, redirects: 1 });
    const { outcomes } = await warm([origin.url("/a", "media.test"), origin.url("/hop", "media.test"), origin.url("/b", "third.test")]);
    expect(seen.sort()).toEqual([
      `media.test GET /a: sid=${secret}`,
      `media.test GET /hop: sid=${secret}`,
      "other.test GET /there: -",
      "third.test GET /b: -",
    ]);
    expect(JSON.stringify([outcomes, provider.account])).not.toContain(secret);
  });

  it("go to the site when it is verified and when its manifest is read", async () => {
    const { origin, seen, sites } = await edge();
    const test = testEdge({ headersOf: headerRule(sites) });
    const row = await test.one(origin.url("/a", "media.test"));
    expect(row.state).toBe("warm");
    await test.body(origin.url("/hop", "media.test"), 1_000, new AbortController().signal);
    expect(seen).toEqual([`media.test HEAD /a: sid=${secret}`, `media.test GET /hop: sid=${secret}`, "other.test GET /there: -"]);
    expect(JSON.stringify(row)).not.toContain(secret);
  });

  it("make an account of their own, which stays when a value is renewed", () => {
    const account = (cookie: string) => warming({ siteHeaders: siteHeaders({ "cdn.example": { cookie } }) }).provider.account;
    expect(account("a=1")).not.toBe("http");
    expect(account("a=1")).toBe(account("a=2"));
  });

  it("with Authorization need an answer that caches may share", async () => {
    const origin = await startOrigin((_request, response) => response.writeHead(200, { "cache-control": "max-age=60" }).end("x"));
    const site = new URL(origin.url("/")).origin;
    const sites = siteHeaders({ [site]: { authorization: "Bearer token-of-the-operator" } });
    const outcome = await warming({ siteHeaders: sites }).outcomeOf(origin.url("/a"));
    expect(outcome).toMatchObject({ state: "failed", code: "uncacheable", reason: expect.stringContaining("Authorization") });
    expect(await testEdge({ headersOf: headerRule(sites) }).one(origin.url("/a"))).toMatchObject({ state: "uncacheable" });
  });

  it("are secrets with their parts", () => {
    const json = JSON.stringify({ "cdn.example": { cookie: `sid=${secret}; lang=de`, authorization: "Bearer abcdefgh" } });
    expect(secretHeaderValues(json)).toEqual(expect.arrayContaining([`sid=${secret}; lang=de`, secret, "Bearer abcdefgh", "abcdefgh"]));
    expect(secretHeaderValues(json)).not.toContain("de");
  });
});
