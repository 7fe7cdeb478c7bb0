import { describeReadings } from "../lines-harness.ts";

const huawei = { "x-ccdn-req-id-46b1": "abc" };
const edgeVia =
  "CHN-SH-AREACT1-CACHE66[6],CHN-SH-AREACT1-CACHE22[0,TCP_HIT,3],CHN-JS-GLOBAL1-CACHE28[24],CHN-JS-GLOBAL1-CACHE21[20,TCP_MISS,22]";
const parentVia =
  "CHN-SH-AREACT1-CACHE66[60],CHN-SH-AREACT1-CACHE22[50,TCP_MISS,53],CHN-JS-GLOBAL1-CACHE28[24],CHN-JS-GLOBAL1-CACHE21[0,TCP_HIT,22]";
const coldVia =
  "CHN-SH-AREACT1-CACHE66[60],CHN-SH-AREACT1-CACHE22[50,TCP_MISS,53],CHN-JS-GLOBAL1-CACHE28[24],CHN-JS-GLOBAL1-CACHE21[20,TCP_MISS,22]";

describeReadings("huawei", [
  ["proxy type 1 alone", { ...huawei, "x-hcs-proxy-type": "1" }, { state: "hit", layer: "unknown" }],
  [
    "proxy type 1 with an edge hit in Via and a lifetime",
    { ...huawei, "x-hcs-proxy-type": "1", via: edgeVia, "x-ccdn-cachettl": "2592000", age: "1000" },
    { state: "hit", layer: "edge", ageS: 1_000, ttlS: 2_591_000, pop: "CHN-SH-AREACT1" },
  ],
  ["proxy type 1 with a parent hit in Via", { ...huawei, "x-hcs-proxy-type": "1", via: parentVia }, { state: "hit", layer: "parent" }],
  ["proxy type 0 with misses in Via", { ...huawei, "x-hcs-proxy-type": "0", via: coldVia }, { state: "miss" }],
  [
    "proxy type 0 with an edge hit in the lookup",
    { ...huawei, "x-hcs-proxy-type": "0", "x-cache-lookup": "Hit From MemCache" },
    { state: "miss" },
  ],
  ["proxy type 0 with a parent hit in Via", { ...huawei, "x-hcs-proxy-type": "0", via: parentVia }, { state: "hit", layer: "parent" }],
  ["proxy type 0 with the lifetime 0", { ...huawei, "x-hcs-proxy-type": "0", "x-ccdn-cachettl": "0" }, { state: "miss", stored: false }],
  ["the lookup Hit From MemCache", { ...huawei, "x-cache-lookup": "Hit From MemCache" }, { state: "hit", layer: "edge" }],
  ["the lookup Hit From Disktank3", { ...huawei, "x-cache-lookup": "Hit From Disktank3" }, { state: "hit", layer: "edge" }],
  ["the lookup Hit From Upstream", { ...huawei, "x-cache-lookup": "Hit From Upstream" }, { state: "hit", layer: "parent" }],
  ["an unknown lookup", { ...huawei, "x-cache-lookup": "Whatever" }, { state: "miss" }],
  [
    "a parent hit in Via without the edge's word",
    { ...huawei, via: "CHN-SH-AREACT1-CACHE66[6],CHN-JS-GLOBAL1-CACHE21[0,TCP_HIT,22]" },
    { state: "hit", layer: "parent" },
  ],
  ["misses in Via alone", { ...huawei, via: coldVia }, { state: "miss" }],
  ["Age alone", { ...huawei, age: "5" }, { state: "hit", layer: "unknown", ageS: 5 }],
  ["Age 0", { ...huawei, age: "0" }, { state: "unknown" }],
  ["nginx-hit alone", { ...huawei, "nginx-hit": "1" }, { state: "hit", layer: "unknown" }],
  ["HIT in X-H-Cache-Status alone", { "x-h-cache-status": "HIT" }, { state: "hit", layer: "unknown" }],
]);
