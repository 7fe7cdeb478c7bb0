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

describe("whyNotCached", () => {
  it.each<[string, Headers, string[]]>([
    ["no obstacle", lasting, []],
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
    ["an invalid Expires", { expires: "-1", date }, ["expired"]],
    ["Expires in the past beside a Cache-Control without a lifetime", { "cache-control": "public", expires: "0" }, ["expired"]],
    ["Expires in the past beside max-age", { ...lasting, expires: "0" }, []],
    ["Expires in the future", { expires: "Sat, 21 Nov 2026 13:00:00 GMT", date }, []],
    ["no lifetime at all", {}, ["no-lifetime"]],
    ["Pragma alone", { pragma: "no-cache" }, ["no-cache"]],
    ["Pragma beside Cache-Control", { pragma: "no-cache", ...lasting }, []],
    ["Set-Cookie", { ...lasting, "set-cookie": "a=b" }, ["set-cookie"]],
    ["Vary: *", { ...lasting, vary: "Accept-Encoding, *" }, ["vary-any"]],
    ["Vary: Cookie", { ...lasting, vary: "cookie" }, ["vary-wide"]],
    ["Vary: Accept-Encoding", { ...lasting, vary: "Accept-Encoding" }, []],
    ["CDN-Cache-Control instead of Cache-Control", { "cache-control": "no-store", "cdn-cache-control": "max-age=60" }, []],
    [
      "the vendor's own field instead of Cache-Control",
      { ...fastly, "x-cache": "MISS", "cache-control": "private", "surrogate-control": "max-age=60" },
      [],
    ],
    [
      "another vendor's field beside Cache-Control",
      { ...cf, "cf-cache-status": "MISS", "cache-control": "private", "surrogate-control": "max-age=60" },
      ["private"],
    ],
    ["an object above Fastly's limit", { ...lasting, ...fastly, "x-cache": "MISS", "content-length": "30000000" }, ["too-large"]],
    ["an object below Fastly's limit", { ...lasting, ...fastly, "x-cache": "MISS", "content-length": "3000000" }, []],
    ["a vendor's refusal without a visible reason", { ...lasting, ...cf, "cf-cache-status": "BYPASS" }, ["vendor-says-no"]],
    [
      "several obstacles at once",
      { "cache-control": "no-store, private, no-cache", "set-cookie": "a", vary: "*" },
      ["no-store", "private", "no-cache", "set-cookie", "vary-any"],
    ],
    ["no-store on a response from a cache", { ...cf, "cf-cache-status": "HIT", age: "3", "cache-control": "no-store" }, []],
  ])("lists the obstacles of %s", (_input, headers, expected) => {
    expect(codes(headers)).toEqual(expected);
  });

  it("reports the status of redirects, errors and partial responses", () => {
    expect(codes(lasting, { status: 302 })).toEqual(["redirect"]);
    expect(codes(lasting, { status: 404 })).toEqual(["error-status"]);
    expect(codes(lasting, { status: 503 })).toEqual(["error-status"]);
    expect(codes(lasting, { status: 206 })).toEqual(["partial"]);
    expect(codes(lasting, { status: 304 })).toEqual([]);
  });

  it("compares the size of the whole object when the response is partial", () => {
    const headers = { ...lasting, ...cf, "cf-cache-status": "MISS", "content-range": "bytes 0-0/999999999", "content-length": "1" };
    expect(codes(headers, { status: 206 })).toEqual(["partial", "too-large"]);
  });

  it("reports Authorization unless the origin allows sharing", () => {
    expect(codes(lasting, { authorized: true })).toEqual(["authorization"]);
    for (const allowed of ["public, max-age=60", "s-maxage=60", "max-age=60, must-revalidate"]) {
      expect(codes({ "cache-control": allowed }, { authorized: true })).toEqual([]);
    }
  });

  it("writes each reason and change as a sentence", () => {
    const found = whyNotCached({ status: 404, url, headers: lines({ "cache-control": "no-store", "set-cookie": "a" }) });
    expect(found.map(({ code }) => code)).toEqual(["error-status", "no-store", "set-cookie"]);
    for (const { reason, change } of found) for (const text of [reason, change]) expect(text).toMatch(/^[A-Z].{10,120}\.$/);
  });
});
