/** Google Cloud CDN and Media CDN. */

import { firstReader, statusHeader } from "../readers.ts";
import type { Vendor } from "../vendor.ts";

/** The operator chooses the header; its value is the variable `cdn_cache_status`. */
const usualNames = ["cdn-cache-status", "x-cdn-cache-status", "x-cache-status", "x-cache-hit", "x-cache"];

/** Source: Google Cloud CDN documentation, "Custom headers" and "Troubleshooting". */
const read = firstReader(...usualNames.map((name) => statusHeader(name, "unknown")));

export const google: Vendor<"google"> = {
  id: "google",
  name: "Google Cloud CDN and Media CDN",
  marks: [
    { header: "via", value: /^1\.1 google$/i },
    { header: "server", value: /^Google-Edge-Cache/i },
  ],
  read,
};
