/** Google Cloud CDN and Media CDN. */

import { firstOf } from "../headers.ts";
import { type Reader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";
import { verdictOf } from "../verdict.ts";

/** The operator chooses the header; its value is the variable `cdn_cache_status`. */
const usualNames = ["cdn-cache-status", "x-cdn-cache-status", "x-cache-status", "x-cache"];

/** Source: Google Cloud CDN documentation, "Custom headers" and "Troubleshooting". */
const read: Reader = (headers) => {
  for (const name of usualNames) {
    if (firstOf(headers, name)?.toLowerCase() === "disabled") return { verdict: verdictOf("bypass"), from: [name] };
    const found = statusHeader(name, "unknown")(headers);
    if (found) return found;
  }
  return undefined;
};

export const google: Vendor<"google"> = {
  id: "google",
  name: "Google Cloud CDN and Media CDN",
  marks: [{ header: "via", value: /^1\.1 google$/i }],
  read,
};
