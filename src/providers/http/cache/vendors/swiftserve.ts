/** SwiftServe (Conversant). Source: public captures. */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const swiftserve: Vendor<"swiftserve"> = {
  id: "swiftserve",
  name: "SwiftServe (Conversant)",
  marks: [{ header: "x-cache", value: /\.swiftserve\.com/i }],
  cnames: ["swiftserve.com"],
  read: statusHeader("x-cache"),
};
