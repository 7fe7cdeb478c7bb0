import { describeReadings } from "../lines-harness.ts";

const alibaba = { server: "Tengine", eagleid: "2ff6149517000000000000000e" };
const bothHit = "cache12.l2cn1801[0,0,200-0,H], cache3.l2cn1801[1,0], kunlun8.cn257[0,0,200-0,H], kunlun1.cn257[1,0]";
const parentHit = "cache12.l2eu95-1[0,0,200-0,H], cache3.l2eu95-1[1,0], ens-cache8.de4[20,20,200-0,M], ens-cache2.de4[21,0]";
const bothMissed = "cache12.l2cn1801[80,80,200-0,M], cache3.l2cn1801[81,0], kunlun8.cn257[90,90,200-0,M], kunlun1.cn257[91,0]";

describeReadings("alibaba", [
  ["HIT TCP_HIT", { ...alibaba, "x-cache": "HIT TCP_HIT dirn:1:2", via: bothHit }, { state: "hit", layer: "edge", pop: "cn257" }],
  [
    "HIT TCP_MEM_HIT with lifetime and Age",
    { ...alibaba, "x-cache": "HIT TCP_MEM_HIT dirn:1:2", "x-swift-cachetime": "3600", age: "100" },
    { state: "hit", layer: "edge", ageS: 100, ttlS: 3_500 },
  ],
  ["HIT TCP_IMS_HIT", { ...alibaba, "x-cache": "HIT TCP_IMS_HIT dirn:1:2" }, { state: "hit", layer: "edge" }],
  ["HIT TCP_REFRESH_HIT", { ...alibaba, "x-cache": "HIT TCP_REFRESH_HIT dirn:1:2" }, { state: "revalidated", layer: "edge" }],
  ["MISS TCP_REFRESH_MISS", { ...alibaba, "x-cache": "MISS TCP_REFRESH_MISS dirn:-2:-2" }, { state: "expired" }],
  ["MISS of both levels", { ...alibaba, "x-cache": "MISS TCP_MISS dirn:-2:-2", via: bothMissed }, { state: "miss" }],
  [
    "MISS with a hit of the second level",
    { ...alibaba, "x-cache": "MISS TCP_MISS dirn:-2:-2", via: parentHit },
    { state: "hit", layer: "parent", pop: "de4" },
  ],
  [
    "MISS with the lifetime 0",
    { ...alibaba, "x-cache": "MISS TCP_MISS dirn:-2:-2", via: bothMissed, "x-swift-cachetime": "0" },
    { state: "miss", stored: false },
  ],
  ["an edge hit in Via alone", { ...alibaba, via: bothHit }, { state: "hit", layer: "edge" }],
  ["a second-level hit in Via alone", { ...alibaba, via: parentHit }, { state: "hit", layer: "parent" }],
  [
    "HIT TCP_HIT with the time of storing",
    {
      ...alibaba,
      "x-cache": "HIT TCP_HIT dirn:1:2",
      "x-swift-savetime": "Sat, 21 Nov 2026 11:59:00 GMT",
      date: "Sat, 21 Nov 2026 12:00:00 GMT",
    },
    { state: "hit", ageS: 60 },
  ],
]);
