/** Tencent Cloud CDN. */

import { linesOf } from "../headers.ts";
import type { Reader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { type Verdict, verdictOf } from "../verdict.ts";

const lookupTexts: readonly (readonly [text: RegExp, verdict: Verdict])[] = [
  [/^hit from (?:memcache|disktank)|^cache hit/i, verdictOf("hit", "edge")],
  // A sibling in the edge's own cluster is as near to the client as the edge.
  [/^hit from inner cluster/i, verdictOf("hit", "edge")],
  [/^hit from upstream/i, verdictOf("hit", "parent")],
  [/^cache miss|^miss/i, verdictOf("miss")],
];

function lookupOf(line: string): Verdict | undefined {
  return lookupTexts.find(([text]) => text.test(line))?.[1];
}

/**
 * `X-Cache-Lookup` has one line per tier in an undocumented order, so an edge hit beside another tier's word leaves the layer
 * unknown. `Hit From Inner Cluster` beside `Cache Miss` is only a hop: a capture of 2023-07 shows both on the first request
 * for an object. Huawei uses the same texts. Source: Tencent CDN documentation (copies).
 */
export const readLookup: Reader = (headers) => {
  const from = ["x-cache-lookup"];
  const texts = linesOf(headers, "x-cache-lookup").flatMap((line) => line.split(",").map((part) => part.trim()));
  const missed = texts.some((text) => lookupOf(text)?.state === "miss");
  const counted = missed ? texts.filter((text) => !/inner cluster/i.test(text)) : texts;
  const layers = counted.map((text) => lookupOf(text)?.layer);
  const parentHit = layers.includes("parent");
  if (layers.includes("edge")) return { verdict: verdictOf("hit", missed || parentHit ? "unknown" : "edge"), from };
  if (parentHit) return { verdict: verdictOf("hit", "parent"), from };
  return missed ? { verdict: verdictOf("miss"), from } : undefined;
};

export const tencent: Vendor<"tencent"> = {
  id: "tencent",
  name: "Tencent Cloud CDN",
  marks: [{ header: "x-nws-log-uuid" }, { header: "server", value: /^NWS/i }, { header: "x-daa-tunnel" }],
  cnames: ["dnsv1.com", "dnsv1.com.cn", "tdnsv*.com", "cdntip.com", "ovscdns.com"],
  provider: "tencent-cdn",
  read: readLookup,
  xCache: true,
};
