import { describeReadings } from "../lines-harness.ts";

const esa = { server: "ESA", via: "ens-cache4.de9[0,0], ens-cache2.de9[1,0]", eagleid: "2ff614951700000000" };

describeReadings("alibaba-esa", [
  ["HIT with the Via of its nodes", { ...esa, "x-site-cache-status": "HIT" }, { state: "hit", layer: "edge" }],
  ["BYPASS with the Via of its nodes", { ...esa, "x-site-cache-status": "BYPASS" }, { state: "bypass", stored: false }],
  ["DYNAMIC with the Via of its nodes", { ...esa, "x-site-cache-status": "DYNAMIC" }, { state: "uncacheable", stored: false }],
  ["HIT", { "x-site-cache-status": "HIT" }, { state: "hit", layer: "edge" }],
  ["MISS", { "x-site-cache-status": "MISS" }, { state: "miss" }],
  ["EXPIRED", { "x-site-cache-status": "EXPIRED" }, { state: "expired" }],
  ["STALE", { "x-site-cache-status": "STALE" }, { state: "stale" }],
  ["REVALIDATED", { "x-site-cache-status": "REVALIDATED" }, { state: "revalidated" }],
  ["BYPASS", { "x-site-cache-status": "BYPASS" }, { state: "bypass" }],
  ["DYNAMIC", { "x-site-cache-status": "DYNAMIC" }, { state: "uncacheable" }],
]);
