import { describeReadings } from "../lines-harness.ts";

const cloudFront = { "x-amz-cf-id": "id==", "x-amz-cf-pop": "FRA60-P4", via: "1.1 abc.cloudfront.net (CloudFront)" };

describeReadings("cloudfront", [
  [
    "Hit without Server-Timing",
    { ...cloudFront, "x-cache": "Hit from cloudfront", age: "4" },
    { state: "hit", layer: "unknown", ageS: 4, pop: "FRA60" },
  ],
  [
    "Hit at the edge",
    { ...cloudFront, "x-cache": "Hit from cloudfront", "server-timing": 'cdn-cache-hit,cdn-pop;desc="FRA60-P4",cdn-hit-layer;desc="EDGE"' },
    { state: "hit", layer: "edge" },
  ],
  [
    "Hit at a regional cache",
    { ...cloudFront, "x-cache": "Hit from cloudfront", "server-timing": 'cdn-cache-hit,cdn-hit-layer;desc="REC"' },
    { state: "hit", layer: "parent" },
  ],
  [
    "Hit at Origin Shield",
    { ...cloudFront, "x-cache": "Hit from cloudfront", "server-timing": 'cdn-cache-hit, cdn-hit-layer;desc="Origin Shield"' },
    { state: "hit", layer: "parent" },
  ],
  ["RefreshHit", { ...cloudFront, "x-cache": "RefreshHit from cloudfront" }, { state: "revalidated", layer: "unknown" }],
  ["Miss", { ...cloudFront, "x-cache": "Miss from cloudfront" }, { state: "miss" }],
  ["Error", { ...cloudFront, "x-cache": "Error from cloudfront" }, { state: "error" }],
  ["LambdaGeneratedResponse", { ...cloudFront, "x-cache": "LambdaGeneratedResponse from cloudfront" }, { state: "uncacheable" }],
  ["FunctionGeneratedResponse", { ...cloudFront, "x-cache": "FunctionGeneratedResponse from cloudfront" }, { state: "uncacheable" }],
  ["Redirect", { ...cloudFront, "x-cache": "Redirect from cloudfront" }, { state: "uncacheable" }],
  ["LimitExceeded", { ...cloudFront, "x-cache": "LimitExceeded from cloudfront" }, { state: "error" }],
  ["a miss in Server-Timing alone", { ...cloudFront, "server-timing": 'cdn-upstream-layer;desc="REC",cdn-cache-miss' }, { state: "miss" }],
  [
    "a refresh in Server-Timing alone",
    { ...cloudFront, "server-timing": 'cdn-cache-refresh,cdn-hit-layer;desc="EDGE"' },
    { state: "revalidated", layer: "edge" },
  ],
]);
