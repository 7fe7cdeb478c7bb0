/** Wangsu and CDNetworks. Sources: the agent of WebPageTest; third-party descriptions. */

import { firstReader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const wangsu: Vendor<"wangsu"> = {
  id: "wangsu",
  name: "Wangsu (CDNetworks)",
  marks: [
    { header: "x-ws-request-id" },
    { header: "x-via", value: /Cdn Cache Server/i },
    { header: "x-px" },
    { header: "x-via", weak: true },
  ],
  cnames: [
    "wscdns.com",
    "lxdns.com",
    "wsdvs.com",
    "wswebcdn.com",
    "wsglb0.com",
    "wscloudcdn.com",
    "ourwebpic.com",
    "chinanetcenter.com",
    "cdngc.net",
    "gccdn.net",
    "cdnetworks.net",
    "panthercdn.com",
  ],
  read: firstReader(statusHeader("cdn-cache"), statusHeader("x-cache")),
  xCache: true,
};
