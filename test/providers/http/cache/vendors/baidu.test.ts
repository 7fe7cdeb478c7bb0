import { describeReadings } from "../lines-harness.ts";

describeReadings("baidu", [
  ["HIT", { server: "JSP3/2.0.14", "x-cache-status": "HIT", age: "8" }, { state: "hit", layer: "edge", ageS: 8 }],
  [
    "MISS with Ohc-Cache-HIT",
    { server: "JSP3/2.0.14", "x-cache-status": "MISS", "ohc-cache-hit": "bj2ct [2], czix4 [3]" },
    { state: "miss" },
  ],
  ["Ohc-Cache-HIT alone", { server: "JSP3/2.0.14", "ohc-cache-hit": "bj2ct [2]" }, { state: "unknown" }],
  ["Age alone", { server: "JSP3/2.0.14", age: "8" }, { state: "hit", layer: "unknown" }],
]);
