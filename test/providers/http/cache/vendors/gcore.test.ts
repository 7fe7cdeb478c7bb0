import { describeReadings } from "../lines-harness.ts";

const gcore = { "x-id": "fr5-hw-edge-gc12", date: "Sat, 21 Nov 2026 12:00:00 GMT" };

describeReadings("gcore", [
  [
    "HIT with the time of storing",
    { ...gcore, cache: "HIT", "x-cached-since": "2026-11-21T11:58:20+00:00" },
    { state: "hit", layer: "edge", ageS: 100, pop: "fr5" },
  ],
  ["MISS", { ...gcore, cache: "MISS" }, { state: "miss" }],
  ["STALE", { ...gcore, cache: "STALE" }, { state: "stale" }],
  ["BYPASS", { ...gcore, cache: "BYPASS" }, { state: "bypass" }],
]);
