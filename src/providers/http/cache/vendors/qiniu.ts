/** Qiniu, which also resells other vendors' networks. Source: public captures. */

import { type Reader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { isFetched, isServed, verdictOf } from "../verdict.ts";
import { readAlibaba } from "./alibaba.ts";

const alibabaHeaders = ["x-swift-savetime", "x-swift-cachetime", "eagleid"];

/** On Alibaba's network, Alibaba's headers describe the edge, and Qiniu's own header describes a parent. */
const read: Reader = (headers) => {
  const own = statusHeader("x-qnm-cache", "unknown")(headers);
  const edge = alibabaHeaders.some((name) => headers.has(name)) ? readAlibaba(headers) : undefined;
  if (!edge) return own;
  const from = [...edge.from, ...(own?.from ?? [])];
  if (isFetched(edge.verdict) && own && isServed(own.verdict)) return { verdict: verdictOf("hit", "parent"), from };
  return { ...edge, from };
};

export const qiniu: Vendor<"qiniu"> = {
  id: "qiniu",
  name: "Qiniu",
  marks: [{ header: "x-qnm-cache" }, { header: "x-qiniu-zone" }, { header: "x-m-reqid" }],
  cnames: ["qiniudns.com", "qiniucdn.com", "clouddn.com"],
  resells: ["alibaba", "tencent", "wangsu", "ksyun", "baidu"],
  read,
  xCache: true,
};
