/** bunny.net. Source: public captures. */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const bunny: Vendor<"bunny"> = {
  id: "bunny",
  name: "bunny.net",
  marks: [{ header: "server", value: /^BunnyCDN/i }, { header: "cdn-pullzone" }],
  cnames: ["b-cdn.net", "bunnyinfra.net"],
  read: statusHeader("cdn-cache"),
  pop: { header: "server", value: /^BunnyCDN-([A-Z0-9]+)/i },
};
