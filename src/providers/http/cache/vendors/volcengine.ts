/** Volcengine CDN and BytePlus. Source: public captures. */

import { firstReader, ownWordsHeader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { verdictOf } from "../verdict.ts";

/** `X-Response-Cache` names the tier; `X-Bdcdn-Cache-Status` lists one word per tier in an unknown order. */
const read = firstReader(
  ownWordsHeader("x-response-cache", {
    edge_hit: verdictOf("hit", "edge"),
    parent_hit: verdictOf("hit", "parent"),
    hit: verdictOf("hit"),
    miss: verdictOf("miss"),
  }),
  statusHeader("x-bdcdn-cache-status"),
);

export const volcengine: Vendor<"volcengine"> = {
  id: "volcengine",
  name: "Volcengine CDN (BytePlus)",
  // Applications send `X-Response-Cache: HIT`, too; Volcengine's words are in lower case.
  marks: [
    { prefix: "x-bdcdn-" },
    { header: "x-response-cache", value: /^(?:(?:edge_|parent_)?hit|miss)$/ },
    { header: "server", value: /^(?:Byte-nginx|TLB)/i },
  ],
  cnames: ["volcgslb.com", "volccdn.com", "bytegslb.com", "bytecdn.cn"],
  provider: "volcengine-cdn",
  read,
  xCache: true,
};
