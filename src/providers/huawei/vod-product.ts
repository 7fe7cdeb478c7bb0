/** The facts of Huawei Cloud VOD. https://support.huaweicloud.com/api-vod/ErrorCode.html */

import type { Meaning } from "../kit/error-table.ts";
import type { Meanings } from "./meanings.ts";
import type { Product } from "./product.ts";

const unpublished: Meaning = { code: "not_published", hint: "Publish the asset in Huawei Cloud VOD, then call again." };
/** "Task succeeded" and "task in progress" do not prove that the vendor refused this request. */
const ambiguous: Meaning = { code: "vendor_unavailable", delivery: "unknown" };

const codes = (is: Meanings): Readonly<Record<string, Meaning>> => ({
  "VOD.10051": is.fault,
  "VOD.10052": is.fault,
  "VOD.10053": is.invalid,
  "VOD.10054": is.wrongCredentials,
  "VOD.10055": is.account,
  "VOD.10056": is.account,
  "VOD.10057": is.setup,
  "VOD.10058": is.invalid,
  "VOD.10059": is.invalid,
  "VOD.10060": unpublished,
  "VOD.10061": unpublished,
  "VOD.10062": { code: "not_found", hint: "Check the id; it must be an asset of this project and region." },
  "VOD.10063": is.invalid,
  "VOD.10074": is.denied,
  "VOD.10078": is.account,
  "VOD.10079": ambiguous,
  "VOD.10080": ambiguous,
  "VOD.10081": is.invalid,
  "VOD.10083": unpublished,
  "VOD.10084": unpublished,
  "VOD.10086": is.quota,
  "VOD.10087": is.quota,
  "VOD.10088": is.foreignDomain,
  "VOD.10089": is.foreignDomain,
  "VOD.10098": is.domainInSetup,
  "VOD.10099": unpublished,
  "VOD.10109": { ...is.invalid, hint: "Huawei Cloud VOD takes at most 10 URLs a request." },
  "VOD.10110": { ...is.foreignDomain, hint: "Enable CDN for the asset's domain in Huawei Cloud VOD." },
  "VOD.10111": is.denied,
  "VOD.10120": is.account,
  "VOD.10127": is.throttled,
  "VOD.10132": is.account,
  "VOD.10133": is.denied,
  "VOD.10136": is.gone,
  "VOD.10138": is.denied,
  "VST.10001": is.invalid,
  "VST.10002": is.fault,
  "VST.10004": is.wrongCredentials,
  "LIVE.100011004": { ...is.setup, hint: "The API answers over https only. Check PREFETCH_HUAWEI_VOD_ENDPOINT." },
  "LIVE.100011006": is.fault,
  "LIVE.100011008": is.fault,
  "LIVE.100011013": is.account,
});

export const vod: Product = {
  id: "huawei-vod",
  permissions: "vod:asset:preheat and vod:asset:getPreheatTask (or VOD CommonOperations)",
  setupHint:
    "Check that HUAWEICLOUD_SDK_PROJECT_ID, PREFETCH_HUAWEI_VOD_REGION and PREFETCH_HUAWEI_VOD_ENDPOINT belong together and that a token is scoped to that project.",
  argumentHint: "Check the asset id or the URLs. Huawei Cloud VOD prefetches only media of its own published assets.",
  domainHint: "The URL's domain must be an enabled acceleration domain of this VOD project.",
  endpointSettings: ["PREFETCH_HUAWEI_VOD_ENDPOINT", "PREFETCH_HUAWEI_VOD_REGION"],
  codes,
};
