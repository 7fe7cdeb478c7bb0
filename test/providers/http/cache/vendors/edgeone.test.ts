import { describeReadings } from "../lines-harness.ts";

describeReadings("edgeone", [
  ["HIT", { server: "TencentEdgeOne", "eo-cache-status": "HIT" }, { state: "hit", layer: "edge" }],
  ["MISS", { "eo-log-uuid": "1", "eo-cache-status": "MISS" }, { state: "miss" }],
  ["RefreshHit", { "eo-log-uuid": "1", "eo-cache-status": "RefreshHit" }, { state: "revalidated", layer: "edge" }],
]);
