/**
 * The facts of Alibaba Cloud CDN.
 * https://www.alibabacloud.com/help/en/cdn/developer-reference/api-cdn-2018-05-10-pushobjectcache
 */

import { percentEncode } from "../kit/canonical.ts";
import type { PlainProduct } from "./plain.ts";
import { commonLimits } from "./product.ts";

export const cdn: PlainProduct = {
  id: "alibaba-cdn",
  service: "Alibaba Cloud CDN",
  version: "2018-05-10",
  list: { action: "DescribeRefreshTasks", field: "CDNTask", pageRows: 100 },
  // https://www.alibabacloud.com/help/en/cdn/developer-reference/api-cdn-2018-05-10-describeuserdomains
  domains: { action: "DescribeUserDomains", right: "cdn:DescribeUserDomains", pageRows: 500 },
  quotaAction: "DescribeRefreshQuota",
  prefetch: { action: "PushObjectCache", idFields: ["PushTaskId"] },
  // The vendor's metadata and client send these parameters in a form.
  refresh: { action: "RefreshObjectCaches", idFields: ["RefreshTaskId"], form: true },
  refreshDocs: "https://www.alibabacloud.com/help/en/cdn/developer-reference/api-cdn-2018-05-10-refreshobjectcaches",
  limits: {
    ...commonLimits,
    urlsPerRequest: 100,
    // URLs travel in the query. The vendor documents no limit for it; servers commonly accept 8 KiB of request head.
    bytesPerRequest: 6_000,
    bytesOf: (url) => percentEncode(`${url}\n`).length,
    // Submits may come 50 times a second, list queries 5 times. A burst at 40 a minute stays below that.
    // https://www.alibabacloud.com/help/en/cdn/developer-reference/api-cdn-2018-05-10-describerefreshtasks
    requestsPerMinute: 40,
    urlsPerDay: 1_000,
  },
  refreshesPerDay: 10_000,
  permissions:
    "cdn:PushObjectCache, cdn:DescribeRefreshTasks and cdn:DescribeRefreshQuota; refresh_first also needs cdn:RefreshObjectCaches",
  unsupportedHint: "Check PREFETCH_ALIBABA_CDN_ENDPOINT.",
  endpointSetting: "PREFETCH_ALIBABA_CDN_ENDPOINT",
  argumentHint: "Check the URLs.",
};
