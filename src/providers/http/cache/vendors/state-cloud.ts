/** State Cloud (China Telecom). Source: public captures. */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const stateCloud: Vendor<"state-cloud"> = {
  id: "state-cloud",
  name: "State Cloud (China Telecom)",
  marks: [{ header: "ctl-cache-status" }],
  cnames: ["ctadns.cn", "ctycdn.com", "ctlcdn.com"],
  // One entry per tier in an unknown order.
  read: statusHeader("ctl-cache-status"),
};
