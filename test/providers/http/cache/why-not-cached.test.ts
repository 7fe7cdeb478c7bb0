import { describe, expect, it } from "vitest";
import { whyNotCached } from "../../../../src/providers/http/cache/why-not-cached.ts";
import { type Headers, lines } from "./lines-harness.ts";

const url = "https://cdn.example.com/v/master.m3u8?token=a.mp4";
const date = "Sat, 21 Nov 2026 12:00:00 GMT";
const lasting = { "cache-control": "max-age=60" };
const cf = { server: "cloudflare", "cf-ray": "1-FRA" };
const fastly = { "x-timer": "S1.1,VS0" };

const codes = (headers: Headers, facts: { status?: number; url?: string; authorized?: boolean } = {}) =>
  whyNotCached({ status: 200, url, headers: lines(headers), ...facts }).map(({ code }) => code);

describe("why a response is not cached", () => {
  it.each<[string, Headers, string[]]>([
    ["nothing is in the way", lasting, []],
    ["no-store", { "cache-control": "no-store" }, ["no-store"]],
    ["private", { "cache-control": "private, max-age=60" }, ["private"]],
    ["private for one field only", { "cache-control": 'private="x-a, x-b", max-age=60' }, []],
    ["no-cache", { "cache-control": "NO-CACHE" }, ["no-cache"]],
    ["no-cache for one field only", { "cache-control": 'no-cache="set-cookie", max-age=60' }, []],
    ["max-age=0", { "cache-control": "public, max-age=0" }, ["no-age"]],
    ["s-maxage=0 beats max-age", { "cache-control": "max-age=60, s-maxage=0" }, ["no-age"]],
    ["s-maxage beats max-age=0", { "cache-control": "max-age=0, s-maxage=60" }, []],
    ["several lines", { "cache-control": ["public", "no-store"] }, ["no-store"]],
    ["Expires in the past", { expires: "Sat, 21 Nov 2026 11:00:00 GMT", date }, ["expired"]],
    ["Expires that is no date", { expires: "-1", date }, ["expired"]],
    ["Expires in the past beside a Cache-Control without a lifetime", { "cache-control": "public", expires: "0" }, ["expired"]],
    ["Expires in the past beside max-age", { ...lasting, expires: "0" }, []],
    ["Expires in the future", { expires: "Sat, 21 Nov 2026 13:00:00 GMT", date }, []],
    ["no lifetime at all", {}, ["no-lifetime"]],
    ["Pragma of old", { pragma: "no-cache" }, ["no-cache"]],
    ["Pragma beside Cache-Control", { pragma: "no-cache", ...lasting }, []],
    ["Set-Cookie", { ...lasting, "set-cookie": "a=b" }, ["set-cookie"]],
    ["Vary: *", { ...lasting, vary: "Accept-Encoding, *" }, ["vary-any"]],
    ["Vary: Cookie", { ...lasting, vary: "cookie" }, ["vary-wide"]],
    ["Vary: Accept-Encoding", { ...lasting, vary: "Accept-Encoding" }, []],
    ["a field for CDNs stands in the place of Cache-Control", { "cache-control": "no-store", "cdn-cache-control": "max-age=60" }, []],
    ["a vendor's own field too", { ...fastly, "x-cache": "MISS", "cache-control": "private", "surrogate-control": "max-age=60" }, []],
    [
      "another vendor's does not",
      { ...cf, "cf-cache-status": "MISS", "cache-control": "private", "surrogate-control": "max-age=60" },
      ["private"],
    ],
    ["Cloudflare does not know playlists", { ...lasting, ...cf, "cf-cache-status": "DYNAMIC" }, ["cloudflare-type"]],
    ["too large for Fastly", { ...lasting, ...fastly, "x-cache": "MISS", "content-length": "30000000" }, ["too-large"]],
    ["not too large", { ...lasting, ...fastly, "x-cache": "MISS", "content-length": "3000000" }, []],
    ["the vendor says so and nothing else does", { ...lasting, ...cf, "cf-cache-status": "BYPASS" }, ["vendor-says-no"]],
    [
      "everything at once",
      { "cache-control": "no-store, private, no-cache", "set-cookie": "a", vary: "*" },
      ["no-store", "private", "no-cache", "set-cookie", "vary-any"],
    ],
    ["served from a cache all the same", { ...cf, "cf-cache-status": "HIT", age: "3", "cache-control": "no-store" }, []],
  ])("%s", (_what, headers, expected) => {
    expect(codes(headers)).toEqual(expected);
  });

  it("an ending that Cloudflare knows points to a rule", () => {
    const headers = { ...lasting, ...cf, "cf-cache-status": "DYNAMIC" };
    expect(codes(headers, { url: "https://a.example/v.MP4?x=1" })).toEqual(["cloudflare-rule"]);
    expect(codes(headers, { url: "https://a.example/mp4" })).toEqual(["cloudflare-type"]);
    expect(codes(headers, { url: "no url" })).toEqual(["cloudflare-type"]);
  });

  it("the status comes first", () => {
    expect(codes(lasting, { status: 302 })).toEqual(["redirect"]);
    expect(codes(lasting, { status: 404 })).toEqual(["error-status"]);
    expect(codes(lasting, { status: 503 })).toEqual(["error-status"]);
    expect(codes(lasting, { status: 206 })).toEqual(["partial"]);
    expect(codes(lasting, { status: 304 })).toEqual([]);
  });

  it("a part tells the size of the whole", () => {
    const headers = { ...lasting, ...cf, "cf-cache-status": "MISS", "content-range": "bytes 0-0/999999999", "content-length": "1" };
    expect(codes(headers, { status: 206 })).toEqual(["partial", "too-large"]);
  });

  it("answers to Authorization are shared only where the origin allows it", () => {
    expect(codes(lasting, { authorized: true })).toEqual(["authorization"]);
    for (const allowed of ["public, max-age=60", "s-maxage=60", "max-age=60, must-revalidate"]) {
      expect(codes({ "cache-control": allowed }, { authorized: true })).toEqual([]);
    }
  });

  it("each reason is a sentence, with what to change", () => {
    const found = whyNotCached({ status: 404, url, headers: lines({ "cache-control": "no-store", "set-cookie": "a" }) });
    expect(found.map(({ code }) => code)).toEqual(["error-status", "no-store", "set-cookie"]);
    for (const { reason, change } of found) for (const text of [reason, change]) expect(text).toMatch(/^[A-Z].{10,120}\.$/);
  });
});
