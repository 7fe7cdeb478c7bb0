/**
 * The facts of ApsaraVideo VOD.
 * https://www.alibabacloud.com/help/en/vod/user-guide/refresh-and-prefetch
 */

import { limits } from "./limits.ts";
import type { Product } from "./product.ts";

export const vod: Product = {
  id: "alibaba-vod",
  service: "ApsaraVideo VOD",
  version: "2017-03-21",
  // https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-describevodrefreshtasks
  list: { action: "DescribeVodRefreshTasks", field: "Task", pageRows: 50 },
  // https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-describevoduserdomains
  domains: { action: "DescribeVodUserDomains", right: "vod:DescribeVodUserDomains", pageRows: 50 },
  // https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-describevodrefreshquota
  quotaAction: "DescribeVodRefreshQuota",
  limits,
  permissions:
    "vod:PreloadVodObjectCaches, vod:DescribeVodRefreshTasks and vod:DescribeVodRefreshQuota; assets also need vod:RefreshMediaPlayUrls, vod:GetMediaRefreshJobs and vod:GetPlayInfo",
  unsupportedHint: "Check PREFETCH_ALIBABA_VOD_ENDPOINT and the region of the media.",
  endpointSetting: "PREFETCH_ALIBABA_VOD_ENDPOINT",
  argumentHint: "Check the URLs or the asset id.",
  codes: {
    "Forbidden.IllegalStatus": {
      code: "not_published",
      hint: "The asset must be transcoded and in the state Normal.",
    },
    "Forbidden.AliyunVoDEncryption": { code: "not_published", hint: "All streams of the asset are encrypted." },
    "InvalidVideo.NotFound": { code: "not_found", hint: "Check the id, and that PREFETCH_ALIBABA_VOD_REGION is the region of the media." },
    "InvalidVideo.NoneStream": { code: "not_published", hint: "The asset has no stream that fits the configured formats and definitions." },
  },
};
