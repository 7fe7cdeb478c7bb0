import { describeReadings } from "../lines-harness.ts";

const edgio = { server: "ECAcc (frc/4D05)" };

describeReadings("edgio", [
  ["HIT in X-Cache", { ...edgio, "x-cache": "HIT" }, { state: "hit", layer: "unknown" }],
  ["TCP_HIT", { "x-ec-cache": "TCP_HIT from ECD (fcn/40FC)" }, { state: "hit", layer: "edge" }],
  ["TCP_EXPIRED_HIT", { "x-ec-cache": "TCP_EXPIRED_HIT from ECD (fcn/40FC)" }, { state: "stale", layer: "edge" }],
  ["CONFIG_NOCACHE", { "x-ec-cache": "CONFIG_NOCACHE from ECD (fcn/40FC)" }, { state: "uncacheable" }],
  ["TCP_MISS", { "x-ec-cache": "TCP_MISS from ECD (fcn/40FC)" }, { state: "miss" }],
  [
    "TCP_MISS with a hit of the parent",
    { "x-ec-cache": "TCP_MISS from ECD (fcn/40FC)", "x-ec-cache-remote": "TCP_HIT from ECD (dca/5201)" },
    { state: "hit", layer: "parent" },
  ],
  [
    "TCP_MISS of an uncacheable object",
    { "x-ec-cache": "TCP_MISS from ECD (fcn/40FC)", "x-ec-check-cacheable": "NO" },
    { state: "uncacheable" },
  ],
]);
