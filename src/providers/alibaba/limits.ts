/** Limits of Alibaba Cloud VOD's prefetch, from its user guide where no other source is given. */

import type { ProviderLimits } from "../../prefetch/model/provider.ts";
import { percentEncode } from "../kit/canonical.ts";

/** https://www.alibabacloud.com/help/en/vod/user-guide/refresh-and-prefetch */
export const limits = {
  // The API's error table says 1,000.
  urlsPerRequest: 100,
  // URLs travel in the query. The vendor documents no limit for it; servers commonly accept 8 KiB of request head.
  bytesPerRequest: 6_000,
  bytesOf: (url) => percentEncode(`${url}\n`).length,
  // Not documented for VOD. Alibaba Cloud CDN allows 10 list queries a second, which bursts under this limit come near.
  requestsPerMinute: 120,
  // Submits for one host within one second share a task id.
  hostIntervalMs: 1_200,
  urlsPerDay: 500,
  // Documented for CDN and DCDN.
  urlLength: 1_024,
  // The zone is not documented. This one only predicts the reset; the vendor's own count decides.
  timeZone: "Asia/Shanghai",
  pollSeconds: 30,
  recordDays: 3,
  // A request leaves up to 30 s after its turn, can be in flight for 40 s, and appears in the list up to a minute later.
  // Smaller: a request that is still in flight counts as absent and is sent twice. Larger: the batch waits longer.
  listedWithinMs: 130_000,
} satisfies ProviderLimits;
