/** Azure CDN and Azure Front Door. https://learn.microsoft.com/en-us/azure/cdn/cdn-msft-http-debug-headers */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const azure: Vendor<"azure"> = {
  id: "azure",
  name: "Azure CDN and Front Door",
  marks: [{ header: "x-azure-ref" }],
  cnames: ["azureedge.net", "azurefd.net", "msecnd.net", "t-msedge.net"],
  read: statusHeader("x-cache"),
};
