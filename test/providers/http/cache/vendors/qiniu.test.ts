import { describeReadings } from "../lines-harness.ts";

const alibaba = { server: "Tengine", eagleid: "2ff6149517000000000000000e" };
const qiniu = { "x-m-reqid": "abc" };

describeReadings("qiniu", [
  ["Hit", { ...qiniu, "x-qnm-cache": "Hit" }, { state: "hit", layer: "unknown" }],
  ["Miss", { ...qiniu, "x-qnm-cache": "Miss" }, { state: "miss" }],
  [
    "a hit of Alibaba's edge with Qiniu's Miss",
    { ...qiniu, ...alibaba, "x-swift-savetime": "x", "x-cache": "HIT TCP_MEM_HIT dirn:1:2", "x-qnm-cache": "Miss" },
    { state: "hit", layer: "edge" },
  ],
  [
    "a miss of Alibaba's edge with Qiniu's Hit",
    { ...qiniu, ...alibaba, "x-cache": "MISS TCP_MISS dirn:-2:-2", "x-qnm-cache": "Hit" },
    { state: "hit", layer: "parent" },
  ],
  [
    "an edge hit of Volcengine's network with Qiniu's Miss",
    { ...qiniu, server: "Byte-nginx", "x-bdcdn-cache-status": "TCP_HIT", "x-response-cache": "edge_hit", age: "41", "x-qnm-cache": "Miss" },
    { state: "hit", layer: "edge", ageS: 41 },
  ],
  [
    "a hit of Tencent's network with Qiniu's Miss",
    { ...qiniu, server: "NWS_SPMid", "x-nws-log-uuid": "1", "x-cache-lookup": "Cache Hit", "x-qnm-cache": "Miss" },
    { state: "hit", layer: "edge" },
  ],
  [
    "a miss of Tencent's network with Qiniu's Hit",
    { ...qiniu, "x-nws-log-uuid": "1", "x-cache-lookup": ["Cache Miss", "Hit From Inner Cluster"], "x-qnm-cache": "Hit" },
    { state: "hit", layer: "parent" },
  ],
  [
    "a hit of UpYun's network with Qiniu's Miss",
    { ...qiniu, server: "marco/2.20", via: "T.49.M, V.mix-js-czx2-049, T.4.H, M.ctn-sc-yan-004", "x-qnm-cache": "Miss" },
    { state: "hit", layer: "edge" },
  ],
  [
    "a hit of Baishan's network with Qiniu's Miss",
    { ...qiniu, "x-ser": "BC12_dx-a-3-cache-1", "x-cache": "HIT from BC12_dx-a-3-cache-1(baishan)", "x-qnm-cache": "Miss" },
    { state: "hit", layer: "edge" },
  ],
  [
    "a Miss with an age, on a network without a word",
    { ...qiniu, "x-qnm-cache": "Miss", age: "900" },
    { state: "hit", layer: "unknown", ageS: 900 },
  ],
  [
    "the words of Tencent's network alone with Qiniu's Miss",
    { ...qiniu, "x-cache-lookup": "Hit From Disktank3", "x-qnm-cache": "Miss" },
    { state: "hit", layer: "edge" },
  ],
  ["misses of both", { ...qiniu, "x-response-cache": "miss", "x-qnm-cache": "Miss" }, { state: "miss" }],
]);
