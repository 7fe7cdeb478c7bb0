/** The sandbox's default routes: hosts for each emulated vendor, and hosts for CDNs without a prefetch API. */
export const sandboxRoutes: readonly { readonly pattern: string; readonly provider: string }[] = [
  { pattern: "*.example.net", provider: "alibaba-vod" },
  { pattern: "*.example.org", provider: "http" },
  { pattern: "*", provider: "huawei-vod" },
];
