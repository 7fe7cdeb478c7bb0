import { describe, expect, it } from "vitest";
import { readCache } from "../../../../src/providers/http/cache/cache-status.ts";
import { expectReadings, lines, type Reading } from "./lines-harness.ts";

const alibaba = { server: "Tengine", eagleid: "2ff6149517000000000000000e" };
const tencent = { "x-nws-log-uuid": "13733582990050331190" };
const qiniu = { "x-m-reqid": "abc" };
const ksyun = { "x-link-via": "a:443;b:80;" };
const wangsu = { "x-via": "1.1 PS-FRA-01abc:3 (Cdn Cache Server V2.0)", "x-ws-request-id": "abc" };

const readings: readonly Reading[] = [
  ["MemCache", "tencent", { ...tencent, "x-cache-lookup": "Hit From MemCache" }, { state: "hit", layer: "edge" }],
  ["Disktank", "tencent", { ...tencent, "x-cache-lookup": "Hit From Disktank3 Gz" }, { state: "hit", layer: "edge" }],
  ["Cache Hit", "tencent", { ...tencent, "x-cache-lookup": "Cache Hit" }, { state: "hit", layer: "edge" }],
  ["Cache Miss", "tencent", { ...tencent, "x-cache-lookup": "Cache Miss" }, { state: "miss" }],
  ["a sibling in the cluster", "tencent", { ...tencent, "x-cache-lookup": "Hit From Inner Cluster" }, { state: "hit", layer: "edge" }],
  [
    "a hop through the cluster on a miss",
    "tencent",
    { ...tencent, "x-cache-lookup": ["Cache Miss", "Hit From Inner Cluster"] },
    { state: "miss" },
  ],
  ["upstream", "tencent", { ...tencent, "x-cache-lookup": "Hit From Upstream" }, { state: "hit", layer: "parent" }],
  [
    "a miss, then upstream",
    "tencent",
    { ...tencent, "x-cache-lookup": ["Cache Miss", "Hit From Upstream", "Hit From Inner Cluster"] },
    { state: "hit", layer: "parent" },
  ],
  [
    "lines that disagree leave the layer open",
    "tencent",
    { ...tencent, "x-cache-lookup": ["Hit From Upstream", "Hit From Disktank3"] },
    { state: "hit", layer: "unknown" },
  ],
  ["HIT", "edgeone", { server: "TencentEdgeOne", "eo-cache-status": "HIT" }, { state: "hit", layer: "edge" }],
  ["MISS", "edgeone", { "eo-log-uuid": "1", "eo-cache-status": "MISS" }, { state: "miss" }],
  ["RefreshHit", "edgeone", { "eo-log-uuid": "1", "eo-cache-status": "RefreshHit" }, { state: "revalidated", layer: "edge" }],
  ["edge_hit", "volcengine", { "x-bdcdn-cache-status": "TCP_HIT", "x-response-cache": "edge_hit" }, { state: "hit", layer: "edge" }],
  [
    "parent_hit",
    "volcengine",
    { "x-bdcdn-cache-status": "TCP_HIT,TCP_MISS", "x-response-cache": "parent_hit" },
    { state: "hit", layer: "parent" },
  ],
  ["miss", "volcengine", { "x-response-cache": "miss" }, { state: "miss" }],
  ["TCP_MISS, TCP_MISS", "volcengine", { "x-bdcdn-cache-status": "TCP_MISS,TCP_MISS" }, { state: "miss" }],
  ["a list that disagrees", "volcengine", { "x-bdcdn-cache-status": "TCP_HIT,TCP_MISS" }, { state: "hit", layer: "unknown" }],
  [
    "only Server-Timing",
    "volcengine",
    { "x-bdcdn-request-id": "1", "server-timing": "cdn-cache;desc=HIT, edge;dur=5" },
    { state: "hit", layer: "unknown" },
  ],
  ["Hit", "qiniu", { ...qiniu, "x-qnm-cache": "Hit" }, { state: "hit", layer: "unknown" }],
  ["Miss", "qiniu", { ...qiniu, "x-qnm-cache": "Miss" }, { state: "miss" }],
  [
    "an Alibaba edge that hit, beside Qiniu's old Miss",
    "qiniu",
    { ...qiniu, ...alibaba, "x-swift-savetime": "x", "x-cache": "HIT TCP_MEM_HIT dirn:1:2", "x-qnm-cache": "Miss" },
    { state: "hit", layer: "edge" },
  ],
  [
    "an Alibaba edge that missed, with Qiniu behind it warm",
    "qiniu",
    { ...qiniu, ...alibaba, "x-cache": "MISS TCP_MISS dirn:-2:-2", "x-qnm-cache": "Hit" },
    { state: "hit", layer: "parent" },
  ],
  ["HIT", "baidu", { server: "JSP3/2.0.14", "x-cache-status": "HIT", age: "8" }, { state: "hit", layer: "edge", ageS: 8 }],
  [
    "Ohc-Cache-HIT is only a trace",
    "baidu",
    { server: "JSP3/2.0.14", "x-cache-status": "MISS", "ohc-cache-hit": "bj2ct [2], czix4 [3]" },
    { state: "miss" },
  ],
  ["Ohc-Cache-HIT alone says nothing", "baidu", { server: "JSP3/2.0.14", "ohc-cache-hit": "bj2ct [2]" }, { state: "unknown" }],
  ["Age alone", "baidu", { server: "JSP3/2.0.14", age: "8" }, { state: "hit", layer: "unknown" }],
  [
    "every tier hit",
    "ksyun",
    { ...ksyun, "x-cache-status": ["HIT from KS-CLOUD-A", "HIT from KS-CLOUD-B"] },
    { state: "hit", layer: "edge" },
  ],
  ["every tier missed", "ksyun", { ...ksyun, "x-cache-status": ["MISS from KS-CLOUD-HIT-1", "MISS from KS-CLOUD-B"] }, { state: "miss" }],
  [
    "tiers that disagree",
    "ksyun",
    { ...ksyun, "x-cache-status": ["MISS from KS-CLOUD-A", "MISS from KS-CLOUD-B", "HIT from KS-CLOUD-C", "HIT from KS-CLOUD-D"] },
    { state: "hit", layer: "unknown" },
  ],
  ["HIT", "state-cloud", { "ctl-cache-status": "HIT from sh-ct1-ca01" }, { state: "hit", layer: "edge" }],
  ["MISS", "state-cloud", { "ctl-cache-status": "MISS from sh-ct1-ca01" }, { state: "miss" }],
  ["EXPIRED", "state-cloud", { "ctl-cache-status": "EXPIRED from sh-ct1-ca01" }, { state: "expired" }],
  ["UPDATING", "state-cloud", { "ctl-cache-status": "UPDATING from sh-ct1-ca01" }, { state: "stale" }],
  ["nodes that disagree", "state-cloud", { "ctl-cache-status": "MISS from a, HIT from b" }, { state: "hit", layer: "unknown" }],
  ["cdn-cache HIT", "wangsu", { ...wangsu, "cdn-cache": "HIT" }, { state: "hit", layer: "edge" }],
  ["x-cache MISS", "wangsu", { ...wangsu, "x-cache": "MISS" }, { state: "miss" }],
  ["x-cache of several", "wangsu", { ...wangsu, "x-cache": "HIT, MISS" }, { state: "hit", layer: "unknown" }],
];

describe("reads the other caches of China", () => {
  expectReadings(readings);

  it("leaves a trace that means nothing out of the evidence", () => {
    const headers = lines({ server: "JSP3/2.0.14", "x-cache-status": "MISS", "ohc-cache-hit": "bj2ct [2]" });
    expect(readCache({ status: 200, headers }).evidence).toEqual([{ header: "x-cache-status", value: "MISS" }]);
  });
});
