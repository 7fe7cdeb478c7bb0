import { describeReadings } from "../lines-harness.ts";

const bunny = { server: "BunnyCDN-DE1-723", "cdn-pullzone": "1" };

describeReadings("bunny", [
  ["HIT", { ...bunny, "cdn-cache": "HIT" }, { state: "hit", layer: "edge", pop: "DE1" }],
  ["MISS", { ...bunny, "cdn-cache": "MISS" }, { state: "miss" }],
  ["EXPIRED", { ...bunny, "cdn-cache": "EXPIRED" }, { state: "expired" }],
  ["STALE", { ...bunny, "cdn-cache": "STALE" }, { state: "stale", layer: "edge" }],
  ["UPDATING", { ...bunny, "cdn-cache": "UPDATING" }, { state: "stale" }],
  ["REVALIDATED", { ...bunny, "cdn-cache": "REVALIDATED" }, { state: "revalidated" }],
  ["BYPASS", { ...bunny, "cdn-cache": "BYPASS" }, { state: "bypass" }],
]);
