/** Azure CDN and Azure Front Door. */

import { firstOf } from "../headers.ts";
import { type Reader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { verdictOf } from "../verdict.ts";

/**
 * `TCP_REMOTE_HIT` is a hit of the regional cache behind the edge.
 * https://learn.microsoft.com/en-us/azure/cdn/cdn-msft-http-debug-headers
 */
const read: Reader = (headers) => {
  const line = firstOf(headers, "x-cache") ?? "";
  if (/^TCP_REMOTE_HIT\b/i.test(line)) return { verdict: verdictOf("hit", "parent"), from: ["x-cache"] };
  return statusHeader("x-cache")(headers);
};

export const azure: Vendor<"azure"> = {
  id: "azure",
  name: "Azure CDN and Front Door",
  marks: [{ header: "x-azure-ref" }, { header: "x-msedge-ref", weak: true }],
  cnames: ["azureedge.net", "azurefd.net", "msecnd.net", "t-msedge.net"],
  read,
};
