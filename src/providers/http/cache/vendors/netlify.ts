/** Netlify, which writes RFC 9211 `Cache-Status`. */

import type { Vendor } from "../vendor.ts";

export const netlify: Vendor<"netlify"> = {
  id: "netlify",
  name: "Netlify",
  marks: [
    { header: "server", value: /^Netlify/i },
    { header: "x-nf-request-id" },
    { header: "cache-status", value: /"?Netlify (?:Edge|Durable)/i },
  ],
  cnames: ["netlify.app", "netlify.com", "netlifyglobalcdn.com"],
  // Netlify's edge is not always the last member, and a framework's cache, e.g. `"Next.js"; hit`, is not part of the CDN.
  cacheStatus: { caches: /^Netlify/i, edge: /^Netlify Edge/i },
  cacheControl: "netlify-cdn-cache-control",
};
