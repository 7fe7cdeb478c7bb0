/** Medianova. Source: public captures. */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const medianova: Vendor<"medianova"> = {
  id: "medianova",
  name: "Medianova",
  marks: [{ header: "x-mnrequest-id" }, { header: "x-cache-status", value: /^Edge\s*:/i }],
  cnames: ["mncdn.com", "mncdn.net", "mncdn.org"],
  read: statusHeader("x-cache-status"),
};
