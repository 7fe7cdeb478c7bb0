/** Vendors of China, whose caches stand in several tiers and say so each in its own way. */

import { firstOf, type HeaderLines, itemsOf, linesOf, secondsOf } from "./headers.ts";
import { firstReader, ownWords, type Reader, verdictOfText, word } from "./readers.ts";
import { type Finding, isFetched, isServed, type Verdict } from "./verdict.ts";

const edgeHit: Verdict = { state: "hit", layer: "edge" };
const parentHit: Verdict = { state: "hit", layer: "parent" };
const someHit: Verdict = { state: "hit", layer: "unknown" };
const miss: Verdict = { state: "miss" };

/** Alibaba's tiers by the letter that ends an entry of `Via`, such as `cache9.l2cn1801[0,0,200-0,H]`. */
function alibabaVia(headers: HeaderLines): { parentHit: boolean; edgeHit: boolean } {
  const entries = itemsOf(headers, "via").filter((entry) => /,\s*H\s*\]$/.test(entry));
  const isParent = (entry: string) => /\.l2[\w-]{0,20}\[/i.test(entry);
  return { parentHit: entries.some(isParent), edgeHit: entries.some((entry) => /\.[a-z][\w-]{1,20}\[/i.test(entry) && !isParent(entry)) };
}

/**
 * Alibaba CDN, DCDN and VOD. Its prefetch fills the second level, so a `MISS` is worth a look at `Via`.
 * Sources: captures; Alibaba "PreloadDcdnObjectCaches", "PreloadVodObjectCaches".
 */
export const readAlibaba: Reader = (headers) => {
  const found = word("x-cache")(headers);
  const via = alibabaVia(headers);
  if (!found) {
    if (via.edgeHit) return { verdict: edgeHit, from: ["via"] };
    return via.parentHit ? { verdict: parentHit, from: ["via"] } : undefined;
  }
  const lifetime = secondsOf(firstOf(headers, "x-swift-cachetime"));
  // Granted no lifetime, it has not been stored, neither here nor behind.
  const stored = lifetime === 0 ? { stored: false } : {};
  if (!isFetched(found.verdict)) return { ...found, ttlS: leftOf(headers, lifetime) };
  if (via.parentHit) return { verdict: parentHit, from: ["x-cache", "via"] };
  return { verdict: { ...found.verdict, ...stored }, from: lifetime === 0 ? ["x-cache", "x-swift-cachetime"] : ["x-cache"] };
};

/** What is left of a lifetime that counts from the moment of storing. */
function leftOf(headers: HeaderLines, lifetime: number | undefined): number | undefined {
  const age = secondsOf(firstOf(headers, "age"));
  return lifetime === undefined || age === undefined ? undefined : Math.max(0, lifetime - age);
}

/** The texts that Huawei and Tencent share. A sibling in the edge's cluster is as near as the edge; upstream is a parent. */
function lookupOf(line: string): Verdict | undefined {
  if (/^hit from (?:memcache|disktank)|^cache hit/i.test(line)) return edgeHit;
  if (/^hit from inner cluster/i.test(line)) return edgeHit;
  if (/^hit from upstream/i.test(line)) return parentHit;
  return /^cache miss|^miss/i.test(line) ? miss : undefined;
}

/**
 * Tencent. Several lines, in an order that is not documented: a local hit beside another tier's word leaves the layer open.
 * `Hit From Inner Cluster` beside `Cache Miss` was seen on the first request ever for an object: there it is only a hop.
 * Sources: Tencent CDN documentation (copies); a public capture of 2023-07.
 */
export const readTencent: Reader = (headers) => {
  const from = ["x-cache-lookup"];
  const lines = linesOf(headers, "x-cache-lookup").flatMap((line) => line.split(",").map((part) => part.trim()));
  const missed = lines.some((line) => lookupOf(line) === miss);
  const counted = missed ? lines.filter((line) => !/inner cluster/i.test(line)) : lines;
  const verdicts = counted.flatMap((line) => lookupOf(line) ?? []);
  const near = verdicts.includes(edgeHit);
  const far = verdicts.includes(parentHit);
  if (near) return { verdict: missed || far ? someHit : edgeHit, from };
  if (far) return { verdict: parentHit, from };
  return missed ? { verdict: miss, from } : undefined;
};

/**
 * Huawei's `Via` runs from the edge inwards, each server that looked with its code, such as `…-AREACT1-CACHE3[0,TCP_HIT,6]`;
 * what follows the first hit is what was stored with the object. Source: public captures of 2020 to 2026.
 */
function huaweiVia(headers: HeaderLines): Verdict | undefined {
  const servers = itemsOf(headers, "via").flatMap((entry) => {
    const [, place, said = ""] = /^([\w-]{1,60})-CACHE\d+\[([^\]]{0,60})\]$/i.exec(entry) ?? [];
    return place === undefined ? [] : [{ place, said }];
  });
  const verdicts = servers.flatMap(({ place, said }) => {
    const code = /\bTCP_[A-Z_]+/i.exec(said)?.[0] ?? "";
    return verdictOfText(code, place === servers[0]?.place ? "edge" : "parent") ?? [];
  });
  return verdicts.find(isServed) ?? verdicts[0];
}

/**
 * Huawei Cloud: `x-hcs-proxy-type` decides, then `x-cache-lookup`, then `Age`, which the caller reads anyway. The lookup
 * and `Via` tell which layer it was; without them, that stays open.
 * Source: Huawei CDN FAQ "How Do I Check Whether a Cache Is Hit?".
 */
export const readHuawei: Reader = (headers) => {
  const found = huaweiFinding(headers);
  if (!found) return undefined;
  const lifetime = secondsOf(firstOf(headers, "x-ccdn-cachettl"));
  if (isServed(found.verdict)) return { ...found, ttlS: leftOf(headers, lifetime) };
  if (lifetime !== 0 || !isFetched(found.verdict)) return found;
  return { verdict: { ...found.verdict, stored: false }, from: [...found.from, "x-ccdn-cachettl"] };
};

function huaweiFinding(headers: HeaderLines): Finding | undefined {
  const type = firstOf(headers, "x-hcs-proxy-type");
  const lookup = readTencent(headers)?.verdict;
  const via = huaweiVia(headers);
  const [served] = [via, lookup].filter((one) => one !== undefined && isServed(one));
  const from = ["x-hcs-proxy-type", "x-cache-lookup", "via"];
  // Not found at the edge; a parent may have had it all the same.
  if (type === "0") return { verdict: served?.layer === "parent" ? served : miss, from };
  if (type === "1") return { verdict: served ?? someHit, from };
  // The FAQ knows three hits; whatever else the header says is none.
  if (firstOf(headers, "x-cache-lookup") !== undefined) return { verdict: lookup ?? miss, from };
  if (via) return { verdict: via, from };
  if (firstOf(headers, "nginx-hit") === "1") return { verdict: someHit, from: ["nginx-hit"] };
  return word("x-h-cache-status", "unknown")(headers);
}

/** Volcengine and BytePlus: `x-response-cache` names the tier, `x-bdcdn-cache-status` only lists them. Source: captures. */
export const readVolcengine: Reader = firstReader(
  ownWords("x-response-cache", { edge_hit: edgeHit, parent_hit: parentHit, hit: someHit, miss }),
  word("x-bdcdn-cache-status"),
);

/** Qiniu sells others' networks as well: with an Alibaba block, the edge is Alibaba's, and Qiniu's word is a parent's. */
export const readQiniu: Reader = (headers) => {
  const own = word("x-qnm-cache", "unknown")(headers);
  const isAlibaba = headers.has("x-swift-savetime") || headers.has("x-swift-cachetime") || headers.has("eagleid");
  const edge = isAlibaba ? readAlibaba(headers) : undefined;
  if (!edge) return own;
  if (isFetched(edge.verdict) && own && isServed(own.verdict)) return { verdict: parentHit, from: [...edge.from, ...own.from] };
  return { ...edge, from: [...edge.from, ...(own?.from ?? [])] };
};

/** KSYUN writes a line for each tier, and State Cloud an entry; neither says which end the edge is at. Source: captures. */
export const readKsyun: Reader = word("x-cache-status");
export const readStateCloud: Reader = word("ctl-cache-status");

/** Wangsu and CDNetworks. Sources: WebPageTest agent; secondary ones. */
export const readWangsu: Reader = firstReader(word("cdn-cache"), word("x-cache"));
