/** Alibaba Cloud CDN, DCDN and VOD. */

import { remainingLifetimeS } from "../freshness.ts";
import { firstOf, type HeaderLines, itemsOf, secondsOf } from "../headers.ts";
import { type Reader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { isFetched, verdictOf } from "../verdict.ts";

/** The letter at the end of a `Via` entry is the result, e.g. `cache9.l2cn1801[0,0,200-0,H]`: a hit at the second level. */
function viaHits(headers: HeaderLines): { parentHit: boolean; edgeHit: boolean } {
  const hits = itemsOf(headers, "via").filter((entry) => /,\s*H\s*\]$/.test(entry));
  const isParent = (entry: string) => /\.l2[\w-]{0,20}\[/i.test(entry);
  return { parentHit: hits.some(isParent), edgeHit: hits.some((entry) => /\.[a-z][\w-]{1,20}\[/i.test(entry) && !isParent(entry)) };
}

/**
 * Alibaba's prefetch fills the second level, so a `MISS` of the edge may still be a parent's hit in `Via`.
 * Sources: public captures; Alibaba API reference, "PreloadDcdnObjectCaches" and "PreloadVodObjectCaches".
 */
const readAlibaba: Reader = (headers) => {
  const found = statusHeader("x-cache")(headers);
  const { edgeHit, parentHit } = viaHits(headers);
  if (!found) {
    if (edgeHit) return { verdict: verdictOf("hit", "edge"), from: ["via"] };
    return parentHit ? { verdict: verdictOf("hit", "parent"), from: ["via"] } : undefined;
  }
  const lifetimeS = secondsOf(firstOf(headers, "x-swift-cachetime"));
  if (!isFetched(found.verdict)) return { ...found, ttlS: remainingLifetimeS(headers, lifetimeS) };
  if (parentHit) return { verdict: verdictOf("hit", "parent"), from: ["x-cache", "via"] };
  // The lifetime 0 means that no tier stores the object.
  if (lifetimeS === 0) return { verdict: { ...found.verdict, stored: false }, from: ["x-cache", "x-swift-cachetime"] };
  return found;
};

export const alibaba: Vendor<"alibaba"> = {
  id: "alibaba",
  name: "Alibaba Cloud CDN",
  marks: [
    { header: "eagleid" },
    { prefix: "x-swift-" },
    { header: "ali-swift-global-savetime" },
    { header: "via", value: /\.[a-z][\w-]{1,20}\[\d+,\d/i },
  ],
  cnames: [
    "alikunlun.com",
    "alikunlun.net",
    "kunlunaq.com",
    "kunlunar.com",
    "kunlunca.com",
    "kunlunea.com",
    "kunlungr.com",
    "kunlunhuf.com",
    "kunlunle.com",
    "kunlunli.com",
    "kunlunpi.com",
    "kunlunsl.com",
    "cdngslb.com",
    "tbcache.com",
  ],
  provider: "alibaba-cdn",
  read: readAlibaba,
  storedAtHeader: "x-swift-savetime",
  pop: { header: "via", value: /\.((?!l2)[a-z][\w-]{1,20})\[/ },
};
