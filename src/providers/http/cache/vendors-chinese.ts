/**
 * The rows of vendors of China. Sources: the vendors' own pages, named at the readers; EdgeOne "Default HTTP response headers";
 * for the rest, public captures and WebPageTest's agent.
 */

import { word } from "./readers.ts";
import {
  readAlibaba,
  readHuawei,
  readKsyun,
  readQiniu,
  readStateCloud,
  readTencent,
  readVolcengine,
  readWangsu,
} from "./readers-chinese.ts";
import { server, type Vendor, via, weakly } from "./vendor.ts";

export const chineseVendors: readonly Vendor[] = [
  {
    id: "qiniu",
    name: "Qiniu",
    marks: [{ header: "x-qnm-cache" }, { header: "x-qiniu-zone" }, { header: "x-m-reqid" }],
    read: readQiniu,
    xCache: true,
    resells: ["alibaba", "tencent", "wangsu", "ksyun", "baidu"],
  },
  {
    id: "edgeone",
    name: "Tencent EdgeOne",
    marks: [{ header: "eo-log-uuid" }, { header: "eo-cache-status" }, server(/^TencentEdgeOne/i)],
    read: word("eo-cache-status"),
  },
  {
    id: "alibaba-esa",
    name: "Alibaba Cloud ESA",
    marks: [{ header: "x-site-cache-status" }, server(/^ESA$/i)],
    read: word("x-site-cache-status"),
    xCache: true,
  },
  {
    id: "huawei",
    name: "Huawei Cloud CDN",
    marks: [
      { prefix: "x-ccdn-" },
      { header: "x-hcs-proxy-type" },
      { header: "x-h-cache-status" },
      via(/HCDN/),
      // Seen with one other vendor as well, which buys from this one.
      weakly(via(/\bCHN-[\w-]+-CACHE\d+\[/)),
      { header: "nginx-hit", weak: true },
    ],
    read: readHuawei,
    pop: { header: "via", value: /^\s*([A-Z]{3}-[A-Za-z0-9]+-[A-Z0-9]+)-CACHE/ },
  },
  {
    id: "volcengine",
    name: "Volcengine CDN (BytePlus)",
    marks: [{ prefix: "x-bdcdn-" }, { header: "x-response-cache" }, { prefix: "x-tt-trace-", weak: true }],
    read: readVolcengine,
    xCache: true,
  },
  {
    id: "baidu",
    name: "Baidu CDN",
    marks: [server(/^JSP3\//i), { prefix: "ohc-" }, server(/yunjiasu/i)],
    // `ohc-cache-hit` is a trace of the way that is there on a miss as well: it is left unread.
    read: word("x-cache-status"),
    xCache: true,
  },
  {
    id: "tencent",
    name: "Tencent Cloud CDN",
    marks: [{ header: "x-nws-log-uuid" }, server(/^NWS/i), { header: "x-daa-tunnel" }],
    read: readTencent,
    xCache: true,
  },
  {
    id: "alibaba",
    name: "Alibaba Cloud CDN",
    marks: [{ header: "eagleid" }, { prefix: "x-swift-" }, { header: "ali-swift-global-savetime" }, via(/\.[a-z][\w-]{1,20}\[\d+,\d/i)],
    read: readAlibaba,
    storedAt: "x-swift-savetime",
    pop: { header: "via", value: /\.((?!l2)[a-z][\w-]{1,20})\[/ },
  },
  {
    id: "ksyun",
    name: "Kingsoft Cloud CDN",
    marks: [{ header: "x-link-via" }, { header: "x-cache-status", value: /KS-CLOUD/i }],
    read: readKsyun,
    xCache: true,
  },
  {
    id: "state-cloud",
    name: "State Cloud (China Telecom)",
    marks: [{ header: "ctl-cache-status" }],
    read: readStateCloud,
  },
  {
    id: "wangsu",
    name: "Wangsu (CDNetworks)",
    marks: [
      { header: "x-ws-request-id" },
      { header: "x-via", value: /Cdn Cache Server/i },
      { header: "x-px" },
      { header: "x-via", weak: true },
    ],
    read: readWangsu,
    xCache: true,
  },
];
