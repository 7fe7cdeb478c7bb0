import { describeReadings } from "../lines-harness.ts";

const wangsu = { "x-via": "1.1 PS-FRA-01abc:3 (Cdn Cache Server V2.0)", "x-ws-request-id": "abc" };

describeReadings("wangsu", [
  ["HIT in Cdn-Cache", { ...wangsu, "cdn-cache": "HIT" }, { state: "hit", layer: "edge" }],
  ["MISS in X-Cache", { ...wangsu, "x-cache": "MISS" }, { state: "miss" }],
  ["HIT, MISS in X-Cache", { ...wangsu, "x-cache": "HIT, MISS" }, { state: "hit", layer: "unknown" }],
  ["ht in X-Px", { server: "PWS/8.3.2.7", "x-px": "ht h0-s1021.p12-sjc.cdngp.net", age: "84" }, { state: "hit", layer: "edge", ageS: 84 }],
  [
    "ms with ht of an inner server in X-Px",
    { "x-px": "ms h0-s88.p46-icn ( h0-s98.p46-icn), rf-ht h0-s98.p46-icn ( h0-s67.p61-icn), ht h0-s67.p61-icn.cdngp.net" },
    { state: "revalidated", layer: "parent" },
  ],
  ["ms alone in X-Px", { "x-px": "ms PSrbdbOSA1fs30KIX,ms PShlamstdAMS1pu19AMS(origin)" }, { state: "miss" }],
  ["rf-ms in X-Px", { "x-px": "rf-ms h0-s88.p46-icn ( origin)" }, { state: "expired" }],
  [
    "nc in X-Px",
    { "x-px": "nc h0-s1001.p12-fra ( h0-s3016.p9-jfk), nc h0-s3016.p9-jfk ( origin>CONN)" },
    { state: "uncacheable", stored: false },
  ],
]);
