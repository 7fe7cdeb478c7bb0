import { describeReadings } from "../lines-harness.ts";

const cdn77 = { server: "CDN77-Turbo", "x-77-pop": "frankfurtDE" };

describeReadings("cdn77", [
  ["HIT with X-77-Age", { ...cdn77, "x-77-cache": "HIT", "x-77-age": "77" }, { state: "hit", layer: "edge", ageS: 77, pop: "frankfurtDE" }],
  ["HIT in X-Cache alone", { ...cdn77, "x-cache": "HIT", "x-age": "5" }, { state: "hit", ageS: 5 }],
  ["MISS", { ...cdn77, "x-77-cache": "MISS" }, { state: "miss" }],
  ["EXPIRED", { ...cdn77, "x-77-cache": "EXPIRED" }, { state: "expired" }],
  ["UPDATING", { ...cdn77, "x-77-cache": "UPDATING" }, { state: "stale" }],
  ["BYPASS", { ...cdn77, "x-77-cache": "BYPASS" }, { state: "bypass" }],
]);
