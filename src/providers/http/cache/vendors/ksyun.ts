/** Kingsoft Cloud CDN. Source: public captures. */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const ksyun: Vendor<"ksyun"> = {
  id: "ksyun",
  name: "Kingsoft Cloud CDN",
  marks: [{ header: "x-link-via" }, { header: "x-cache-status", value: /KS-CLOUD/i }],
  cnames: ["ksyuncdn.com", "ksyunv5.com", "ks-cdn.com"],
  // One line per tier in an unknown order.
  read: statusHeader("x-cache-status"),
  xCache: true,
};
