import { describeReadings } from "../lines-harness.ts";

const ovh = { "x-cdn-pop": "rbx1", "x-cdn-pop-ip": "192.0.2.128/26" };

describeReadings("ovh", [
  ["Matched cache", { ...ovh, "x-cacheable": "Matched cache" }, { state: "hit", layer: "edge", pop: "rbx1" }],
  ["Cacheable", { ...ovh, "x-cacheable": "Cacheable" }, { state: "miss" }],
  ["Not cacheable", { ...ovh, "x-cacheable": "Not cacheable: cookie" }, { state: "uncacheable", stored: false }],
]);
