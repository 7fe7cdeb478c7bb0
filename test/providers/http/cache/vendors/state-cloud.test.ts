import { describeReadings } from "../lines-harness.ts";

describeReadings("state-cloud", [
  ["HIT", { "ctl-cache-status": "HIT from sh-ct1-ca01" }, { state: "hit", layer: "edge" }],
  ["MISS", { "ctl-cache-status": "MISS from sh-ct1-ca01" }, { state: "miss" }],
  ["EXPIRED", { "ctl-cache-status": "EXPIRED from sh-ct1-ca01" }, { state: "expired" }],
  ["UPDATING", { "ctl-cache-status": "UPDATING from sh-ct1-ca01" }, { state: "stale" }],
  ["nodes that differ", { "ctl-cache-status": "MISS from a, HIT from b" }, { state: "hit", layer: "unknown" }],
]);
