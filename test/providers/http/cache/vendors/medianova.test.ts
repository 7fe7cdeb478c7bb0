import { describeReadings } from "../lines-harness.ts";

describeReadings("medianova", [
  ["Edge : HIT", { "x-mnrequest-id": "1", "x-cache-status": "Edge : HIT" }, { state: "hit", layer: "edge" }],
  ["Edge : MISS", { "x-mnrequest-id": "1", "x-cache-status": "Edge : MISS" }, { state: "miss" }],
]);
