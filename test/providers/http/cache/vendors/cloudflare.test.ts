import { describe, expect, it } from "vitest";
import { whyNotCached } from "../../../../../src/providers/http/cache/why-not-cached.ts";
import { describeReadings, type Headers, lines } from "../lines-harness.ts";

const cf = { server: "cloudflare", "cf-ray": "8f1b2c3d4e5f6a7b-FRA" };

describeReadings("cloudflare", [
  ["HIT with Age", { ...cf, "cf-cache-status": "HIT", age: "12" }, { state: "hit", layer: "edge", ageS: 12, pop: "FRA" }],
  ["HIT without Age", { ...cf, "cf-cache-status": "HIT" }, { state: "hit", layer: "parent" }],
  ["MISS", { ...cf, "cf-cache-status": "MISS" }, { state: "miss" }],
  ["EXPIRED", { ...cf, "cf-cache-status": "EXPIRED" }, { state: "expired" }],
  ["STALE", { ...cf, "cf-cache-status": "STALE", age: "9" }, { state: "stale", layer: "edge" }],
  ["UPDATING", { ...cf, "cf-cache-status": "UPDATING", age: "9" }, { state: "stale", layer: "edge" }],
  ["REVALIDATED", { ...cf, "cf-cache-status": "REVALIDATED" }, { state: "revalidated", layer: "edge" }],
  ["BYPASS", { ...cf, "cf-cache-status": "BYPASS" }, { state: "bypass", stored: false }],
  ["DYNAMIC", { ...cf, "cf-cache-status": "DYNAMIC" }, { state: "uncacheable", stored: false }],
  ["NONE/UNKNOWN", { ...cf, "cf-cache-status": "NONE/UNKNOWN" }, { state: "uncacheable" }],
  ["the origin's X-Cache", { ...cf, "x-cache": "HIT" }, { state: "unknown" }],
]);

describe("Cloudflare's obstacles", () => {
  const obstacles = (headers: Headers, url: string) =>
    whyNotCached({ status: 200, url, headers: lines({ ...cf, "cache-control": "max-age=60", ...headers }) });

  it.each([
    ["https://a.example/v.m3u8?token=a.mp4", "cloudflare-type"],
    ["https://a.example/mp4", "cloudflare-type"],
    ["no url", "cloudflare-type"],
    ["https://a.example/v.MP4?x=1", "cloudflare-rule"],
  ])("explains DYNAMIC for %s by %s", (url, code) => {
    expect(obstacles({ "cf-cache-status": "DYNAMIC" }, url).map((obstacle) => obstacle.code)).toEqual([code]);
  });

  it("reports no type for a miss", () => {
    expect(obstacles({ "cf-cache-status": "MISS" }, "https://a.example/v.m3u8")).toEqual([]);
  });
});
