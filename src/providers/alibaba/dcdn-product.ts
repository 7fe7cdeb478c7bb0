/**
 * The facts of Alibaba Cloud DCDN (Edge Security Acceleration).
 * https://www.alibabacloud.com/help/en/edge-security-acceleration/dcdn/developer-reference/api-dcdn-2018-01-15-preloaddcdnobjectcaches
 */

import { percentEncode } from "../kit/canonical.ts";
import type { PlainProduct } from "./plain.ts";
import { commonLimits } from "./product.ts";

export const dcdn: PlainProduct = {
  id: "alibaba-dcdn",
  service: "Alibaba Cloud DCDN",
  version: "2018-01-15",
  list: { action: "DescribeDcdnRefreshTasks", field: "Task", pageRows: 50 },
  // https://www.alibabacloud.com/help/en/edge-security-acceleration/dcdn/developer-reference/api-dcdn-2018-01-15-describedcdnuserdomains
  domains: { action: "DescribeDcdnUserDomains", right: "dcdn:DescribeDcdnUserDomains", pageRows: 500 },
  quotaAction: "DescribeDcdnRefreshQuota",
  // A sample of 2019 answers with the other product's field.
  prefetch: { action: "PreloadDcdnObjectCaches", idFields: ["PreloadTaskId", "PushTaskId"] },
  refresh: { action: "RefreshDcdnObjectCaches", idFields: ["RefreshTaskId"] },
  refreshDocs:
    "https://www.alibabacloud.com/help/en/edge-security-acceleration/dcdn/developer-reference/api-dcdn-2018-01-15-refreshdcdnobjectcaches",
  limits: {
    ...commonLimits,
    urlsPerRequest: 100,
    // URLs travel in the query. The vendor documents no limit for it; servers commonly accept 8 KiB of request head.
    bytesPerRequest: 6_000,
    bytesOf: (url) => percentEncode(`${url}\n`).length,
    // Submits may come 15 times a second, list queries 10 times. A burst at 80 a minute stays below that.
    requestsPerMinute: 80,
    urlsPerDay: 1_000,
  },
  refreshesPerDay: 10_000,
  permissions:
    "dcdn:PreloadDcdnObjectCaches, dcdn:DescribeDcdnRefreshTasks and dcdn:DescribeDcdnRefreshQuota; refresh_first also needs dcdn:RefreshDcdnObjectCaches",
  unsupportedHint: "Check PREFETCH_ALIBABA_DCDN_ENDPOINT.",
  endpointSetting: "PREFETCH_ALIBABA_DCDN_ENDPOINT",
  argumentHint: "Check the URLs.",
};
