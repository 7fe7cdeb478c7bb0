/**
 * Makes the CDN of Alibaba Cloud VOD drop its copies of URLs and assets.
 * https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-refreshvodobjectcaches
 */

import type { Provider, RefreshProvider } from "../../prefetch/model/provider.ts";
import { type CacheCallParts, createCacheCalls } from "./cache-calls.ts";
import { limits } from "./limits.ts";

export interface RefreshOptions {
  /** The account that prefetches, such as `alibaba-vod:LTAI…`. */
  readonly account: string;
  readonly resolveAsset: Provider["resolveAsset"];
}

const id = "alibaba-vod-refresh";

export function createRefresh(parts: CacheCallParts, { account, resolveAsset }: RefreshOptions): RefreshProvider {
  return {
    id,
    title: "Alibaba Cloud VOD, refresh",
    docs: "https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-refreshvodobjectcaches",
    account: `${id}${account.slice(account.indexOf(":"))}`,
    // The prefetching provider names the endpoints of both, and checks the credentials.
    endpoints: [],
    accepts: ["asset", "urls"],
    // A batch goes through both calls, so its size follows from the prefetch. The quota is the vendor's default for URLs a day:
    // https://www.alibabacloud.com/help/en/vod/user-guide/refresh-and-prefetch
    limits: { ...limits, urlsPerDay: 2_000 },
    tracking: "task",
    depth: "unknown",
    reach: "Alibaba Cloud drops its copies; the next request of each node asks the origin.",
    purging: "This is the purge itself.",
    ...createCacheCalls(parts, {
      urlCall: { action: "RefreshVodObjectCaches", what: "the refresh", params: { ObjectType: "File" }, idFields: ["RefreshTaskId"] },
      jobType: "Refresh",
      taskType: "file",
      quotaFields: ["UrlQuota", "UrlRemain"],
    }),
    ...(resolveAsset && { resolveAsset }),
    // The prefetching provider closes the client that both use.
    close: async () => undefined,
  };
}
