/**
 * The Alibaba Cloud ApsaraVideo VOD provider.
 * https://www.alibabacloud.com/help/en/vod/user-guide/refresh-and-prefetch
 */

import type { Provider } from "../../prefetch/model/provider.ts";
import { type KeySource, rememberKeys } from "../kit/access-keys.ts";
import { provesLogin } from "../kit/login-check.ts";
import { type NetworkOptions, openNetwork } from "../kit/network.ts";
import { createCacheCalls } from "./cache-calls.ts";
import { createErrors } from "./errors.ts";
import { createHosts } from "./hosts.ts";
import { limits } from "./limits.ts";
import { createMedia, type MediaOptions } from "./media.ts";
import { createQuotaReader } from "./quota.ts";
import { createRefresh } from "./refresh.ts";
import { createRpc, type Endpoint } from "./rpc.ts";
import { UNKNOWN_TASK } from "./tasks.ts";
import { vod } from "./vod-product.ts";

export interface AlibabaVodOptions extends NetworkOptions {
  /** Serves the calls that warm caches: one region for all accounts. */
  readonly cache: Endpoint;
  /** Serves the calls about media assets: the region of the media. */
  readonly media: Endpoint;
  readonly credentials: KeySource;
  /** Names the vendor account in the ledger. Holds no secret. */
  readonly account: string;
  /** `domestic` (mainland China) or `overseas`. The vendor's default when absent. */
  readonly area?: string | undefined;
  /** Whether second-tier nodes must be among the warmed ones. The vendor's default when absent. */
  readonly secondTier?: boolean | undefined;
  /** Headers of the vendor's fetch from the origin, as JSON: `{"Accept-Encoding":["gzip"]}`. */
  readonly withHeader?: string | undefined;
  readonly assets: MediaOptions;
}

/** Opens no connection before the first call. */
export function createAlibabaVod(options: AlibabaVodOptions): Provider {
  const { cache, credentials, area, secondTier, withHeader } = options;
  const { http, clock, secrets, redact } = openNetwork(vod.id, options);
  const rpc = createRpc({ product: vod, http, clock, credentials, redact, onKeys: (keys) => rememberKeys(secrets, keys) });
  const media = createMedia(rpc, options.media, { ...options.assets, redact });
  const readQuota = createQuotaReader(rpc, cache, vod.quotaAction);
  const parts = { product: vod, rpc, readQuota, endpoint: cache, media, clock, redact };
  const prefetch = createCacheCalls(parts, {
    jobType: "Preload",
    taskType: "preload",
    quotaFields: ["PreloadQuota", "PreloadRemain"],
    // https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches
    urlCall: {
      action: "PreloadVodObjectCaches",
      what: "the prefetch",
      params: { Area: area, L2Preload: secondTier === undefined ? undefined : String(secondTier), WithHeader: withHeader },
      idFields: ["PreloadTaskId"],
    },
  });
  const resolveAsset: Provider["resolveAsset"] = (assetId, call) => media.resolve(assetId, call);

  const self = { id: vod.id, title: "Alibaba Cloud VOD", account: options.account, accepts: ["asset", "urls"], limits } as const;

  return {
    ...self,
    docs: "https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches",
    accountInWords: `account ${options.account.slice(options.account.indexOf(":") + 1)} at ${options.cache.url}, media at ${options.media.url}`,
    endpoints: [...new Set([options.cache.url, options.media.url])],
    tracking: "task",
    depth: "mid-tier",
    reach: "Alibaba Cloud warms mid-tier nodes and reports success from 90 percent of them; the first request at an edge may still miss.",
    purging: "At Alibaba Cloud VOD, refresh_first true does both in one call, with a quota of 2,000 refreshes a day.",
    ...prefetch,
    hosts: createHosts(rpc, options.cache, vod),
    checkLogin: (call) => provesLogin(createErrors(vod).vendor, prefetch.status({ vendorTaskIds: [UNKNOWN_TASK] }, call)),
    resolveAsset,
    refresh: createRefresh(parts, { prefetch: self, resolveAsset }),
    close: () => http.close(),
  };
}
