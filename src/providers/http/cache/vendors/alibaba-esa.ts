/** Alibaba Cloud ESA. Source: public captures. */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const alibabaEsa: Vendor<"alibaba-esa"> = {
  id: "alibaba-esa",
  name: "Alibaba Cloud ESA",
  marks: [{ header: "x-site-cache-status" }, { header: "server", value: /^ESA$/i }],
  // Its nodes write themselves into `Via` as those of Alibaba's CDN do, e.g. `ens-cache8.sg25[0,0]`.
  covers: ["alibaba"],
  read: statusHeader("x-site-cache-status"),
  xCache: true,
};
