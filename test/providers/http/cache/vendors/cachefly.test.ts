import { describeReadings } from "../lines-harness.ts";

describeReadings("cachefly", [
  ["H", { "x-cf1": "28295:fA.fra2", "x-cf3": "H" }, { state: "hit", layer: "unknown" }],
  ["M", { "x-cf1": "28295:fA.fra2", "x-cf3": "M" }, { state: "miss" }],
]);
