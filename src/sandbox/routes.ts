import type { Route } from "../prefetch/directory.ts";

/** Where the sandbox sends URLs unless told otherwise: the hosts that Alibaba Cloud's emulator serves, and all others. */
export const sandboxRoutes: readonly Route[] = [
  { pattern: "*.example.net", provider: "alibaba-vod" },
  { pattern: "*", provider: "huawei-vod" },
];
