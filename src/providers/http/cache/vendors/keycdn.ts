/** KeyCDN. Source: public captures. */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const keycdn: Vendor<"keycdn"> = {
  id: "keycdn",
  name: "KeyCDN",
  marks: [{ header: "server", value: /^keycdn/i }],
  cnames: ["kxcdn.com"],
  read: statusHeader("x-cache"),
  pop: { header: "x-edge-location", value: /^([a-z]{4})/ },
};
