/** Huawei Cloud CDN. */

import { remainingLifetimeS } from "../freshness.ts";
import { firstOf, type HeaderLines, itemsOf, secondsOf } from "../headers.ts";
import { type Reader, statusHeader, verdictOfText } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { type Finding, isFetched, isServed, type Verdict, verdictOf } from "../verdict.ts";
import { readLookup } from "./tencent.ts";

/** Adds the lifetime to a hit. A miss with the lifetime 0 was not stored. */
const read: Reader = (headers) => {
  const found = stateIn(headers);
  if (!found) return undefined;
  const lifetimeS = secondsOf(firstOf(headers, "x-ccdn-cachettl"));
  if (isServed(found.verdict)) return { ...found, ttlS: remainingLifetimeS(headers, lifetimeS) };
  if (lifetimeS !== 0 || !isFetched(found.verdict)) return found;
  return { verdict: { ...found.verdict, stored: false }, from: [...found.from, "x-ccdn-cachettl"] };
};

/**
 * `x-hcs-proxy-type` decides, then `x-cache-lookup`, then `Age`, which cache-status.ts reads for every vendor. Of these, only
 * the lookup and `Via` name the layer.
 * https://support.huaweicloud.com/intl/en-us/cdn_faq/cdn_faq_0245.html
 */
function stateIn(headers: HeaderLines): Finding | undefined {
  const type = firstOf(headers, "x-hcs-proxy-type");
  const lookup = readLookup(headers)?.verdict;
  const via = viaVerdict(headers);
  const served = [via, lookup].find((verdict) => verdict !== undefined && isServed(verdict));
  const from = ["x-hcs-proxy-type", "x-cache-lookup", "via"];
  // 0 means that the edge missed; a parent may still have had the object.
  if (type === "0") return { verdict: served?.layer === "parent" ? served : verdictOf("miss"), from };
  if (type === "1") return { verdict: served ?? verdictOf("hit"), from };
  // The FAQ lists three texts for a hit; every other text is a miss.
  if (firstOf(headers, "x-cache-lookup") !== undefined) return { verdict: lookup ?? verdictOf("miss"), from };
  if (via) return { verdict: via, from };
  if (firstOf(headers, "nginx-hit") === "1") return { verdict: verdictOf("hit"), from: ["nginx-hit"] };
  return statusHeader("x-h-cache-status", "unknown")(headers);
}

/** Vendors that buy from Huawei send its `Via`, too, so it names no vendor. */
export const readHuaweiVia: Reader = (headers) => {
  const verdict = viaVerdict(headers);
  return verdict && { verdict, from: ["via"] };
};

/**
 * `Via` lists the servers from the edge inwards, each with the result of its lookup, e.g. `CHN-SH-AREACT1-CACHE22[0,TCP_HIT,3]`.
 * Entries after the first hit were stored together with the object. Source: public captures of 2020 to 2026.
 */
function viaVerdict(headers: HeaderLines): Verdict | undefined {
  const servers = itemsOf(headers, "via").flatMap((entry) => {
    const [, place, result = ""] = /^([\w-]{1,60})-CACHE\d+\[([^\]]{0,60})\]$/i.exec(entry) ?? [];
    return place === undefined ? [] : [{ place, result }];
  });
  const verdicts = servers.flatMap(({ place, result }) => {
    const code = /\bTCP_[A-Z_]+/i.exec(result)?.[0] ?? "";
    return verdictOfText(code, place === servers[0]?.place ? "edge" : "parent") ?? [];
  });
  return verdicts.find(isServed) ?? verdicts[0];
}

export const huawei: Vendor<"huawei"> = {
  id: "huawei",
  name: "Huawei Cloud CDN",
  marks: [{ prefix: "x-ccdn-" }, { header: "x-hcs-proxy-type" }, { header: "x-h-cache-status" }, { header: "via", value: /HCDN/ }],
  // `hwcdn.net` belonged to Highwinds, not to Huawei.
  cnames: ["cdnhwc*.com", "cdnhwc*.cn"],
  provider: "huawei-cdn",
  read,
  pop: { header: "via", value: /^\s*([A-Z]{3}-[A-Za-z0-9]+-[A-Z0-9]+)-CACHE/ },
};
