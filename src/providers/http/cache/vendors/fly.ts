/** Fly.io, whose edge caches static files. Source: Fly.io documentation, "The statics sections". */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const fly: Vendor<"fly"> = {
  id: "fly",
  name: "Fly.io",
  marks: [{ header: "fly-request-id" }, { header: "fly-cache-status" }, { header: "server", value: /^Fly\//i }],
  cnames: ["fly.dev"],
  read: statusHeader("fly-cache-status"),
  pop: { header: "fly-request-id", value: /-([a-z]{3})$/ },
};
