import { describeReadings } from "../lines-harness.ts";

const wangsu = { "x-via": "1.1 PS-FRA-01abc:3 (Cdn Cache Server V2.0)", "x-ws-request-id": "abc" };

describeReadings("wangsu", [
  ["HIT in Cdn-Cache", { ...wangsu, "cdn-cache": "HIT" }, { state: "hit", layer: "edge" }],
  ["MISS in X-Cache", { ...wangsu, "x-cache": "MISS" }, { state: "miss" }],
  ["HIT, MISS in X-Cache", { ...wangsu, "x-cache": "HIT, MISS" }, { state: "hit", layer: "unknown" }],
]);
