import { describeReadings } from "../lines-harness.ts";

describeReadings("keycdn", [
  ["HIT", { server: "keycdn-engine", "x-cache": "HIT", "x-edge-location": "defr" }, { state: "hit", layer: "edge", pop: "defr" }],
  ["MISS", { server: "keycdn-engine", "x-cache": "MISS" }, { state: "miss" }],
  ["HIT, MISS", { server: "keycdn-engine", "x-cache": "HIT, MISS" }, { state: "hit", layer: "unknown" }],
  ["HIT beside an unknown word", { server: "keycdn-engine", "x-cache": "HIT, what" }, { state: "hit", layer: "unknown" }],
]);
