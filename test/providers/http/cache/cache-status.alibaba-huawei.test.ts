import { describe } from "vitest";
import { expectReadings, type Reading } from "./lines-harness.ts";

const alibaba = { server: "Tengine", eagleid: "2ff6149517000000000000000e" };
const bothHit = "cache12.l2cn1801[0,0,200-0,H], cache3.l2cn1801[1,0], kunlun8.cn257[0,0,200-0,H], kunlun1.cn257[1,0]";
const parentHit = "cache12.l2eu95-1[0,0,200-0,H], cache3.l2eu95-1[1,0], ens-cache8.de4[20,20,200-0,M], ens-cache2.de4[21,0]";
const bothMissed = "cache12.l2cn1801[80,80,200-0,M], cache3.l2cn1801[81,0], kunlun8.cn257[90,90,200-0,M], kunlun1.cn257[91,0]";
const huawei = { "x-ccdn-req-id-46b1": "abc" };
const edgeVia =
  "CHN-SH-AREACT1-CACHE66[6],CHN-SH-AREACT1-CACHE22[0,TCP_HIT,3],CHN-JS-GLOBAL1-CACHE28[24],CHN-JS-GLOBAL1-CACHE21[20,TCP_MISS,22]";
const parentVia =
  "CHN-SH-AREACT1-CACHE66[60],CHN-SH-AREACT1-CACHE22[50,TCP_MISS,53],CHN-JS-GLOBAL1-CACHE28[24],CHN-JS-GLOBAL1-CACHE21[0,TCP_HIT,22]";
const coldVia =
  "CHN-SH-AREACT1-CACHE66[60],CHN-SH-AREACT1-CACHE22[50,TCP_MISS,53],CHN-JS-GLOBAL1-CACHE28[24],CHN-JS-GLOBAL1-CACHE21[20,TCP_MISS,22]";

const readings: readonly Reading[] = [
  [
    "HIT TCP_HIT",
    "alibaba",
    { ...alibaba, "x-cache": "HIT TCP_HIT dirn:1:2", via: bothHit },
    { state: "hit", layer: "edge", pop: "cn257" },
  ],
  [
    "HIT TCP_MEM_HIT, with lifetime",
    "alibaba",
    { ...alibaba, "x-cache": "HIT TCP_MEM_HIT dirn:1:2", "x-swift-cachetime": "3600", age: "100" },
    { state: "hit", layer: "edge", ageS: 100, ttlS: 3_500 },
  ],
  ["HIT TCP_IMS_HIT", "alibaba", { ...alibaba, "x-cache": "HIT TCP_IMS_HIT dirn:1:2" }, { state: "hit", layer: "edge" }],
  ["HIT TCP_REFRESH_HIT", "alibaba", { ...alibaba, "x-cache": "HIT TCP_REFRESH_HIT dirn:1:2" }, { state: "revalidated", layer: "edge" }],
  ["MISS TCP_REFRESH_MISS", "alibaba", { ...alibaba, "x-cache": "MISS TCP_REFRESH_MISS dirn:-2:-2" }, { state: "expired" }],
  ["MISS everywhere", "alibaba", { ...alibaba, "x-cache": "MISS TCP_MISS dirn:-2:-2", via: bothMissed }, { state: "miss" }],
  [
    "MISS, and the second level had it",
    "alibaba",
    { ...alibaba, "x-cache": "MISS TCP_MISS dirn:-2:-2", via: parentHit },
    { state: "hit", layer: "parent", pop: "de4" },
  ],
  [
    "MISS without a lifetime was not stored",
    "alibaba",
    { ...alibaba, "x-cache": "MISS TCP_MISS dirn:-2:-2", via: bothMissed, "x-swift-cachetime": "0" },
    { state: "miss", stored: false },
  ],
  ["only Via, edge", "alibaba", { ...alibaba, via: bothHit }, { state: "hit", layer: "edge" }],
  ["only Via, second level", "alibaba", { ...alibaba, via: parentHit }, { state: "hit", layer: "parent" }],
  [
    "the time of storing",
    "alibaba",
    {
      ...alibaba,
      "x-cache": "HIT TCP_HIT dirn:1:2",
      "x-swift-savetime": "Sat, 21 Nov 2026 11:59:00 GMT",
      date: "Sat, 21 Nov 2026 12:00:00 GMT",
    },
    { state: "hit", ageS: 60 },
  ],
  ["HIT", "alibaba-esa", { "x-site-cache-status": "HIT" }, { state: "hit", layer: "edge" }],
  ["MISS", "alibaba-esa", { "x-site-cache-status": "MISS" }, { state: "miss" }],
  ["EXPIRED", "alibaba-esa", { "x-site-cache-status": "EXPIRED" }, { state: "expired" }],
  ["STALE", "alibaba-esa", { "x-site-cache-status": "STALE" }, { state: "stale" }],
  ["REVALIDATED", "alibaba-esa", { "x-site-cache-status": "REVALIDATED" }, { state: "revalidated" }],
  ["BYPASS", "alibaba-esa", { "x-site-cache-status": "BYPASS" }, { state: "bypass" }],
  ["DYNAMIC", "alibaba-esa", { "x-site-cache-status": "DYNAMIC" }, { state: "uncacheable" }],
  ["proxy type 1 alone leaves the layer open", "huawei", { ...huawei, "x-hcs-proxy-type": "1" }, { state: "hit", layer: "unknown" }],
  [
    "proxy type 1, the edge's Via, a lifetime",
    "huawei",
    { ...huawei, "x-hcs-proxy-type": "1", via: edgeVia, "x-ccdn-cachettl": "2592000", age: "1000" },
    { state: "hit", layer: "edge", ageS: 1_000, ttlS: 2_591_000, pop: "CHN-SH-AREACT1" },
  ],
  ["proxy type 1, a parent's Via", "huawei", { ...huawei, "x-hcs-proxy-type": "1", via: parentVia }, { state: "hit", layer: "parent" }],
  ["proxy type 0", "huawei", { ...huawei, "x-hcs-proxy-type": "0", via: coldVia }, { state: "miss" }],
  [
    "proxy type 0 beats a local lookup",
    "huawei",
    { ...huawei, "x-hcs-proxy-type": "0", "x-cache-lookup": "Hit From MemCache" },
    { state: "miss" },
  ],
  [
    "proxy type 0, and a parent had it",
    "huawei",
    { ...huawei, "x-hcs-proxy-type": "0", via: parentVia },
    { state: "hit", layer: "parent" },
  ],
  [
    "without a lifetime it was not stored",
    "huawei",
    { ...huawei, "x-hcs-proxy-type": "0", "x-ccdn-cachettl": "0" },
    { state: "miss", stored: false },
  ],
  ["lookup MemCache", "huawei", { ...huawei, "x-cache-lookup": "Hit From MemCache" }, { state: "hit", layer: "edge" }],
  ["lookup Disktank", "huawei", { ...huawei, "x-cache-lookup": "Hit From Disktank3" }, { state: "hit", layer: "edge" }],
  ["lookup Upstream", "huawei", { ...huawei, "x-cache-lookup": "Hit From Upstream" }, { state: "hit", layer: "parent" }],
  ["any other lookup", "huawei", { ...huawei, "x-cache-lookup": "Whatever" }, { state: "miss" }],
  [
    "Via without the edge's word",
    "huawei",
    { ...huawei, via: "CHN-SH-AREACT1-CACHE66[6],CHN-JS-GLOBAL1-CACHE21[0,TCP_HIT,22]" },
    { state: "hit", layer: "parent" },
  ],
  ["only Via", "huawei", { ...huawei, via: coldVia }, { state: "miss" }],
  ["only Age", "huawei", { ...huawei, age: "5" }, { state: "hit", layer: "unknown", ageS: 5 }],
  ["Age 0", "huawei", { ...huawei, age: "0" }, { state: "unknown" }],
  ["nginx-hit", "huawei", { ...huawei, "nginx-hit": "1" }, { state: "hit", layer: "unknown" }],
  ["x-h-cache-status", "huawei", { "x-h-cache-status": "HIT" }, { state: "hit", layer: "unknown" }],
];

describe("reads Alibaba Cloud and Huawei Cloud", () => {
  expectReadings(readings);
});
