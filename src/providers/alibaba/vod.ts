/**
 * The Alibaba Cloud ApsaraVideo VOD provider.
 * https://www.alibabacloud.com/help/en/vod/user-guide/refresh-and-prefetch
 */

import type { Dispatcher } from "undici";
import type { Clock } from "../../base/clock.ts";
import type { ProxySettings } from "../../base/proxy-settings.ts";
import { createRedactor } from "../../base/redact.ts";
import { createSecrets, type Secrets } from "../../base/secrets.ts";
import type { Provider } from "../../prefetch/model/provider.ts";
import type { Observer } from "../../telemetry/observer.ts";
import { createHttpClient } from "../kit/http-client.ts";
import { provesLogin } from "../kit/login-check.ts";
import { createCacheCalls } from "./cache-calls.ts";
import { type CredentialSource, rememberKeys } from "./credentials.ts";
import { alibabaCloud } from "./errors.ts";
import { limits } from "./limits.ts";
import { createMedia, type MediaOptions } from "./media.ts";
import { createQuotaReader } from "./quota.ts";
import { createRefresh } from "./refresh.ts";
import { createRpc, type Endpoint } from "./rpc.ts";

export interface AlibabaVodOptions {
  /** Serves the calls that warm caches: one region for all accounts. */
  readonly cache: Endpoint;
  /** Serves the calls about media assets: the region of the media. */
  readonly media: Endpoint;
  readonly credentials: CredentialSource;
  /** Names the vendor account in the ledger. Holds no secret. */
  readonly account: string;
  /** `domestic` (mainland China) or `overseas`. The vendor's default when absent. */
  readonly area?: string | undefined;
  /** Whether second-tier nodes must be among the warmed ones. The vendor's default when absent. */
  readonly secondTier?: boolean | undefined;
  /** Headers of the vendor's fetch from the origin, as JSON: `{"Accept-Encoding":["gzip"]}`. */
  readonly withHeader?: string | undefined;
  readonly assets: MediaOptions;
  readonly clock: Clock;
  readonly userAgent: string;
  readonly observer?: Observer | undefined;
  /** Receives the secrets that requests use. */
  readonly secrets?: Secrets | undefined;
  readonly proxy?: ProxySettings | undefined;
  readonly dispatcher?: Dispatcher | undefined;
  /** Milliseconds to wait for an answer. */
  readonly answerMs?: number | undefined;
}

/** Has the form of a task id, and belongs to no task. */
const UNKNOWN_TASK = "0";

/** Opens no connection before the first call. */
export function createAlibabaVod(options: AlibabaVodOptions): Provider {
  const {
    cache,
    credentials,
    clock,
    area,
    secondTier,
    withHeader,
    userAgent,
    observer,
    dispatcher,
    proxy,
    answerMs,
    secrets = createSecrets(),
  } = options;
  const provider = "alibaba-vod";
  const redact = createRedactor(secrets);
  const http = createHttpClient({ provider, clock, userAgent, observer, dispatcher, proxy, answerMs });
  const rpc = createRpc({ http, clock, credentials, redact, onKeys: (keys) => rememberKeys(secrets, keys) });
  const media = createMedia(rpc, options.media, { ...options.assets, redact });
  const parts = { rpc, readQuota: createQuotaReader(rpc, cache), cache, media, clock, redact };
  const prefetch = createCacheCalls({
    ...parts,
    jobType: "Preload",
    taskType: "preload",
    quotaFields: ["PreloadQuota", "PreloadRemain"],
    // https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches
    urlCall: {
      action: "PreloadVodObjectCaches",
      what: "the prefetch",
      params: { Area: area, L2Preload: secondTier === undefined ? undefined : String(secondTier), WithHeader: withHeader },
      idField: "PreloadTaskId",
    },
  });
  const resolveAsset: Provider["resolveAsset"] = (assetId, call) => media.resolve(assetId, call);

  return {
    id: provider,
    title: "Alibaba Cloud VOD",
    docs: "https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches",
    account: options.account,
    accountInWords: `account ${options.account.slice(options.account.indexOf(":") + 1)} at ${options.cache.url}, media at ${options.media.url}`,
    endpoints: [...new Set([options.cache.url, options.media.url])],
    accepts: ["asset", "urls"],
    limits,
    tracking: "task",
    depth: "mid-tier",
    reach: "Alibaba Cloud warms mid-tier nodes and reports success from 90 percent of them; the first request at an edge may still miss.",
    purging: "At Alibaba Cloud VOD, refresh_first true does both in one call, with a quota of 2,000 refreshes a day.",
    ...prefetch,
    checkLogin: (call) => provesLogin(alibabaCloud, prefetch.status({ vendorTaskIds: [UNKNOWN_TASK] }, call)),
    resolveAsset,
    refresh: createRefresh({ ...parts, account: options.account, resolveAsset }),
    close: () => http.close(),
  };
}
