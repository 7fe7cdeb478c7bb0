/** The sandbox's default routes: hosts for each emulated vendor. Every other host is fetched from the emulated edge. */
export const sandboxRoutes: readonly { readonly pattern: string; readonly provider: string }[] = [
  { pattern: "vod.example.net", provider: "alibaba-vod" },
  { pattern: "media.example.net", provider: "alibaba-vod" },
  { pattern: "example.com", provider: "huawei-vod" },
  { pattern: "*.example.com", provider: "huawei-vod" },
  { pattern: "*", provider: "http" },
];
