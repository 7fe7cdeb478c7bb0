/** CDN77. Source: CDN77 documentation, "Headers added by CDN77". */

import { firstReader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const cdn77: Vendor<"cdn77"> = {
  id: "cdn77",
  name: "CDN77",
  marks: [{ header: "server", value: /^CDN77/i }, { prefix: "x-77-" }],
  cnames: ["cdn77.org", "cdn77.net"],
  read: firstReader(statusHeader("x-77-cache"), statusHeader("x-cache")),
  ageHeaders: ["x-77-age", "x-age"],
  pop: { header: "x-77-pop", value: /^([\w-]+)/ },
};
