import { describe, expect, it } from "vitest";
import { readCache } from "../../../../src/providers/http/cache/cache-status.ts";
import { expectReadings, lines, type Reading } from "./lines-harness.ts";

const cf = { server: "cloudflare", "cf-ray": "8f1b2c3d4e5f6a7b-FRA" };
const cloudFront = { "x-amz-cf-id": "id==", "x-amz-cf-pop": "FRA60-P4", via: "1.1 abc.cloudfront.net (CloudFront)" };
const fastly = {
  "x-served-by": "cache-iad-kiad7000123-IAD, cache-fra-etou8220043-FRA",
  "x-timer": "S1700000000.123456,VS0,VE1",
  via: "1.1 varnish",
};
const akamai = { server: "AkamaiGHost" };
const from = "from a23-67-252-148.deploy.akamaitechnologies.com (AkamaiGHost/11.1) (-)";

const readings: readonly Reading[] = [
  ["HIT with Age", "cloudflare", { ...cf, "cf-cache-status": "HIT", age: "12" }, { state: "hit", layer: "edge", ageS: 12, pop: "FRA" }],
  [
    "HIT without Age was just filled from an upper tier",
    "cloudflare",
    { ...cf, "cf-cache-status": "HIT" },
    { state: "hit", layer: "parent" },
  ],
  ["MISS", "cloudflare", { ...cf, "cf-cache-status": "MISS" }, { state: "miss" }],
  ["EXPIRED", "cloudflare", { ...cf, "cf-cache-status": "EXPIRED" }, { state: "expired" }],
  ["STALE", "cloudflare", { ...cf, "cf-cache-status": "STALE", age: "9" }, { state: "stale", layer: "edge" }],
  ["UPDATING", "cloudflare", { ...cf, "cf-cache-status": "UPDATING", age: "9" }, { state: "stale", layer: "edge" }],
  ["REVALIDATED", "cloudflare", { ...cf, "cf-cache-status": "REVALIDATED" }, { state: "revalidated", layer: "edge" }],
  ["BYPASS", "cloudflare", { ...cf, "cf-cache-status": "BYPASS" }, { state: "bypass", stored: false }],
  ["DYNAMIC", "cloudflare", { ...cf, "cf-cache-status": "DYNAMIC" }, { state: "uncacheable", stored: false }],
  ["NONE/UNKNOWN", "cloudflare", { ...cf, "cf-cache-status": "NONE/UNKNOWN" }, { state: "uncacheable" }],
  ["an origin's X-Cache is not Cloudflare's", "cloudflare", { ...cf, "x-cache": "HIT" }, { state: "unknown" }],
  [
    "Hit without Server-Timing",
    "cloudfront",
    { ...cloudFront, "x-cache": "Hit from cloudfront", age: "4" },
    { state: "hit", layer: "unknown", ageS: 4, pop: "FRA60" },
  ],
  [
    "Hit at the edge",
    "cloudfront",
    { ...cloudFront, "x-cache": "Hit from cloudfront", "server-timing": 'cdn-cache-hit,cdn-pop;desc="FRA60-P4",cdn-hit-layer;desc="EDGE"' },
    { state: "hit", layer: "edge" },
  ],
  [
    "Hit at a regional cache",
    "cloudfront",
    { ...cloudFront, "x-cache": "Hit from cloudfront", "server-timing": 'cdn-cache-hit,cdn-hit-layer;desc="REC"' },
    { state: "hit", layer: "parent" },
  ],
  [
    "Hit at Origin Shield",
    "cloudfront",
    { ...cloudFront, "x-cache": "Hit from cloudfront", "server-timing": 'cdn-cache-hit, cdn-hit-layer;desc="Origin Shield"' },
    { state: "hit", layer: "parent" },
  ],
  ["RefreshHit", "cloudfront", { ...cloudFront, "x-cache": "RefreshHit from cloudfront" }, { state: "revalidated", layer: "unknown" }],
  ["Miss", "cloudfront", { ...cloudFront, "x-cache": "Miss from cloudfront" }, { state: "miss" }],
  ["Error", "cloudfront", { ...cloudFront, "x-cache": "Error from cloudfront" }, { state: "error" }],
  [
    "LambdaGeneratedResponse",
    "cloudfront",
    { ...cloudFront, "x-cache": "LambdaGeneratedResponse from cloudfront" },
    { state: "uncacheable" },
  ],
  [
    "FunctionGeneratedResponse",
    "cloudfront",
    { ...cloudFront, "x-cache": "FunctionGeneratedResponse from cloudfront" },
    { state: "uncacheable" },
  ],
  ["Redirect", "cloudfront", { ...cloudFront, "x-cache": "Redirect from cloudfront" }, { state: "uncacheable" }],
  ["LimitExceeded", "cloudfront", { ...cloudFront, "x-cache": "LimitExceeded from cloudfront" }, { state: "error" }],
  [
    "only Server-Timing, miss",
    "cloudfront",
    { ...cloudFront, "server-timing": 'cdn-upstream-layer;desc="REC",cdn-cache-miss' },
    { state: "miss" },
  ],
  [
    "only Server-Timing, refresh",
    "cloudfront",
    { ...cloudFront, "server-timing": 'cdn-cache-refresh,cdn-hit-layer;desc="EDGE"' },
    { state: "revalidated", layer: "edge" },
  ],
  [
    "MISS, HIT: the shield's record is old",
    "fastly",
    { ...fastly, "x-cache": "MISS, HIT", "x-cache-hits": "0, 1", age: "3" },
    { state: "hit", layer: "edge", pop: "FRA" },
  ],
  [
    "HIT, MISS: only the shield was warm",
    "fastly",
    { ...fastly, "x-cache": "HIT, MISS", "x-cache-hits": "1, 0" },
    { state: "hit", layer: "parent" },
  ],
  [
    "an edge that passes, before a warm shield",
    "fastly",
    { ...fastly, "x-cache": "HIT, PASS" },
    { state: "hit", layer: "parent", stored: false },
  ],
  ["an edge that failed, before a warm shield", "fastly", { ...fastly, "x-cache": "HIT, ERROR" }, { state: "error" }],
  ["HIT alone", "fastly", { ...fastly, "x-cache": "HIT" }, { state: "hit", layer: "edge" }],
  ["MISS also stands for PASS", "fastly", { ...fastly, "x-cache": "MISS, MISS" }, { state: "miss", mayBeBypass: true }],
  [
    "the origin's CloudFront is no tier of Fastly's edge",
    "fastly",
    { ...fastly, "x-cache": "Hit from cloudfront, HIT" },
    { state: "hit", layer: "edge" },
  ],
  [
    "debug tells the lifetime",
    "fastly",
    { ...fastly, "x-cache": "HIT", "fastly-debug-ttl": "(H cache-fra-etou8220043-FRA 3594.1 0 5)" },
    { state: "hit", layer: "edge", ttlS: 3594 },
  ],
  [
    "debug tells that it is stale",
    "fastly",
    { ...fastly, "x-cache": "HIT", "fastly-debug-ttl": "(H cache-fra-etou8220043-FRA -12.1 60 5)" },
    { state: "stale", layer: "edge" },
  ],
  ["TCP_HIT", "akamai", { ...akamai, "x-cache": `TCP_HIT ${from}` }, { state: "hit", layer: "edge", pop: "a23-67-252-148" }],
  ["TCP_MEM_HIT", "akamai", { ...akamai, "x-cache": `TCP_MEM_HIT ${from}` }, { state: "hit", layer: "edge" }],
  ["TCP_IMS_HIT", "akamai", { ...akamai, "x-cache": `TCP_IMS_HIT ${from}` }, { state: "hit", layer: "edge" }],
  ["TCP_REFRESH_HIT", "akamai", { ...akamai, "x-cache": `TCP_REFRESH_HIT ${from}` }, { state: "revalidated", layer: "edge" }],
  ["TCP_REFRESH_FAIL_HIT", "akamai", { ...akamai, "x-cache": `TCP_REFRESH_FAIL_HIT ${from}` }, { state: "stale", layer: "edge" }],
  ["TCP_REFRESH_MISS", "akamai", { ...akamai, "x-cache": `TCP_REFRESH_MISS ${from}` }, { state: "expired" }],
  ["TCP_MISS", "akamai", { ...akamai, "x-cache": `TCP_MISS ${from}` }, { state: "miss" }],
  [
    "TCP_MISS, and the parent hit",
    "akamai",
    { ...akamai, "x-cache": `TCP_MISS ${from}`, "x-cache-remote": `TCP_HIT ${from}` },
    { state: "hit", layer: "parent" },
  ],
  ["both missed", "akamai", { ...akamai, "x-cache": `TCP_MISS ${from}`, "x-cache-remote": `TCP_MISS ${from}` }, { state: "miss" }],
  ["TCP_NEGATIVE_HIT is a stored error", "akamai", { ...akamai, "x-cache": `TCP_NEGATIVE_HIT ${from}` }, { state: "error", stored: true }],
  ["TCP_DENIED", "akamai", { ...akamai, "x-cache": `TCP_DENIED ${from}` }, { state: "error" }],
  [
    "not cacheable",
    "akamai",
    { ...akamai, "x-cache": `TCP_MISS ${from}`, "x-check-cacheable": "NO" },
    { state: "uncacheable", stored: false },
  ],
  [
    "a key without a lifetime",
    "akamai",
    { ...akamai, "x-cache": `TCP_MISS ${from}`, "x-cache-key": "S/L/1234/56789/000/origin.example/a.ts?x=1" },
    { state: "uncacheable" },
  ],
  [
    "a key with a lifetime",
    "akamai",
    { ...akamai, "x-cache": `TCP_MISS ${from}`, "x-cache-key": "S/L/1234/56789/1d/origin.example/a.ts" },
    { state: "miss" },
  ],
  [
    "a key without a lifetime, cacheable all the same",
    "akamai",
    { ...akamai, "x-cache": `TCP_MISS ${from}`, "x-check-cacheable": "YES", "x-cache-key": "/L/1234/56789/000/o/a.ts" },
    { state: "miss" },
  ],
  ["the child hit", "akamai", { "akamai-cache-status": "Hit from child" }, { state: "hit", layer: "edge" }],
  ["the child refreshed", "akamai", { "cdn-cache-status": "RefreshHit from child" }, { state: "revalidated", layer: "edge" }],
  ["only the parent hit", "akamai", { "akamai-cache-status": "Miss from child, Hit from parent" }, { state: "hit", layer: "parent" }],
  ["child and parent missed", "akamai", { "akamai-cache-status": "Miss from child, Miss from parent" }, { state: "miss" }],
  [
    "the child had it, whatever the parent says",
    "akamai",
    { "akamai-cache-status": "RefreshHit from child, Hit from parent" },
    { state: "revalidated", layer: "edge" },
  ],
  ["not cacheable, says the child", "akamai", { "akamai-cache-status": "NotCacheable from child" }, { state: "uncacheable" }],
  ["an error of the child's", "akamai", { "akamai-cache-status": "Error from child" }, { state: "error" }],
  ["only Server-Timing", "akamai", { ...akamai, "server-timing": "cdn-cache; desc=HIT, edge; dur=1" }, { state: "hit", layer: "unknown" }],
  ["only Server-Timing, MISS", "akamai", { ...akamai, "server-timing": "cdn-cache; desc=MISS" }, { state: "miss" }],
];

describe("reads the large networks of the West", () => {
  expectReadings(readings);

  it("shows what it went by, in the order in which it looked", () => {
    const { evidence } = readCache({ status: 200, headers: lines({ ...cf, "cf-cache-status": "HIT", age: "12" }) });
    expect(evidence).toEqual([
      { header: "cf-cache-status", value: "HIT" },
      { header: "age", value: "12" },
      { header: "cf-ray", value: "8f1b2c3d4e5f6a7b-FRA" },
    ]);
  });

  it("keeps the keys of signed URLs out of the evidence", () => {
    const key = "S/L/1/2/000/origin.example/a.ts?token=SECRET&x=1 x";
    const { evidence } = readCache({ status: 200, headers: lines({ ...akamai, "x-cache": `TCP_MISS ${from}`, "x-cache-key": key }) });
    expect(JSON.stringify(evidence)).not.toContain("SECRET");
  });

  it.each([404, 500])("calls no error warm, however well it is stored: %i", (status) => {
    const headers = lines({ ...cf, "cf-cache-status": "HIT", age: "12" });
    expect(readCache({ status, headers })).toMatchObject({ state: "error", stored: true });
  });
});
