/** Limits of Huawei Cloud VOD's prefetch. https://support.huaweicloud.com/api-vod/vod_04_0243.html */

import type { ProviderLimits } from "../../prefetch/model/provider.ts";

export const limits: ProviderLimits = {
  // https://support.huaweicloud.com/api-vod/vod_04_0205.html
  urlsPerRequest: 10,
  // The vendor accepts 12 MB with signatures; 10 URLs stay far below.
  bytesPerRequest: 1_000_000,
  // An element of a JSON array, with its comma. Of the characters in a URL, JSON escapes these two. Counting them takes a tenth of the
  // time of serialising, which counts for lists of 10,000 URLs.
  bytesOf: (url) => url.length + 3 + (url.match(/["\\]/g)?.length ?? 0),
  // The vendor does not document whether POST and GET share these 100.
  requestsPerMinute: 100,
  urlsPerDay: 1_000,
  // Documented for the call that refreshes URLs.
  urlLength: 10_240,
  // The vendor does not document when its day starts.
  timeZone: "Asia/Shanghai",
  pollSeconds: 30,
};
