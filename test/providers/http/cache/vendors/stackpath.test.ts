import { describeReadings } from "../lines-harness.ts";

describeReadings("stackpath", [
  ["HIT in X-Cache", { server: "NetDNA-cache/2.2", "x-cache": "HIT" }, { state: "hit", layer: "unknown" }],
  ["MISS in X-SP-Cache-Status", { "x-sp-cache-status": "MISS" }, { state: "miss" }],
  ["a trace that ends in the edge's store", { "x-hw": "1767797125.dop019.se2.t,1767797125.cds058.se2.c" }, { state: "hit", layer: "edge" }],
  [
    "a trace with a hit of the parent",
    { "x-hw": "1767797125.dop019.se2.t,1767797125.cds079.at2.c,1767797125.cds058.se2.p" },
    { state: "hit", layer: "parent" },
  ],
  [
    "a trace that ends at the origin",
    { "x-hw": "1767797125.dop019.se2.t,1767797125.cds079.at2.p,1767797125.cds058.se2.p" },
    { state: "miss" },
  ],
]);
