import type { Route } from "../prefetch/admission/routing.ts";

/** Where the sandbox sends URLs unless told otherwise: each emulated vendor has hosts, and so have CDNs without a call that prefetches. */
export const sandboxRoutes: readonly Route[] = [
  { pattern: "*.example.net", provider: "alibaba-vod" },
  { pattern: "*.example.org", provider: "http" },
  { pattern: "*", provider: "huawei-vod" },
];
