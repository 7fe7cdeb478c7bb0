import { describeReadings } from "../lines-harness.ts";

const azure = { "x-azure-ref": "0abc" };

describeReadings("azure", [
  ["TCP_HIT", { ...azure, "x-cache": "TCP_HIT" }, { state: "hit", layer: "edge" }],
  ["TCP_REMOTE_HIT", { ...azure, "x-cache": "TCP_REMOTE_HIT" }, { state: "hit", layer: "parent" }],
  ["TCP_MISS", { ...azure, "x-cache": "TCP_MISS" }, { state: "miss" }],
  ["TCP_PARTIAL_HIT", { ...azure, "x-cache": "TCP_PARTIAL_HIT" }, { state: "miss" }],
  ["PRIVATE_NOSTORE", { ...azure, "x-cache": "PRIVATE_NOSTORE" }, { state: "uncacheable" }],
  ["CONFIG_NOCACHE", { ...azure, "x-cache": "CONFIG_NOCACHE" }, { state: "uncacheable" }],
  ["N/A", { ...azure, "x-cache": "N/A" }, { state: "uncacheable" }],
  ["CACHE_NOCONFIG", { ...azure, "x-cache": "CACHE_NOCONFIG" }, { state: "uncacheable" }],
]);
