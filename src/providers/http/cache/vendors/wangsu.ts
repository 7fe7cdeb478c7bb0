/** Wangsu and CDNetworks. Sources: the agent of WebPageTest; third-party descriptions; public captures. */

import { itemsOf } from "../headers.ts";
import { firstReader, type Reader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { type CacheState, isFetched, isServed, verdictOf } from "../verdict.ts";

const pxWords = new Map<string, CacheState>([
  ["ht", "hit"],
  ["ms", "miss"],
  ["rf-ht", "revalidated"],
  ["rf-ms", "expired"],
  ["nc", "uncacheable"],
]);

/** `X-Px` lists the servers from the edge inwards, e.g. `ms h0-s1388.p46-icn ( h0-s1398.p46-icn), ht h0-s1398.p46-icn`. */
const readPx: Reader = (headers) => {
  const [edge, ...parents] = itemsOf(headers, "x-px").flatMap((item) => pxWords.get(/^[a-z-]+/i.exec(item)?.[0].toLowerCase() ?? "") ?? []);
  if (edge === undefined) return undefined;
  const verdict = verdictOf(edge, "edge");
  const parent = parents.map((state) => verdictOf(state, "parent")).find(isServed);
  return { verdict: isFetched(verdict) && parent ? parent : verdict, from: ["x-px"] };
};

export const wangsu: Vendor<"wangsu"> = {
  id: "wangsu",
  name: "Wangsu (CDNetworks)",
  marks: [
    { header: "x-ws-request-id" },
    { header: "x-via", value: /Cdn Cache Server/i },
    { header: "server", value: /^PWS\//i },
    { header: "x-px", value: /^(?:ht|ms|rf|nc)\b/i },
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
  read: firstReader(statusHeader("cdn-cache"), readPx, statusHeader("x-cache")),
  xCache: true,
};
