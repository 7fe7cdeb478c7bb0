import { describeReadings } from "../lines-harness.ts";

const ksyun = { "x-link-via": "a:443;b:80;" };

describeReadings("ksyun", [
  ["HIT of every tier", { ...ksyun, "x-cache-status": ["HIT from KS-CLOUD-A", "HIT from KS-CLOUD-B"] }, { state: "hit", layer: "edge" }],
  ["MISS of every tier", { ...ksyun, "x-cache-status": ["MISS from KS-CLOUD-HIT-1", "MISS from KS-CLOUD-B"] }, { state: "miss" }],
  [
    "tiers that differ",
    { ...ksyun, "x-cache-status": ["MISS from KS-CLOUD-A", "MISS from KS-CLOUD-B", "HIT from KS-CLOUD-C", "HIT from KS-CLOUD-D"] },
    { state: "hit", layer: "unknown" },
  ],
]);
