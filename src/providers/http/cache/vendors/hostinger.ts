/** Hostinger's CDN (hcdn). Source: public captures. */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const hostinger: Vendor<"hostinger"> = {
  id: "hostinger",
  name: "Hostinger CDN",
  marks: [{ header: "server", value: /^hcdn/i }, { prefix: "x-hcdn-" }],
  cnames: ["cdn.hstgr.net"],
  overwritesServer: true,
  read: statusHeader("x-hcdn-cache-status"),
  pop: { header: "x-hcdn-request-id", value: /-([a-z]{3})-edge\d+$/ },
};
