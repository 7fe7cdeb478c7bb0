import { describe, expect, it } from "vitest";
import type { Got } from "../../../../src/providers/http/net/get.ts";
import { classifyAnswer, type FetchOutcome } from "../../../../src/providers/http/warm/classify.ts";
import { type Headers, lines } from "../cache/lines-harness.ts";

const url = "https://media.example.com/a.mp4";
const judged = (headers: Headers, more: Partial<Got> = {}): FetchOutcome =>
  classifyAnswer({ status: 200, headers: lines(headers), bytes: 1_234, declared: undefined, firstByteMs: 1, ...more }, url);

const cloudflare = { server: "cloudflare", "cf-ray": "8a1-FRA" };
const fresh = { "cache-control": "public, max-age=60" };

describe("an answer is judged", () => {
  const table: readonly (readonly [string, Headers, Partial<Got>, Partial<FetchOutcome>])[] = [
    ["whole and cacheable", fresh, {}, { state: "succeeded" }],
    ["whole, of the declared length", fresh, { declared: 1_234 }, { state: "succeeded" }],
    ["without a body", fresh, { bytes: 0, declared: 0 }, { state: "succeeded" }],
    ["without any word about caching, which is the CDN's to decide", {}, {}, { state: "succeeded" }],
    ["with a Vary that is the CDN's to decide about", { ...fresh, vary: "User-Agent" }, {}, { state: "succeeded" }],
    ["from the cache, whatever the origin says", { age: "9", "cache-control": "no-store" }, {}, { state: "succeeded" }],
    [
      "from the cache, past its time",
      { ...cloudflare, "cf-cache-status": "STALE", "cache-control": "max-age=0" },
      {},
      { state: "succeeded" },
    ],
    [
      "fetched, and stored by the cache's word",
      { "cache-status": "Edge; fwd=miss; stored", "cache-control": "no-store" },
      {},
      { state: "succeeded" },
    ],
    [
      "fetched, and not stored by the cache's word",
      { ...cloudflare, "cf-cache-status": "BYPASS", "cache-control": "private" },
      {},
      { state: "failed", code: "uncacheable" },
    ],
    ["not to be stored", { "cache-control": "no-store" }, {}, { state: "doubtful", code: "uncacheable" }],
    ["for one viewer only", { "cache-control": "private" }, {}, { state: "doubtful", code: "uncacheable" }],
    ["with a cookie", { ...fresh, "set-cookie": ["a=1", "b=2"] }, {}, { state: "doubtful", code: "uncacheable" }],
    ["different for every request", { ...fresh, vary: "*" }, {}, { state: "doubtful", code: "uncacheable" }],
    [
      "past its time when it comes",
      { expires: "Thu, 01 Jan 1970 00:00:00 GMT", date: "Sat, 21 Nov 2026 12:00:00 GMT" },
      {},
      { state: "doubtful", code: "uncacheable" },
    ],
    ["shorter than declared, though from the cache", { age: "9" }, { declared: 5_000 }, { state: "failed", code: "vendor_unavailable" }],
    ["longer than declared", fresh, { declared: 1 }, { state: "failed", code: "vendor_unavailable" }],
    ["of a length that is no number", fresh, { declared: Number.NaN }, { state: "succeeded" }],
    ["a part, though from the cache", { age: "9" }, { status: 206 }, { state: "failed", code: "http_error" }],
    ["an error that the cache keeps", { age: "9", ...fresh }, { status: 404 }, { state: "failed", code: "not_found" }],
    ["gone", {}, { status: 410 }, { state: "failed", code: "not_found" }],
    ["forbidden", {}, { status: 403 }, { state: "failed", code: "forbidden" }],
    ["unauthorized", {}, { status: 401 }, { state: "failed", code: "forbidden" }],
    ["teapot", {}, { status: 418 }, { state: "failed", code: "http_error" }],
    ["too many requests", {}, { status: 429 }, { state: "failed", code: "rate_limited" }],
    ["a fault", {}, { status: 500 }, { state: "failed", code: "vendor_unavailable" }],
    ["a fault of the CDN's own", {}, { status: 599 }, { state: "failed", code: "vendor_unavailable" }],
    ["a redirect", { location: "https://other.example/b" }, { status: 301 }, { state: "failed", code: "redirect" }],
    ["a redirect to nowhere", {}, { status: 302 }, { state: "failed", code: "redirect" }],
  ];

  it.each(table)("%s", (_, headers, got, expected) => {
    const verdict = judged(headers, got);
    expect(verdict).toMatchObject(expected);
    expect(verdict.reason).toMatch(/^[A-Z0-9].+\.$/);
  });

  it("by what was seen, in words", () => {
    expect(judged({ ...cloudflare, "cf-cache-status": "HIT", age: "3" }).reason).toBe(
      "Received 1,234 bytes; Cloudflare FRA: already in the cache.",
    );
    expect(judged({ ...cloudflare, "cf-cache-status": "MISS", ...fresh }).reason).toBe(
      "Received 1,234 bytes; Cloudflare FRA: not in the cache before, fetched now.",
    );
  });

  it("with what to change where it is not cached", () => {
    expect(judged({ "cache-control": "no-store" }).reason).toContain("Remove no-store at the origin");
  });

  it.each([
    "https://other.example/b?token=secret",
    "https://other.example/b#access_token=secret",
    "https://user:secret@other.example/b",
    "//secret@other.example/b",
  ])("without the secrets of the URL that it leads to: %s", (location) => {
    const { reason } = judged({ location }, { status: 302 });
    expect(reason).toContain("https://other.example/b. ");
    expect(reason).not.toContain("secret");
  });

  it("with the whole of a URL that is named in part, and without one that is none", () => {
    expect(judged({ location: "/b c" }, { status: 302 }).reason).toContain("redirects to https://media.example.com/b%20c. ");
    expect(judged({ location: "https://[" }, { status: 302 }).reason).not.toContain("redirects to ");
  });
});

it("an answer that is kept for few viewers only succeeds, and says so", () => {
  const served: Headers = { age: "9" };
  for (const seen of [served, { ...cloudflare, "cf-cache-status": "MISS" }]) {
    const verdict = judged({ ...fresh, ...seen, vary: "Cookie" });
    expect(verdict).toMatchObject({
      state: "succeeded",
      reason: expect.stringMatching(/Vary names a header that differs for almost every viewer/),
    });
  }
  expect(judged({ ...fresh, age: "9", vary: "Accept-Encoding" }).reason).not.toContain("Vary");
});
