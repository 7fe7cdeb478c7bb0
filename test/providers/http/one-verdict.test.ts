/** Prefetch and verify give one verdict on the same edge, whatever else its headers lack. */

import { describe, expect, it } from "vitest";
import { testEdge } from "./edges-harness.ts";
import { startOrigin } from "./origin-harness.ts";
import { warming } from "./warming-harness.ts";

type Headers = Readonly<Record<string, string>>;

const words: readonly (readonly [string, Headers])[] = [
  ["BYPASS of Cloudflare", { server: "cloudflare", "cf-ray": "1-FRA", "cf-cache-status": "BYPASS" }],
  ["CONFIG_NOCACHE of Azure", { "x-azure-ref": "0a", "x-cache": "CONFIG_NOCACHE" }],
  ["BYPASS of bunny.net", { server: "BunnyCDN-DE1-860", "cdn-cache": "BYPASS" }],
  ["NotCacheable of Akamai", { "akamai-cache-status": "NotCacheable from child" }],
  ["Constructed of Akamai", { "akamai-cache-status": "Constructed from child" }],
  ["a generated response of CloudFront", { "x-amz-cf-id": "1", "x-cache": "FunctionGeneratedResponse from cloudfront" }],
  ["DYNAMIC of ESA", { server: "ESA", "x-site-cache-status": "DYNAMIC" }],
  ["fwd=bypass of RFC 9211", { "cache-status": "Edge; fwd=bypass" }],
  ["stored=?0 of RFC 9211", { "cache-status": "Edge; fwd=miss; stored=?0" }],
  ["the lifetime 0 of Alibaba", { eagleid: "1", "x-cache": "MISS TCP_MISS dirn:-2:-2", "x-swift-cachetime": "0" }],
  ["a miss that Varnish does not keep", { "x-cache": "miss uncacheable" }],
  ["nc of CDNetworks", { "x-px": "nc h0-s1.p1-fra ( origin)" }],
  ["an error of CloudFront", { "x-amz-cf-id": "1", "x-cache": "Error from cloudfront" }],
];

describe.each<[string, Headers]>([
  ["no other header", {}],
  ["a Vary that narrows it", { vary: "User-Agent" }],
  ["a type that does not fit", { "content-type": "text/html" }],
  ["a lifetime", { "cache-control": "public, max-age=60" }],
])("an edge that says it does not store the object, with %s,", (_, more) => {
  it.each(words)("fails a prefetch and is uncacheable to a check: %s", async (_word, headers) => {
    const origin = await startOrigin((_request, response) => response.writeHead(200, { ...headers, ...more }).end("content"));
    const url = origin.url("/a.mp4");
    expect(await warming().outcomeOf(url)).toMatchObject({ state: "failed", code: "uncacheable" });
    expect(origin.seen).toHaveLength(1);
    expect(await testEdge().one(url)).toMatchObject({ state: "uncacheable" });
  });
});

describe("a bot protection that answers instead of the object", () => {
  it.each([403, 200, 503])("is named by a prefetch after one request, and by a check: status %i", async (status) => {
    const headers = { server: "cloudflare", "cf-mitigated": "challenge", "content-type": "text/html" };
    const origin = await startOrigin((_request, response) => response.writeHead(status, headers).end("Just a moment"));
    const outcome = await warming().outcomeOf(origin.url("/a.mp4"));
    expect(outcome).toMatchObject({ state: "failed", code: "challenge", reason: expect.stringContaining("bot protection of Cloudflare") });
    expect(outcome.reason).not.toContain("signed URL");
    expect(origin.seen).toHaveLength(1);
    const row = await testEdge().one(origin.url("/a.mp4"));
    expect(row).toMatchObject({ state: "uncacheable", obstacles: [{ code: "challenge" }] });
    expect(row.reason).toContain("bot protection of Cloudflare");
  });
});

it("a bot protection in front of a manifest is named", async () => {
  const origin = await startOrigin((_request, response) => response.writeHead(403, { "cf-mitigated": "challenge" }).end("Just a moment"));
  const reading = testEdge().body(origin.url("/master.m3u8"), 1_000, new AbortController().signal);
  await expect(reading).rejects.toMatchObject({
    code: "auth_failed",
    message: expect.stringContaining("bot protection of Cloudflare"),
    hint: expect.stringContaining("PREFETCH_HTTP_HEADERS"),
  });
});

it("a page instead of the file is told by a prefetch and by a check", async () => {
  const headers = { "content-type": "text/html", "cache-control": "max-age=60", age: "9" };
  const origin = await startOrigin((_request, response) => response.writeHead(200, headers).end("<html>"));
  const outcome = await warming().outcomeOf(origin.url("/film.mp4"));
  expect(outcome).toMatchObject({
    state: "succeeded",
    reason: expect.stringContaining("of type text/html, which does not fit the name .mp4"),
  });
  expect(await testEdge().one(origin.url("/film.mp4"))).toMatchObject({ state: "warm", obstacles: [{ code: "type-misfit" }] });
});

it("a redirect to itself is told by a check", async () => {
  const origin = await startOrigin((_request, response) => response.writeHead(308, { location: "/a.mp4" }).end());
  expect(await testEdge().one(origin.url("/a.mp4"))).toMatchObject({ state: "uncacheable", obstacles: [{ code: "redirect-loop" }] });
});
