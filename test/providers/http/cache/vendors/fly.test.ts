import { describeReadings } from "../lines-harness.ts";

const fly = { server: "Fly/0a1b2c3d (2026-11-02)", via: "1.1 fly.io", "fly-request-id": "01JCX-fra" };

describeReadings("fly", [
  ["HIT", { ...fly, "fly-cache-status": "HIT" }, { state: "hit", layer: "edge", pop: "fra" }],
  ["MISS", { ...fly, "fly-cache-status": "MISS" }, { state: "miss" }],
  ["no word", fly, { state: "unknown" }],
]);
