import { describeReadings } from "../lines-harness.ts";

const hcdn = { server: "hcdn", "x-hcdn-request-id": "0c1d2e3f-fra-edge4" };

describeReadings("hostinger", [
  ["HIT", { ...hcdn, "x-hcdn-cache-status": "HIT" }, { state: "hit", layer: "edge", pop: "fra" }],
  ["MISS", { ...hcdn, "x-hcdn-cache-status": "MISS" }, { state: "miss" }],
  ["EXPIRED", { ...hcdn, "x-hcdn-cache-status": "EXPIRED" }, { state: "expired" }],
  ["BYPASS", { ...hcdn, "x-hcdn-cache-status": "BYPASS" }, { state: "bypass", stored: false }],
  [
    "DYNAMIC beside the hit of the origin's LiteSpeed",
    { ...hcdn, "x-hcdn-cache-status": "DYNAMIC", "x-litespeed-cache": "hit" },
    { state: "uncacheable" },
  ],
]);
