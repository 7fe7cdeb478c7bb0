/** Limits of Alibaba Cloud VOD's prefetch, from its user guide where no other source is given. */

import type { ProviderLimits } from "../../prefetch/model/provider.ts";
import { percentEncode } from "../kit/canonical.ts";
import { commonLimits } from "./product.ts";

/** https://www.alibabacloud.com/help/en/vod/user-guide/refresh-and-prefetch */
export const limits = {
  ...commonLimits,
  // The API's error table says 1,000.
  urlsPerRequest: 100,
  // URLs travel in the query. The vendor documents no limit for it; servers commonly accept 8 KiB of request head.
  bytesPerRequest: 6_000,
  bytesOf: (url) => percentEncode(`${url}\n`).length,
  // Not documented for VOD. Alibaba Cloud CDN allows 10 list queries a second, which bursts under this limit come near.
  requestsPerMinute: 120,
  urlsPerDay: 500,
} satisfies ProviderLimits;
