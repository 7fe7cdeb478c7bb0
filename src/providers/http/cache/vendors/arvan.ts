/** ArvanCloud. Source: ArvanCloud documentation, "What do the x-cache and x-time headers mean". */

import { firstReader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const arvan: Vendor<"arvan"> = {
  id: "arvan",
  name: "ArvanCloud",
  marks: [{ header: "server", value: /^ArvanCloud/i }, { header: "ar-poweredby" }, { header: "ar-cache" }],
  cnames: ["arvancdn.ir", "arvancdn.com"],
  read: firstReader(statusHeader("ar-cache"), statusHeader("x-cache")),
};
