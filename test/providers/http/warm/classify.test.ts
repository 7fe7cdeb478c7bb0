import { describe, expect, it } from "vitest";
import { obstacleOf } from "../../../../src/providers/http/cache/why-not-cached.ts";
import type { Got } from "../../../../src/providers/http/net/get.ts";
import { classifyAnswer, type FetchOutcome } from "../../../../src/providers/http/warm/classify.ts";
import { type Headers, lines } from "../cache/lines-harness.ts";

const url = "https://media.example.com/a.mp4";
const classified = (headers: Headers, more: Partial<Got> = {}): FetchOutcome =>
  classifyAnswer({ status: 200, headers: lines(headers), bytes: 1_234, declared: undefined, firstByteMs: 1, ...more }, url);

const cloudflare = { server: "cloudflare", "cf-ray": "8a1-FRA" };
const fresh = { "cache-control": "public, max-age=60" };

describe("classifyAnswer", () => {
  const table: readonly (readonly [string, Headers, Partial<Got>, Partial<FetchOutcome>])[] = [
    ["accepts a whole, cacheable answer", fresh, {}, { state: "succeeded" }],
    ["accepts a body of the declared length", fresh, { declared: 1_234 }, { state: "succeeded" }],
    ["accepts an empty body", fresh, { bytes: 0, declared: 0 }, { state: "succeeded" }],
    ["accepts an answer without caching headers", {}, {}, { state: "succeeded" }],
    ["accepts a Vary that the CDN may ignore", { ...fresh, vary: "User-Agent" }, {}, { state: "succeeded" }],
    ["accepts an answer from the cache despite no-store", { age: "9", "cache-control": "no-store" }, {}, { state: "succeeded" }],
    [
      "accepts a stale answer from the cache",
      { ...cloudflare, "cf-cache-status": "STALE", "cache-control": "max-age=0" },
      {},
      { state: "succeeded" },
    ],
    [
      "accepts an answer that the cache reports as stored",
      { "cache-status": "Edge; fwd=miss; stored", "cache-control": "no-store" },
      {},
      { state: "succeeded" },
    ],
    [
      "fails an answer that the cache reports as not stored",
      { ...cloudflare, "cf-cache-status": "BYPASS", "cache-control": "private" },
      {},
      { state: "failed", code: "uncacheable" },
    ],
    ["doubts no-store", { "cache-control": "no-store" }, {}, { state: "doubtful", code: "uncacheable" }],
    ["doubts private", { "cache-control": "private" }, {}, { state: "doubtful", code: "uncacheable" }],
    ["doubts a cookie", { ...fresh, "set-cookie": ["a=1", "b=2"] }, {}, { state: "doubtful", code: "uncacheable" }],
    ["doubts Vary: *", { ...fresh, vary: "*" }, {}, { state: "doubtful", code: "uncacheable" }],
    [
      "doubts an Expires in the past",
      { expires: "Thu, 01 Jan 1970 00:00:00 GMT", date: "Sat, 21 Nov 2026 12:00:00 GMT" },
      {},
      { state: "doubtful", code: "uncacheable" },
    ],
    [
      "fails a body shorter than declared, even from the cache",
      { age: "9" },
      { declared: 5_000 },
      { state: "failed", code: "vendor_unavailable" },
    ],
    ["fails a body longer than declared", fresh, { declared: 1 }, { state: "failed", code: "vendor_unavailable" }],
    ["ignores an invalid Content-Length", fresh, { declared: Number.NaN }, { state: "succeeded" }],
    ["fails a partial answer, even from the cache", { age: "9" }, { status: 206 }, { state: "failed", code: "http_error" }],
    ["fails an error from the cache", { age: "9", ...fresh }, { status: 404 }, { state: "failed", code: "not_found" }],
    ["fails status 410 as not found", {}, { status: 410 }, { state: "failed", code: "not_found" }],
    ["fails status 403 as forbidden", {}, { status: 403 }, { state: "failed", code: "forbidden" }],
    ["fails status 401 as forbidden", {}, { status: 401 }, { state: "failed", code: "forbidden" }],
    ["fails another client error", {}, { status: 418 }, { state: "failed", code: "http_error" }],
    ["fails status 429 as rate-limited", {}, { status: 429 }, { state: "failed", code: "rate_limited" }],
    ["fails status 500 as unavailable", {}, { status: 500 }, { state: "failed", code: "vendor_unavailable" }],
    ["fails a status above 511 as unavailable", {}, { status: 599 }, { state: "failed", code: "vendor_unavailable" }],
    ["fails a redirect", { location: "https://other.example/b" }, { status: 301 }, { state: "failed", code: "redirect" }],
    ["fails a redirect without a location", {}, { status: 302 }, { state: "failed", code: "redirect" }],
  ];

  it.each(table)("%s", (_, headers, got, expected) => {
    const verdict = classified(headers, got);
    expect(verdict).toMatchObject(expected);
    expect(verdict.reason).toMatch(/^[A-Z0-9].+\.$/);
  });

  it("describes the cache status", () => {
    expect(classified({ ...cloudflare, "cf-cache-status": "HIT", age: "3" }).reason).toBe(
      "Received 1,234 bytes; Cloudflare FRA: already in the cache.",
    );
    expect(classified({ ...cloudflare, "cf-cache-status": "MISS", ...fresh }).reason).toBe(
      "Received 1,234 bytes; Cloudflare FRA: not in the cache before, fetched now.",
    );
  });

  it("says what to change", () => {
    expect(classified({ "cache-control": "no-store" }).reason).toContain(obstacleOf("no-store").change);
  });

  it.each([
    "https://other.example/b?token=secret",
    "https://other.example/b#access_token=secret",
    "https://user:secret@other.example/b",
    "//secret@other.example/b",
  ])("hides the secrets of the redirect target %s", (location) => {
    const { reason } = classified({ location }, { status: 302 });
    expect(reason).toContain("https://other.example/b. ");
    expect(reason).not.toContain("secret");
  });

  it("resolves a relative target and leaves out an invalid one", () => {
    expect(classified({ location: "/b c" }, { status: 302 }).reason).toContain("redirects to https://media.example.com/b%20c. ");
    expect(classified({ location: "https://[" }, { status: 302 }).reason).not.toContain("redirects to ");
  });
});

it("classifyAnswer accepts an answer with a wide Vary, and warns", () => {
  const served: Headers = { age: "9" };
  for (const seen of [served, { ...cloudflare, "cf-cache-status": "MISS" }]) {
    const verdict = classified({ ...fresh, ...seen, vary: "Cookie" });
    expect(verdict).toMatchObject({
      state: "succeeded",
      reason: expect.stringContaining(obstacleOf("vary-wide").reason),
    });
  }
  expect(classified({ ...fresh, age: "9", vary: "Accept-Encoding" }).reason).not.toContain("Vary");
});
