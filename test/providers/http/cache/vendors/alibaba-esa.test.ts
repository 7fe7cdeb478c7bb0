import { describeReadings } from "../lines-harness.ts";

describeReadings("alibaba-esa", [
  ["HIT", { "x-site-cache-status": "HIT" }, { state: "hit", layer: "edge" }],
  ["MISS", { "x-site-cache-status": "MISS" }, { state: "miss" }],
  ["EXPIRED", { "x-site-cache-status": "EXPIRED" }, { state: "expired" }],
  ["STALE", { "x-site-cache-status": "STALE" }, { state: "stale" }],
  ["REVALIDATED", { "x-site-cache-status": "REVALIDATED" }, { state: "revalidated" }],
  ["BYPASS", { "x-site-cache-status": "BYPASS" }, { state: "bypass" }],
  ["DYNAMIC", { "x-site-cache-status": "DYNAMIC" }, { state: "uncacheable" }],
]);
