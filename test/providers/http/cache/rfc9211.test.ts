import { describe, expect, it } from "vitest";
import { readCache } from "../../../../src/providers/http/cache/cache-status.ts";
import { cacheMembers, readCacheStatus } from "../../../../src/providers/http/cache/rfc9211.ts";
import { type Headers, lines } from "./lines-harness.ts";

const read = (...values: string[]) => readCacheStatus(lines({ "cache-status": values }));

describe("Cache-Status of RFC 9211", () => {
  it.each([
    ["a hit", "ExampleCache; hit", { state: "hit", layer: "edge" }],
    ["a miss", "ExampleCache; fwd=uri-miss", { state: "miss" }],
    ["a miss that was stored", "ExampleCache; fwd=miss; stored", { state: "miss", stored: true }],
    ["a miss that was not stored", "ExampleCache; fwd=miss; stored=?0", { state: "miss", stored: false }],
    ["another variant", "ExampleCache; fwd=vary-miss; stored", { state: "miss", stored: true }],
    ["only ranges", "ExampleCache; fwd=partial", { state: "miss" }],
    ["a collapsed request", "ExampleCache; fwd=uri-miss; collapsed", { state: "miss" }],
    ["a hit that is stale", "ExampleCache; hit; ttl=-412", { state: "stale", layer: "edge" }],
    [
      "a stale object that was confirmed",
      "ExampleCache; fwd=stale; fwd-status=304; stored",
      { state: "revalidated", layer: "edge", stored: true },
    ],
    ["a stale object that was replaced", "ExampleCache; fwd=stale; fwd-status=200; stored", { state: "expired", stored: true }],
    ["a bypass", "ExampleCache; fwd=bypass", { state: "bypass", stored: false }],
    ["a method that is not cached", "ExampleCache; fwd=method; detail=POST", { state: "bypass", stored: false }],
    ["a request that forbids the cache", "ExampleCache; fwd=request", { state: "bypass", stored: false }],
    ["a hit at the last member", "OriginCache; fwd=miss, CDN; hit; ttl=20", { state: "hit", layer: "edge" }],
    [
      "a hit at an earlier member",
      "OriginCache; hit; ttl=1100, CDN; fwd=uri-miss; stored",
      { state: "hit", layer: "parent", stored: true },
    ],
    ["a stale hit at an earlier member", "OriginCache; hit; ttl=-1, CDN; fwd=uri-miss", { state: "stale", layer: "parent" }],
    ["a hit behind an edge that never stores", "OriginCache; hit, CDN; fwd=bypass", { state: "hit", layer: "parent", stored: false }],
    ["a hit behind a silent edge", "OriginCache; hit, CDN", { state: "hit", layer: "parent" }],
    ["a name in quotes, with separators", '"CDN, Inc; hit"; fwd=miss', { state: "miss" }],
    ["a hit that is denied", "CDN; hit=?0; fwd=miss", { state: "miss" }],
    ["a contradiction", "CDN; hit; fwd=miss", { state: "miss" }],
  ])("%s", (_what, header, verdict) => {
    expect(read(header)?.verdict).toEqual(verdict);
  });

  it("goes on over several lines", () => {
    expect(read("OriginCache; hit", "CDN; fwd=miss")?.verdict).toEqual({ state: "hit", layer: "parent" });
  });

  it("has the lifetime of the cache that answered", () => {
    expect(read("OriginCache; hit; ttl=1100, CDN; fwd=miss; ttl=5")?.ttlS).toBe(1_100);
    expect(read("CDN; fwd=miss; stored; ttl=5")?.ttlS).toBe(5);
  });

  it.each([["CDN"], [""], [";;;"], ["CDN; ttl=5"]])("that says nothing is nothing: %j", (header) => {
    expect(read(header)).toBeUndefined();
  });

  it("with a line that cannot be read says nothing: the line might be the edge's", () => {
    expect(read("OriginCache; hit", `CDN; fwd=miss; key="${"x".repeat(9_000)}"`)).toBeUndefined();
    expect(read(...Array.from({ length: 40 }, () => "OriginCache; hit"), "CDN; fwd=miss")).toBeUndefined();
  });

  it("that is too long is left alone: cut off, it would lose its edge", () => {
    expect(read(...Array.from({ length: 20 }, () => `a; key="${"x".repeat(500)}"`), "CDN; hit")).toBeUndefined();
  });
});

describe("what no strict parser takes", () => {
  it.each([
    ["Nginx; HIT", { state: "hit", layer: "edge" }],
    ["Nginx; MISS", { state: "miss" }],
    ["Nginx; EXPIRED", { state: "expired" }],
    ["Nginx; BYPASS", { state: "bypass", stored: false }],
    ["My Cache; Hit; TTL=30", { state: "hit", layer: "edge" }],
    ["My Cache; FWD=Miss; Stored", { state: "miss", stored: true }],
    ["Origin; HIT, Nginx; MISS", { state: "hit", layer: "parent" }],
    ['"Origin; hit, CDN; fwd=miss', { state: "hit", layer: "parent" }],
    ["Origin (a; hit, CDN; fwd=miss", { state: "hit", layer: "parent" }],
    ["HIT", { state: "hit", layer: "unknown" }],
    ["MISS", { state: "miss" }],
  ])("%s is read all the same", (header, verdict) => {
    expect(read(header)?.verdict).toEqual(verdict);
  });

  it("keeps its numbers, texts and booleans apart", () => {
    expect(cacheMembers(['My Cache; FWD=stale; Fwd-Status=304; Stored=?0; TTL=-3; key="a;b"'])).toEqual([
      { name: "My Cache", hit: false, fwd: "stale", fwdStatus: 304, stored: false, ttlS: -3 },
    ]);
  });
});

describe("the order of witnesses", () => {
  it("the vendor's own header comes first", () => {
    const headers = lines({ server: "cloudflare", "cf-cache-status": "DYNAMIC", "cache-status": "Origin; hit" });
    expect(readCache({ status: 200, headers })).toMatchObject({ vendor: "cloudflare", state: "uncacheable" });
  });

  it("then Cache-Status, Server-Timing and Age", () => {
    const all = { "cache-status": "CDN; fwd=miss", "server-timing": "cdn-cache; desc=HIT", age: "3" };
    expect(readCache({ status: 200, headers: lines(all) })).toMatchObject({ state: "miss" });
    const { "cache-status": _, ...rest } = all;
    expect(readCache({ status: 200, headers: lines({ ...rest, "server-timing": "cdn-cache; desc=MISS" }) })).toMatchObject({
      state: "miss",
    });
    expect(readCache({ status: 200, headers: lines({ age: "3" }) })).toMatchObject({ state: "hit", layer: "unknown", ageS: 3 });
  });

  it.each<[Headers, Readonly<Record<string, unknown>>]>([
    [{ "x-cache-status": "HIT" }, { state: "hit", layer: "unknown" }],
    [{ "x-cache-status": "MISS" }, { state: "miss" }],
    [{ "x-cache-status": "EXPIRED" }, { state: "expired" }],
    [{ "x-cache-status": "STALE" }, { state: "stale", layer: "unknown" }],
    [{ "x-cache-status": "UPDATING" }, { state: "stale", layer: "unknown" }],
    [{ "x-cache-status": "REVALIDATED" }, { state: "revalidated", layer: "unknown" }],
    [{ "x-cache-status": "BYPASS" }, { state: "bypass", stored: false }],
    [
      { "x-cache": "HIT", age: "7" },
      { state: "hit", layer: "unknown", ageS: 7 },
    ],
    [{ "x-cache": ["HIT from a", "HIT from b"] }, { state: "hit", layer: "unknown" }],
    [{ "x-cache": "MISS from squid", "x-cache-lookup": "HIT from squid:3128" }, { state: "miss" }],
    [{ "x-proxy-cache": "HIT" }, { state: "hit", layer: "unknown" }],
    [
      { "x-cache-status": "HIT", via: "1.1 varnish (Varnish/7.1)" },
      { state: "hit", layer: "unknown" },
    ],
  ])("a cache that is nobody's is read, but of no layer: %j", (headers, expected) => {
    expect(readCache({ status: 200, headers: lines(headers) })).toMatchObject(expected);
  });

  it.each<Headers>([
    { "x-cache": "HIT, MISS", age: "7" },
    { "x-cache": ["MISS", "HIT"] },
    { "x-cache": "HIT, what" },
    { "x-cache": "what" },
    { "x-cache": "MISS", "x-cache-status": "HIT" },
  ])("nobody's words that differ, or are none, prove nothing: %j", (headers) => {
    expect(readCache({ status: 200, headers: lines(headers) }).state).toBe("unknown");
  });

  it.each<Headers>([{ server: "cloudflare" }, { eagleid: "1" }, { "x-timer": "S1.1,VS0" }])(
    "X-Cache-Status is its origin's where a vendor does not send it: %j",
    (marks) => {
      expect(readCache({ status: 200, headers: lines({ ...marks, "x-cache-status": "HIT" }) }).state).toBe("unknown");
    },
  );

  it("X-Cache of a vendor that is known from elsewhere is read", () => {
    const headers = lines({ "x-cache": "HIT, MISS" });
    expect(readCache({ status: 200, headers, vendor: "fastly" })).toMatchObject({ vendor: "fastly", state: "hit", layer: "parent" });
    expect(readCache({ status: 200, headers: lines({ "x-cache": "HIT" }), vendor: "baidu" })).toMatchObject({
      state: "hit",
      layer: "unknown",
    });
  });

  it.each<Headers>([{ "cache-status": "Origin; hit" }, { "server-timing": 'cdn-cache-hit, cdn-hit-layer;desc="EDGE"' }])(
    "what a vendor leaves in from its origin says nothing of the edge: %j",
    (headers) => {
      expect(readCache({ status: 200, headers: lines(headers) })).toMatchObject({ state: "hit", layer: "edge" });
      const behind = readCache({ status: 200, headers: lines({ ...headers, server: "cloudflare" }) });
      expect(behind).toMatchObject({ vendor: "cloudflare", state: "hit", layer: "unknown" });
    },
  );

  it("a vendor that is only guessed has no edge to speak for", () => {
    const headers = { via: "1.1 varnish", "x-cache": "HIT" };
    expect(readCache({ status: 200, headers: lines(headers) })).toMatchObject({ vendor: "fastly", state: "hit", layer: "unknown" });
  });

  it("an age belongs to what was served from a store", () => {
    const headers = lines({ server: "cloudflare", "cf-cache-status": "MISS", age: "7" });
    expect(readCache({ status: 200, headers })).not.toHaveProperty("ageS");
  });

  it("Age 0 proves nothing", () => {
    expect(readCache({ status: 200, headers: lines({ age: "0" }) }).state).toBe("unknown");
  });
});
