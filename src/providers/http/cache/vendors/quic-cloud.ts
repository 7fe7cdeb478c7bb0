/** QUIC.cloud. Source: LiteSpeed documentation, "Verify Your Site is Being Cached". */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const quicCloud: Vendor<"quic-cloud"> = {
  id: "quic-cloud",
  name: "QUIC.cloud",
  marks: [{ header: "x-qc-pop" }, { header: "x-qc-cache" }],
  cnames: ["quic.cloud"],
  read: statusHeader("x-qc-cache"),
  pop: { header: "x-qc-pop", value: /^([\w-]+)/ },
};
