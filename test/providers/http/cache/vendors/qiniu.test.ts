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
]);
