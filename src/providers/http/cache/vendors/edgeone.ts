/** Tencent EdgeOne. Source: EdgeOne documentation, "Default HTTP response headers". */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const edgeone: Vendor<"edgeone"> = {
  id: "edgeone",
  name: "Tencent EdgeOne",
  marks: [{ header: "eo-log-uuid" }, { header: "eo-cache-status" }, { header: "server", value: /^TencentEdgeOne/i }],
  cnames: ["eo.dnse*.com"],
  provider: "tencent-edgeone",
  read: statusHeader("eo-cache-status"),
};
