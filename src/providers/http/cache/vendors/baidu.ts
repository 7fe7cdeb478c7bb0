/** Baidu CDN. Source: public captures. */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const baidu: Vendor<"baidu"> = {
  id: "baidu",
  name: "Baidu CDN",
  marks: [{ header: "server", value: /^JSP3\//i }, { prefix: "ohc-" }, { header: "server", value: /yunjiasu/i }],
  cnames: ["bdydns.com", "bdydns.cn", "jomodns.com", "yunjiasu-cdn.net"],
  // `Ohc-Cache-HIT` is not read: it traces the path of the request, and a miss has it too.
  read: statusHeader("x-cache-status"),
  xCache: true,
};
