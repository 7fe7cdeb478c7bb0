import { describe, expect, it } from "vitest";
import { cacheMembers, readCacheStatus } from "../../../../src/providers/http/cache/rfc9211.ts";
import { lines } from "./lines-harness.ts";

const read = (...values: string[]) => readCacheStatus(lines({ "cache-status": values }));

describe("readCacheStatus", () => {
  it.each([
    ["a hit", "ExampleCache; hit", { state: "hit", layer: "edge" }],
    ["a miss", "ExampleCache; fwd=uri-miss", { state: "miss" }],
    ["a miss that was stored", "ExampleCache; fwd=miss; stored", { state: "miss", stored: true }],
    ["a miss that was not stored", "ExampleCache; fwd=miss; stored=?0", { state: "miss", stored: false }],
    ["a miss of another variant", "ExampleCache; fwd=vary-miss; stored", { state: "miss", stored: true }],
    ["a partial miss", "ExampleCache; fwd=partial", { state: "miss" }],
    ["a collapsed request", "ExampleCache; fwd=uri-miss; collapsed", { state: "miss" }],
    ["a hit that is stale", "ExampleCache; hit; ttl=-412", { state: "stale", layer: "edge" }],
    [
      "a stale copy served while the origin failed",
      "ExampleCache; hit; ttl=-2; fwd=stale; fwd-status=503",
      { state: "stale", layer: "edge" },
    ],
    [
      "a stale copy without a lifetime while the origin failed",
      "ExampleCache; fwd=stale; fwd-status=502",
      { state: "stale", layer: "edge" },
    ],
    ["hit and fwd=stale with a new answer of the origin", "ExampleCache; hit; fwd=stale; fwd-status=200", { state: "expired" }],
    [
      "a stale object that the origin confirmed",
      "ExampleCache; fwd=stale; fwd-status=304; stored",
      { state: "revalidated", layer: "edge", stored: true },
    ],
    ["a stale object that the origin replaced", "ExampleCache; fwd=stale; fwd-status=200; stored", { state: "expired", stored: true }],
    ["a bypass", "ExampleCache; fwd=bypass", { state: "bypass", stored: false }],
    ["an uncached method", "ExampleCache; fwd=method; detail=POST", { state: "bypass", stored: false }],
    ["a request that forbids the cache", "ExampleCache; fwd=request", { state: "bypass", stored: false }],
    ["a hit at the last member", "OriginCache; fwd=miss, CDN; hit; ttl=20", { state: "hit", layer: "edge" }],
    [
      "a hit at an earlier member",
      "OriginCache; hit; ttl=1100, CDN; fwd=uri-miss; stored",
      { state: "hit", layer: "parent", stored: true },
    ],
    ["a stale hit at an earlier member", "OriginCache; hit; ttl=-1, CDN; fwd=uri-miss", { state: "stale", layer: "parent" }],
    ["a hit behind an edge that never stores", "OriginCache; hit, CDN; fwd=bypass", { state: "hit", layer: "parent", stored: false }],
    ["a hit behind an edge without a state", "OriginCache; hit, CDN", { state: "hit", layer: "parent" }],
    ["a name in quotes, with separators", '"CDN, Inc; hit"; fwd=miss', { state: "miss" }],
    ["hit=?0 with fwd", "CDN; hit=?0; fwd=miss", { state: "miss" }],
    ["hit with fwd", "CDN; hit; fwd=miss", { state: "miss" }],
  ])("reads %s", (_input, header, verdict) => {
    expect(read(header)?.verdict).toEqual(verdict);
  });

  it("reads members over several lines", () => {
    expect(read("OriginCache; hit", "CDN; fwd=miss")?.verdict).toEqual({ state: "hit", layer: "parent" });
  });

  it("returns the lifetime of the cache that answered", () => {
    expect(read("OriginCache; hit; ttl=1100, CDN; fwd=miss; ttl=5")?.ttlS).toBe(1_100);
    expect(read("CDN; fwd=miss; stored; ttl=5")?.ttlS).toBe(5);
  });

  it.each([["CDN"], [""], [";;;"], ["CDN; ttl=5"]])("returns nothing for a header without a state: %j", (header) => {
    expect(read(header)).toBeUndefined();
  });

  it("returns nothing when a line is unreadable, because it may be the edge's", () => {
    expect(read("OriginCache; hit", `CDN; fwd=miss; key="${"x".repeat(9_000)}"`)).toBeUndefined();
    expect(read(...Array.from({ length: 40 }, () => "OriginCache; hit"), "CDN; fwd=miss")).toBeUndefined();
  });

  it("returns nothing when the header is too long, because the edge is at its end", () => {
    expect(read(...Array.from({ length: 20 }, () => `a; key="${"x".repeat(500)}"`), "CDN; hit")).toBeUndefined();
  });
});

describe("a header that breaks the grammar", () => {
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
  ])("is still read: %s", (header, verdict) => {
    expect(read(header)?.verdict).toEqual(verdict);
  });

  it("keeps numbers, texts and booleans apart", () => {
    expect(cacheMembers(['My Cache; FWD=stale; Fwd-Status=304; Stored=?0; TTL=-3; key="a;b"'])).toEqual([
      { name: "My Cache", hit: false, fwd: "stale", fwdStatus: 304, stored: false, ttlS: -3 },
    ]);
  });
});
