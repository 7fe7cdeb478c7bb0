import { describeReadings } from "../lines-harness.ts";

const akamai = { server: "AkamaiGHost" };
const from = "from a23-67-252-148.deploy.akamaitechnologies.com (AkamaiGHost/11.1) (-)";

describeReadings("akamai", [
  ["TCP_HIT", { ...akamai, "x-cache": `TCP_HIT ${from}` }, { state: "hit", layer: "edge", pop: "a23-67-252-148" }],
  ["TCP_MEM_HIT", { ...akamai, "x-cache": `TCP_MEM_HIT ${from}` }, { state: "hit", layer: "edge" }],
  ["TCP_IMS_HIT", { ...akamai, "x-cache": `TCP_IMS_HIT ${from}` }, { state: "hit", layer: "edge" }],
  ["TCP_REFRESH_HIT", { ...akamai, "x-cache": `TCP_REFRESH_HIT ${from}` }, { state: "revalidated", layer: "edge" }],
  ["TCP_REFRESH_FAIL_HIT", { ...akamai, "x-cache": `TCP_REFRESH_FAIL_HIT ${from}` }, { state: "stale", layer: "edge" }],
  ["TCP_REFRESH_MISS", { ...akamai, "x-cache": `TCP_REFRESH_MISS ${from}` }, { state: "expired" }],
  ["TCP_MISS", { ...akamai, "x-cache": `TCP_MISS ${from}` }, { state: "miss" }],
  [
    "TCP_MISS with a hit of the parent",
    { ...akamai, "x-cache": `TCP_MISS ${from}`, "x-cache-remote": `TCP_HIT ${from}` },
    { state: "hit", layer: "parent" },
  ],
  [
    "TCP_MISS with a miss of the parent",
    { ...akamai, "x-cache": `TCP_MISS ${from}`, "x-cache-remote": `TCP_MISS ${from}` },
    { state: "miss" },
  ],
  ["TCP_NEGATIVE_HIT", { ...akamai, "x-cache": `TCP_NEGATIVE_HIT ${from}` }, { state: "error", stored: true }],
  ["TCP_DENIED", { ...akamai, "x-cache": `TCP_DENIED ${from}` }, { state: "error" }],
  [
    "TCP_MISS of an uncacheable object",
    { ...akamai, "x-cache": `TCP_MISS ${from}`, "x-check-cacheable": "NO" },
    { state: "uncacheable", stored: false },
  ],
  [
    "TCP_MISS with the lifetime 000 in the cache key",
    { ...akamai, "x-cache": `TCP_MISS ${from}`, "x-cache-key": "S/L/1234/56789/000/origin.example/a.ts?x=1" },
    { state: "uncacheable" },
  ],
  [
    "TCP_MISS with the lifetime 1d in the cache key",
    { ...akamai, "x-cache": `TCP_MISS ${from}`, "x-cache-key": "S/L/1234/56789/1d/origin.example/a.ts" },
    { state: "miss" },
  ],
  [
    "TCP_MISS of a cacheable object with the lifetime 000",
    { ...akamai, "x-cache": `TCP_MISS ${from}`, "x-check-cacheable": "YES", "x-cache-key": "/L/1234/56789/000/o/a.ts" },
    { state: "miss" },
  ],
  ["Hit from child", { "akamai-cache-status": "Hit from child" }, { state: "hit", layer: "edge" }],
  ["RefreshHit from child", { "cdn-cache-status": "RefreshHit from child" }, { state: "revalidated", layer: "edge" }],
  ["Miss from child, Hit from parent", { "akamai-cache-status": "Miss from child, Hit from parent" }, { state: "hit", layer: "parent" }],
  ["Miss from child, Miss from parent", { "akamai-cache-status": "Miss from child, Miss from parent" }, { state: "miss" }],
  [
    "RefreshHit from child, Hit from parent",
    { "akamai-cache-status": "RefreshHit from child, Hit from parent" },
    { state: "revalidated", layer: "edge" },
  ],
  ["HitStale from child", { "akamai-cache-status": "HitStale from child" }, { state: "stale", layer: "edge" }],
  [
    "Miss from child, HitStale from parent",
    { "akamai-cache-status": "Miss from child, HitStale from parent" },
    { state: "stale", layer: "parent" },
  ],
  ["Constructed from child", { "akamai-cache-status": "Constructed from child" }, { state: "uncacheable", stored: false }],
  ["Redirect from child", { "akamai-cache-status": "Redirect from child" }, { state: "uncacheable" }],
  ["NotCacheable from child", { "akamai-cache-status": "NotCacheable from child" }, { state: "uncacheable" }],
  ["Error from child", { "akamai-cache-status": "Error from child" }, { state: "error" }],
  ["HIT in Server-Timing alone", { ...akamai, "server-timing": "cdn-cache; desc=HIT, edge; dur=1" }, { state: "hit", layer: "unknown" }],
  ["MISS in Server-Timing alone", { ...akamai, "server-timing": "cdn-cache; desc=MISS" }, { state: "miss" }],
]);
