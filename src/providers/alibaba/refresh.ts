/**
 * Makes the CDN of Alibaba Cloud VOD drop its copies of URLs and assets.
 * https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-refreshvodobjectcaches
 */

import type { Provider, RefreshProvider } from "../../prefetch/model/provider.ts";
import { type RefreshFacts, refreshProvider } from "../kit/refresh-provider.ts";
import { type CacheCallParts, createCacheCalls } from "./cache-calls.ts";

export interface RefreshOptions extends Pick<RefreshFacts, "prefetch"> {
  readonly resolveAsset: Provider["resolveAsset"];
}

export function createRefresh(parts: CacheCallParts, { prefetch, resolveAsset }: RefreshOptions): RefreshProvider {
  const facts = {
    prefetch,
    vendor: "Alibaba Cloud",
    docs: "https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-refreshvodobjectcaches",
    // The vendor's default for URLs: https://www.alibabacloud.com/help/en/vod/user-guide/refresh-and-prefetch
    urlsPerDay: 2_000,
  };
  const calls = createCacheCalls(parts, {
    urlCall: { action: "RefreshVodObjectCaches", what: "the refresh", params: { ObjectType: "File" }, idFields: ["RefreshTaskId"] },
    jobType: "Refresh",
    taskType: "file",
    quotaFields: ["UrlQuota", "UrlRemain"],
  });
  return refreshProvider(facts, { ...calls, ...(resolveAsset && { resolveAsset }) });
}
