/** Vercel. Source: Vercel documentation, "Cache status and reasons". */

import { statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

export const vercel: Vendor<"vercel"> = {
  id: "vercel",
  name: "Vercel",
  marks: [{ header: "x-vercel-cache" }, { header: "x-vercel-id" }, { header: "server", value: /^Vercel$/i }],
  cnames: ["vercel-dns*.com", "vercel-dns-*.com", "vercel.app"],
  read: statusHeader("x-vercel-cache"),
  pop: { header: "x-vercel-id", value: /^([a-z]{3}\d)/ },
  cacheControl: "vercel-cdn-cache-control",
};
