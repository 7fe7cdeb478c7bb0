import { describeReadings } from "../lines-harness.ts";

const quic = { server: "LiteSpeed", "x-qc-pop": "EU-DE-FRA-12" };

describeReadings("quic-cloud", [
  ["hit", { ...quic, "x-qc-cache": "hit" }, { state: "hit", layer: "edge", pop: "EU-DE-FRA-12" }],
  ["miss, beside the hit of the origin's LiteSpeed", { ...quic, "x-qc-cache": "miss", "x-litespeed-cache": "hit" }, { state: "miss" }],
  ["bypass", { ...quic, "x-qc-cache": "bypass" }, { state: "bypass" }],
]);
