import { describeReadings } from "../lines-harness.ts";

describeReadings("volcengine", [
  ["edge_hit", { "x-bdcdn-cache-status": "TCP_HIT", "x-response-cache": "edge_hit" }, { state: "hit", layer: "edge" }],
  ["parent_hit", { "x-bdcdn-cache-status": "TCP_HIT,TCP_MISS", "x-response-cache": "parent_hit" }, { state: "hit", layer: "parent" }],
  ["miss", { "x-response-cache": "miss" }, { state: "miss" }],
  ["TCP_MISS, TCP_MISS", { "x-bdcdn-cache-status": "TCP_MISS,TCP_MISS" }, { state: "miss" }],
  ["TCP_HIT, TCP_MISS", { "x-bdcdn-cache-status": "TCP_HIT,TCP_MISS" }, { state: "hit", layer: "unknown" }],
  [
    "HIT in Server-Timing alone",
    { "x-bdcdn-request-id": "1", "server-timing": "cdn-cache;desc=HIT, edge;dur=5" },
    { state: "hit", layer: "unknown" },
  ],
]);
