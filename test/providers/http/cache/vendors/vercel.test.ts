import { describeReadings } from "../lines-harness.ts";

const vercel = { server: "Vercel", "x-vercel-id": "fra1::iad1::abc" };

describeReadings("vercel", [
  ["HIT", { ...vercel, "x-vercel-cache": "HIT" }, { state: "hit", layer: "edge", pop: "fra1" }],
  ["PRERENDER", { ...vercel, "x-vercel-cache": "PRERENDER" }, { state: "hit" }],
  ["MISS", { ...vercel, "x-vercel-cache": "MISS" }, { state: "miss" }],
  ["STALE", { ...vercel, "x-vercel-cache": "STALE" }, { state: "stale" }],
  ["REVALIDATED", { ...vercel, "x-vercel-cache": "REVALIDATED" }, { state: "revalidated" }],
  ["BYPASS", { ...vercel, "x-vercel-cache": "BYPASS" }, { state: "bypass" }],
]);
