/** Gcore. Source: Gcore documentation. */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const gcore: Vendor<"gcore"> = {
  id: "gcore",
  name: "Gcore",
  marks: [{ header: "x-cached-since" }, { header: "x-id", value: /-edge-|gc\d+$/i }],
  cnames: ["gcdn.co"],
  read: statusHeader("cache"),
  storedAtHeader: "x-cached-since",
  pop: { header: "x-id", value: /^([a-z]+\d*)-/ },
};
