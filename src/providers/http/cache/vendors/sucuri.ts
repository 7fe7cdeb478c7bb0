/** Sucuri. Source: public captures. */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const sucuri: Vendor<"sucuri"> = {
  id: "sucuri",
  name: "Sucuri",
  marks: [{ header: "server", value: /^Sucuri/i }, { header: "x-sucuri-id" }, { header: "x-sucuri-cache" }],
  cnames: ["sucuridns.com"],
  overwritesServer: true,
  read: statusHeader("x-sucuri-cache"),
};
