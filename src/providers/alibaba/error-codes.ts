/**
 * The meaning of Alibaba Cloud's error codes and HTTP statuses. Codes decide, because statuses differ between products and
 * years: throttling arrives as 503, 429 and 400.
 * https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches
 * https://error-center.aliyun.com/status/product/vod
 */

import type { ErrorTable, Meaning, StatusMeanings } from "../kit/error-table.ts";
import { WRONG_CLOCK_HINT } from "../kit/vendor-failure.ts";

const denied: Meaning = {
  code: "auth_failed",
  hint: "Grant the RAM user vod:PreloadVodObjectCaches, vod:DescribeVodRefreshTasks and vod:DescribeVodRefreshQuota; assets also need vod:RefreshMediaPlayUrls, vod:GetMediaRefreshJobs and vod:GetPlayInfo.",
};
export const wrongKeys: Meaning = {
  code: "auth_failed",
  hint: "Check the access key of alibaba-vod. Temporary keys expire, and also need their security token.",
};
export const wrongClock: Meaning = { code: "auth_failed", hint: WRONG_CLOCK_HINT };
const foreignDomain: Meaning = {
  code: "forbidden_domain",
  hint: "The URL's domain must be an enabled accelerated domain of ApsaraVideo VOD in this account.",
};
const invalid: Meaning = { code: "invalid_argument", hint: "Check the URLs or the asset id." };
const divisibleRefusal: Meaning = { code: "invalid_argument", divisible: true };
const domainInSetup: Meaning = {
  code: "vendor_unavailable",
  retryable: true,
  retryAfterMs: 120_000,
  hint: "The domain is being configured; this takes minutes.",
};
const unsupported: Meaning = { code: "unsupported", hint: "Check PREFETCH_ALIBABA_VOD_ENDPOINT and the region of the media." };
export const throttled: Meaning = { code: "rate_limited", retryable: true };
/** The vendor may have done the request all the same; its task list tells. */
const fault: Meaning = {
  code: "vendor_unavailable",
  retryable: true,
  delivery: "unknown",
  hint: "The vendor has a fault, which usually passes. Call again later.",
};

const codes = new Map<string, Meaning>(
  Object.entries({
    Throttling: throttled,
    QuotaExceeded: { code: "quota_exhausted", hint: "Wait for the vendor's next day, or ask Alibaba Cloud for a higher quota." },
    PreloadQueueFull: {
      code: "queue_full",
      retryable: true,
      retryAfterMs: 180_000,
      hint: "The domain's queue empties as its URLs are fetched.",
    },
    IllegalOperation: foreignDomain,
    OperationDenied: { code: "auth_failed", hint: "Activate ApsaraVideo VOD for this account in its console." },
    "OperationDenied.Suspended": {
      code: "auth_failed",
      hint: "The account is suspended. Settle its balance in the console of Alibaba Cloud.",
    },
    "InvalidDomain.NotFound": foreignDomain,
    "InvalidDomain.Offline": { ...foreignDomain, hint: "The domain is disabled. Enable it in the console of ApsaraVideo VOD." },
    "InvalidDomain.Configure_failed": {
      ...domainInSetup,
      hint: "The domain's configuration failed. Check it in the console of ApsaraVideo VOD.",
    },
    ServiceBusy: domainInSetup,
    MissingParameter: { code: "internal", hint: "This is a bug in cdn-prefetch-mcp." },
    "InvalidObjectPath.Malformed": {
      code: "invalid_argument",
      divisible: true,
      hint: "The vendor cannot read this URL. Check its characters and its path.",
    },
    "InvalidExtensiveDomain.ValueNotSupported": { ...invalid, hint: "The vendor cannot prefetch wildcard hosts. Name the host." },
    InvalidObjectPath: divisibleRefusal,
    "SingleRequest.OverLimit": divisibleRefusal,
    InvalidAccessKeyId: wrongKeys,
    InvalidSecurityToken: wrongKeys,
    SignatureDoesNotMatch: wrongKeys,
    IncompleteSignature: wrongKeys,
    IllegalTimestamp: wrongClock,
    InvalidTimeStamp: wrongClock,
    // Nonces are random, so a used one means that a proxy has repeated our own request.
    SignatureNonceUsed: { code: "vendor_unavailable", retryable: true, delivery: "unknown" },
    Forbidden: denied,
    NoPermission: denied,
    "Forbidden.IllegalStatus": {
      code: "not_published",
      hint: "The asset must be transcoded and in the state Normal.",
    },
    "Forbidden.AliyunVoDEncryption": { code: "not_published", hint: "All streams of the asset are encrypted." },
    "InvalidVideo.NotFound": { code: "not_found", hint: "Check the id, and that PREFETCH_ALIBABA_VOD_REGION is the region of the media." },
    "InvalidVideo.NoneStream": { code: "not_published", hint: "The asset has no stream that fits the configured formats and definitions." },
    "InvalidTaskId.Malformed": { code: "not_found", hint: "Check the id." },
    InvalidAction: unsupported,
    InvalidApi: unsupported,
    InvalidVersion: unsupported,
    UnsupportedOperation: unsupported,
    InternalError: fault,
    ServiceUnavailable: fault,
    ServiceUnAvailable: fault,
  }),
);

const unknownCode: StatusMeanings = {
  exact: {
    401: denied,
    403: denied,
    404: { code: "not_found", hint: "Check PREFETCH_ALIBABA_VOD_ENDPOINT and the id." },
    407: denied,
    408: { code: "timeout", retryable: true },
    // A shorter request may pass, whether the vendor or a proxy has found this one too long.
    413: divisibleRefusal,
    414: divisibleRefusal,
    429: throttled,
    431: divisibleRefusal,
    504: { code: "timeout", retryable: true, delivery: "unknown" },
  },
  clientError: invalid,
  serverError: fault,
  other: {
    code: "vendor_unavailable",
    delivery: "unknown",
    hint: "The vendor's code is not documented. Look it up at https://error-center.aliyun.com.",
  },
};

const fromProxy = "The answer has no vendor code, so a proxy may have sent it. Check the endpoint and any proxy on the way.";
const refusedByProxy: Meaning = { code: "auth_failed", hint: fromProxy };

export const errorTable: ErrorTable = {
  codes,
  unknownCode,
  noCode: {
    ...unknownCode,
    exact: { ...unknownCode.exact, 401: refusedByProxy, 403: refusedByProxy, 407: refusedByProxy },
    other: { ...unknownCode.other, hint: fromProxy },
  },
};
