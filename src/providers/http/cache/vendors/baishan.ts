/** Baishan Cloud. Source: public captures. */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const baishan: Vendor<"baishan"> = {
  id: "baishan",
  name: "Baishan Cloud",
  marks: [
    { header: "x-ser", value: /\bBC\d+_/ },
    { header: "x-cache", value: /\(baishan\)$/i },
  ],
  cnames: ["bsgslb.cn", "bsclink.cn", "qingcdn.com", "trpcdn.net"],
  // `X-Ser` lists the servers with the edge last, and `X-Cache` names the last one: `HIT from BC12_…-cache-1(baishan)`.
  read: statusHeader("x-cache"),
};
