import { describeReadings } from "../lines-harness.ts";

const google = { via: "1.1 google" };

describeReadings("google", [
  ["Age alone", { ...google, age: "30" }, { state: "hit", layer: "unknown", ageS: 30 }],
  ["no cache header", google, { state: "unknown" }],
  ["hit in the operator's header", { ...google, "cdn-cache-status": "hit" }, { state: "hit", layer: "unknown" }],
  ["miss in the operator's header", { ...google, "x-cache-status": "miss" }, { state: "miss" }],
  ["revalidated in the operator's header", { ...google, "cdn-cache-status": "revalidated" }, { state: "revalidated" }],
  ["stale in the operator's header", { ...google, "cdn-cache-status": "stale" }, { state: "stale" }],
  ["uncacheable in the operator's header", { ...google, "cdn-cache-status": "uncacheable" }, { state: "uncacheable" }],
  ["disabled in the operator's header", { ...google, "cdn-cache-status": "disabled" }, { state: "bypass" }],
  ["disabled in the header of Google's own example", { via: "1.1 google", "x-cache-hit": "disabled" }, { state: "bypass" }],
  ["hit of Media CDN", { server: "Google-Edge-Cache", "cdn-cache-status": "hit" }, { state: "hit" }],
]);
