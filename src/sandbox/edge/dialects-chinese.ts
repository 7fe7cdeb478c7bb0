/** Dialects of Chinese vendors' edges. The readers in providers/http/cache name the sources. */

import { randomBytes } from "node:crypto";
import { type AnswerFacts, ageHeader, type CacheOutcome, type Dialect, type Words } from "./facts.ts";

const alibabaWords: Words = {
  hit: "HIT TCP_MEM_HIT",
  "parent-hit": "MISS TCP_MISS",
  revalidated: "HIT TCP_REFRESH_HIT",
  expired: "MISS TCP_REFRESH_MISS",
  miss: "MISS TCP_MISS",
  bypass: "MISS TCP_MISS",
  uncacheable: "MISS TCP_MISS",
};

/** `Via` lists the second tier, then the edge: `H` for a hit, `M` for a miss. `X-Swift-CacheTime` is 0 for an uncacheable object. */
export const alibaba: Dialect = {
  hasParent: true,
  headers: (facts) => {
    const { outcome, lifetimeS } = facts;
    const isHit = alibabaWords[outcome].startsWith("HIT");
    const [parent, edge] = [isHit || outcome === "parent-hit" ? "H" : "M", isHit ? "H" : "M"];
    const storedAt = storedAtOf(facts);
    return {
      server: "Tengine",
      via: `cache1.l2sandbox[0,0,${facts.status}-0,${parent}], cache2.l2sandbox[0,0], cache3.sandbox1[0,0,${facts.status}-0,${edge}], cache4.sandbox1[0,0]`,
      "x-cache": `${alibabaWords[outcome]} dirn:${isHit ? "1:1" : "-2:-2"}`,
      "x-swift-savetime": new Date(storedAt).toUTCString(),
      "x-swift-cachetime": String(lifetimeS),
      "ali-swift-global-savetime": String(Math.floor(storedAt / 1_000)),
      eagleid: randomBytes(12).toString("hex"),
      ...ageHeader(facts),
    };
  },
};

/** Result codes in `Via`. */
const huaweiCodes: Readonly<Record<CacheOutcome, readonly [edge: string, parent: string]>> = {
  hit: ["TCP_HIT", "TCP_MISS"],
  "parent-hit": ["TCP_MISS", "TCP_HIT"],
  revalidated: ["TCP_REFRESH_HIT", "TCP_MISS"],
  expired: ["TCP_REFRESH_MISS", "TCP_MISS"],
  miss: ["TCP_MISS", "TCP_MISS"],
  bypass: ["TCP_MISS", "TCP_MISS"],
  uncacheable: ["TCP_MISS", "TCP_MISS"],
};

/** `Via` lists the edge, then the parent. */
export const huawei: Dialect = {
  hasParent: true,
  headers: (facts) => {
    const { outcome, lifetimeS } = facts;
    const [edge, parent] = huaweiCodes[outcome];
    return {
      via: `CHN-SBX-SANDBOX1-CACHE1[1],CHN-SBX-SANDBOX1-CACHE2[0,${edge},1],CHN-SBX-PARENT1-CACHE1[1],CHN-SBX-PARENT1-CACHE2[0,${parent},1]`,
      "x-hcs-proxy-type": outcome === "hit" || outcome === "revalidated" ? "1" : "0",
      "x-ccdn-cachettl": String(lifetimeS),
      "x-ccdn-req-id-sandbox": randomBytes(16).toString("hex"),
      ...ageHeader(facts),
    };
  },
};

/** One line of `X-Cache-Lookup` for each tier. An uncacheable object is a miss. */
const tencentLines: Readonly<Record<CacheOutcome, readonly string[]>> = {
  hit: ["Cache Hit"],
  "parent-hit": ["Cache Miss", "Hit From Upstream"],
  revalidated: ["Hit From Disktank3"],
  expired: ["Cache Miss", "Hit From Inner Cluster"],
  miss: ["Cache Miss", "Hit From Inner Cluster"],
  bypass: ["Cache Miss", "Hit From Inner Cluster"],
  uncacheable: ["Cache Miss", "Hit From Inner Cluster"],
};

export const tencent: Dialect = {
  hasParent: true,
  headers: (facts) => ({
    server: "NWS_SANDBOX",
    "x-nws-log-uuid": `sandbox-${randomBytes(8).toString("hex")}`,
    "x-cache-lookup": [...tencentLines[facts.outcome]],
    ...ageHeader(facts),
  }),
};

const volcengineWords: Words = {
  hit: "edge_hit",
  "parent-hit": "parent_hit",
  revalidated: "edge_hit",
  expired: "miss",
  miss: "miss",
  bypass: "miss",
  uncacheable: "miss",
};

/** `X-Bdcdn-Cache-Status` has one word for each tier: the edge, then the parent. */
export const volcengine: Dialect = {
  hasParent: true,
  headers: (facts) => {
    const word = volcengineWords[facts.outcome];
    const [edge, parent] = [word === "edge_hit" ? "TCP_HIT" : "TCP_MISS", word === "parent_hit" ? "TCP_HIT" : "TCP_MISS"];
    return {
      server: "Byte-nginx",
      "x-bdcdn-cache-status": `${edge},${parent}`,
      "x-response-cache": word,
      "x-request-id": randomBytes(16).toString("hex"),
      ...ageHeader(facts),
    };
  },
};

function storedAtOf({ now, ageS }: AnswerFacts): number {
  return now - ageS * 1_000;
}
