/** Qiniu, which also sells other vendors' networks. Source: public captures. */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const qiniu: Vendor<"qiniu"> = {
  id: "qiniu",
  name: "Qiniu",
  marks: [{ header: "x-qnm-cache" }, { header: "x-qiniu-zone" }, { header: "x-m-reqid" }],
  cnames: ["qiniudns.com", "qiniucdn.com", "clouddn.com"],
  resells: ["alibaba", "tencent", "edgeone", "volcengine", "upyun", "baishan", "huawei", "wangsu", "ksyun", "baidu", "state-cloud"],
  read: statusHeader("x-qnm-cache", "unknown"),
  xCache: true,
};
