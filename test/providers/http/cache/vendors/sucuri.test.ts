import { describeReadings } from "../lines-harness.ts";

const sucuri = { server: "Sucuri/Cloudproxy", "x-sucuri-id": "18017" };

describeReadings("sucuri", [
  ["HIT", { ...sucuri, "x-sucuri-cache": "HIT" }, { state: "hit", layer: "edge" }],
  ["MISS", { ...sucuri, "x-sucuri-cache": "MISS" }, { state: "miss" }],
  ["BYPASS", { ...sucuri, "x-sucuri-cache": "BYPASS" }, { state: "bypass" }],
  ["EXPIRED", { ...sucuri, "x-sucuri-cache": "EXPIRED" }, { state: "expired" }],
]);
