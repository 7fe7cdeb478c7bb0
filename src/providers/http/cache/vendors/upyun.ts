/** UpYun, which also sends its customers' viewers to other vendors' networks. Source: public captures. */

import { type HeaderLines, itemsOf } from "../headers.ts";
import { firstReader, type Reader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { verdictOf } from "../verdict.ts";

/**
 * `Via` runs from the origin to the edge. Each cache adds its result, e.g. `T.40.M, V.mix-sd-dst-044, T.136.H, M.cun-sd-lyi1-136`
 * is an edge hit: `H` for a hit, `M` for a miss, `-` for an object that it does not store.
 */
const readVia: Reader = (headers: HeaderLines) => {
  const results = itemsOf(headers, "via").flatMap((entry) => /^T\.\d{1,6}\.([HM-])$/.exec(entry)?.[1] ?? []);
  const edge = results.at(-1);
  const from = ["via"];
  if (edge === undefined) return undefined;
  if (edge === "H") return { verdict: verdictOf("hit", "edge"), from };
  if (results.includes("H")) return { verdict: verdictOf("hit", "parent"), from };
  return { verdict: verdictOf(edge === "M" ? "miss" : "bypass"), from };
};

export const upyun: Vendor<"upyun"> = {
  id: "upyun",
  name: "UpYun",
  marks: [
    { header: "server", value: /^marco\//i },
    { prefix: "x-upyun-" },
    { header: "cdn", value: /^UPYUN$/i },
    { header: "via", value: /^[ST]\.(?:mix-|\d{1,6}\.[HM-]$)/ },
  ],
  cnames: ["aicdn.com", "upaiyun.com", "upcdn.net"],
  resells: ["alibaba", "tencent", "volcengine", "baishan", "huawei", "wangsu", "ksyun", "baidu"],
  read: firstReader(readVia, statusHeader("x-cache", "unknown")),
};
