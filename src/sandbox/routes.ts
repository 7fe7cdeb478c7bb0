/** Where the sandbox sends URLs unless told otherwise: each emulated vendor has hosts, and so have CDNs without a call that prefetches. */
export const sandboxRoutes: readonly { readonly pattern: string; readonly provider: string }[] = [
  { pattern: "*.example.net", provider: "alibaba-vod" },
  { pattern: "*.example.org", provider: "http" },
  { pattern: "*", provider: "huawei-vod" },
];
