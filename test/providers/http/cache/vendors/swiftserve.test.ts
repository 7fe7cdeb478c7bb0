import { describeReadings } from "../lines-harness.ts";

describeReadings("swiftserve", [
  ["HIT", { "x-cache": "HIT from da010.vn17.swiftserve.com" }, { state: "hit", layer: "edge" }],
  ["tiers that differ", { "x-cache": ["MISS from a.swiftserve.com", "HIT from b.swiftserve.com"] }, { state: "hit", layer: "unknown" }],
]);
