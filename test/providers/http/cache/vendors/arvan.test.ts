import { describeReadings } from "../lines-harness.ts";

const arvan = { server: "ArvanCloud" };

describeReadings("arvan", [
  ["HIT", { ...arvan, "ar-cache": "HIT" }, { state: "hit", layer: "edge" }],
  ["MISS in X-Cache", { ...arvan, "x-cache": "MISS" }, { state: "miss" }],
  ["BYPASS in X-Cache", { ...arvan, "x-cache": "BYPASS" }, { state: "bypass" }],
]);
