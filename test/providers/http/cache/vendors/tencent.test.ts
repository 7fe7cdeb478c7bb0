import { describeReadings } from "../lines-harness.ts";

const tencent = { "x-nws-log-uuid": "13733582990050331190" };

describeReadings("tencent", [
  ["Hit From MemCache", { ...tencent, "x-cache-lookup": "Hit From MemCache" }, { state: "hit", layer: "edge" }],
  ["Hit From Disktank3", { ...tencent, "x-cache-lookup": "Hit From Disktank3 Gz" }, { state: "hit", layer: "edge" }],
  ["Cache Hit", { ...tencent, "x-cache-lookup": "Cache Hit" }, { state: "hit", layer: "edge" }],
  ["Cache Miss", { ...tencent, "x-cache-lookup": "Cache Miss" }, { state: "miss" }],
  ["Hit From Inner Cluster", { ...tencent, "x-cache-lookup": "Hit From Inner Cluster" }, { state: "hit", layer: "edge" }],
  ["Cache Miss with Hit From Inner Cluster", { ...tencent, "x-cache-lookup": ["Cache Miss", "Hit From Inner Cluster"] }, { state: "miss" }],
  ["Hit From Upstream", { ...tencent, "x-cache-lookup": "Hit From Upstream" }, { state: "hit", layer: "parent" }],
  [
    "Cache Miss with Hit From Upstream",
    { ...tencent, "x-cache-lookup": ["Cache Miss", "Hit From Upstream", "Hit From Inner Cluster"] },
    { state: "hit", layer: "parent" },
  ],
  [
    "Hit From Upstream with Hit From Disktank3",
    { ...tencent, "x-cache-lookup": ["Hit From Upstream", "Hit From Disktank3"] },
    { state: "hit", layer: "unknown" },
  ],
]);
