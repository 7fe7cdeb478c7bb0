/** The vendors' error codes, grouped by their meaning for a prefetch. One code of each group is sent over real sockets. */

import type { ErrorCode, PrefetchError } from "../../../src/base/errors.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import { errorTableOf as alibabaTable } from "../../../src/providers/alibaba/error-codes.ts";
import { createErrors as alibabaErrors } from "../../../src/providers/alibaba/errors.ts";
import { vod as alibabaVod } from "../../../src/providers/alibaba/vod-product.ts";
import { errorTableOf as huaweiTable } from "../../../src/providers/huawei/error-codes.ts";
import { createErrors as huaweiErrors } from "../../../src/providers/huawei/errors.ts";
import { vod as huaweiVod } from "../../../src/providers/huawei/vod-product.ts";
import { cdn as tencentCdn } from "../../../src/providers/tencent/cdn-product.ts";
import { createErrors as tencentErrors, errorTableOf as tencentTable } from "../../../src/providers/tencent/errors.ts";
import { createErrors as volcengineErrors, errorTable as volcengineTable } from "../../../src/providers/volcengine/errors.ts";
import { sites } from "../../../src/providers/volcengine/sites.ts";
import { type ProviderId, vendors } from "./vendors-harness.ts";

export type CodeOutcome =
  /** The request's URLs are rejected. */
  | { readonly kind: "final"; readonly code: ErrorCode }
  /** One URL is rejected; the request is halved until that URL stands alone. */
  | { readonly kind: "one of them" }
  /** Everything that is left is rejected, because the day's quota is spent or the credentials are refused. */
  | { readonly kind: "final for all"; readonly code: ErrorCode }
  /** The request is sent again, `tries` times in all if the error stays. */
  | { readonly kind: "passing"; readonly code: ErrorCode; readonly tries: number }
  /** The request may have been carried out. */
  | { readonly kind: "lost" };

export interface CodeGroup {
  readonly provider: ProviderId;
  /** The status that the vendor sends with the first code. */
  readonly status: number;
  /** The first code is sent over real sockets and stands for the rest. */
  readonly codes: readonly [string, ...string[]];
  readonly outcome: CodeOutcome;
  /** Also send the error a single time, to see that the request is sent again. */
  readonly once?: boolean;
}

type Codes = CodeGroup["codes"];

const final = (code: ErrorCode): CodeOutcome => ({ kind: "final", code });
const forAll = (code: ErrorCode): CodeOutcome => ({ kind: "final for all", code });
const passing = (code: ErrorCode, tries: number): CodeOutcome => ({ kind: "passing", code, tries });
const fault = passing("vendor_unavailable", 3);
const throttled = passing("rate_limited", 10);
const oneOfThem: CodeOutcome = { kind: "one of them" };
const lost: CodeOutcome = { kind: "lost" };

/** Codes with a common prefix. */
const numbered = (prefix: string, numbers: string): string[] => numbers.split(" ").map((number) => `${prefix}.${number}`);
const codesOf = (...codes: readonly string[]): Codes => {
  const [first = "", ...rest] = codes;
  return [first, ...rest];
};

type Group = readonly [status: number, codes: Codes, outcome: CodeOutcome, once?: "once"];

const huawei: readonly Group[] = [
  [
    403,
    codesOf(
      ...numbered("VOD", "10051 10052"),
      "VST.10002",
      ...numbered("LIVE", "100011006 100011008"),
      ...numbered("APIGW", "0202 0601 0605 0606 0608 0609 0610 0611 0613 0705"),
    ),
    fault,
    "once",
  ],
  [403, ["VOD.10098"], fault, "once"],
  [403, ["VOD.10127", "APIGW.0308"], throttled, "once"],
  [403, codesOf(...numbered("VOD", "10053 10058 10059 10063 10081 10109"), "VST.10001", ...numbered("APIGW", "0602 0607")), oneOfThem],
  [
    403,
    codesOf(
      ...numbered("VOD", "10054 10055 10056 10074 10078 10111 10120 10132 10133 10138"),
      "VST.10004",
      "LIVE.100011013",
      ...numbered("APIGW", "0302 0306 0401 0402 0404 0501 0502"),
    ),
    final("auth_failed"),
  ],
  [403, codesOf("VOD.10057", "LIVE.100011004", ...numbered("APIGW", "0101 0310 0801 0802")), final("not_configured")],
  [403, codesOf(...numbered("VOD", "10060 10061 10083 10084 10099")), final("not_published")],
  [403, ["VOD.10062"], final("not_found")],
  [403, codesOf(...numbered("VOD", "10088 10089 10110")), final("forbidden_domain")],
  [403, codesOf("VOD.10136", ...numbered("APIGW", "0103 0104 0105 0106")), final("vendor_unavailable")],
  [403, codesOf(...numbered("VOD", "10079 10080")), lost],
  [504, ["APIGW.0203"], lost],
  [403, codesOf(...numbered("VOD", "10086 10087")), forAll("quota_exhausted")],
  [401, codesOf(...numbered("APIGW", "0301 0303 0305 0307 0311")), forAll("auth_failed")],
];

const alibaba: readonly Group[] = [
  [503, ["Throttling.User"], throttled, "once"],
  [400, ["QuotaExceeded.Refresh"], forAll("quota_exhausted")],
  [403, ["PreloadQueueFull"], passing("queue_full", 10), "once"],
  [403, ["ServiceBusy", "InvalidDomain.Configure_failed"], fault, "once"],
  [403, ["IllegalOperation", "InvalidDomain.NotFound", "InvalidDomain.Offline"], final("forbidden_domain")],
  [
    403,
    [
      "OperationDenied",
      "OperationDenied.Suspended",
      "InvalidAccessKeyId.NotFound",
      "InvalidSecurityToken.Expired",
      "SignatureDoesNotMatch",
      "IncompleteSignature",
      "Forbidden.RAM",
      "NoPermission",
    ],
    final("auth_failed"),
  ],
  // The provider corrects its clock by the time of the answer and signs once more.
  [400, ["IllegalTimestamp", "InvalidTimeStamp.Expired"], passing("auth_failed", 2), "once"],
  [400, ["InvalidObjectPath.Malformed", "InvalidObjectPath.Size.Malformed", "SingleRequest.OverLimit"], oneOfThem],
  [400, ["InvalidExtensiveDomain.ValueNotSupported"], final("invalid_argument")],
  [400, ["MissingParameter"], final("internal")],
  [403, ["Forbidden.IllegalStatus", "Forbidden.AliyunVoDEncryption", "InvalidVideo.NoneStream"], final("not_published")],
  [404, ["InvalidVideo.NotFound", "InvalidTaskId.Malformed"], final("not_found")],
  [404, ["InvalidAction.NotFound", "InvalidApi.NotFound", "InvalidVersion", "UnsupportedOperation"], final("unsupported")],
  [500, ["InternalError", "ServiceUnavailable", "ServiceUnAvailable", "SignatureNonceUsed"], lost, "once"],
];

const tencent: readonly Group[] = [
  [200, ["RequestLimitExceeded", "LimitExceeded.CdnHostOpTooOften", "UnauthorizedOperation.OperationTooOften"], throttled, "once"],
  [200, ["LimitExceeded"], forAll("quota_exhausted")],
  [
    200,
    [
      "InvalidParameter",
      "InvalidParameterValue",
      "RequestSizeLimitExceeded",
      "LimitExceeded.CdnPushExceedBatchLimit",
      "LimitExceeded.CdnPurgeExceedBatchLimit",
      "LimitExceeded.CdnPurgeUrlExceedBatchLimit",
    ],
    oneOfThem,
  ],
  [
    200,
    [
      "ResourceNotFound.CdnHostNotExists",
      "ResourceUnavailable",
      "ResourceUnavailable.CdnHostIsNotOnline",
      "ResourceUnavailable.CdnHostIsLocked",
      "InvalidParameter.CdnHostInvalidStatus",
      "InvalidParameter.CdnHostInvalidMiddleConfig",
      "InvalidParameter.CdnHostExistsInEdgeOne",
      "UnauthorizedOperation.CdnHostUnauthorized",
    ],
    final("forbidden_domain"),
  ],
  [
    200,
    [
      "AuthFailure",
      "AuthFailure.MFAFailure",
      "AuthFailure.UnauthorizedOperation",
      "UnauthorizedOperation",
      "UnauthorizedOperation.CdnUserAuthFail",
      "UnauthorizedOperation.CdnUserAuthWait",
      "UnauthorizedOperation.CdnUserIsSuspended",
      "ResourceNotFound.CdnUserNotExists",
      "IpInBlacklist",
      "IpNotInWhitelist",
      "OperationDenied",
    ],
    final("auth_failed"),
  ],
  // The provider corrects its clock by the time of the answer and signs once more.
  [200, ["AuthFailure.SignatureExpire"], passing("auth_failed", 2), "once"],
  [200, ["ResourceInsufficient", "FailedOperation"], fault, "once"],
  [200, ["ResourceInUse", "OperationDenied.ProductUpdating"], fault, "once"],
  [200, ["InternalError", "ServiceUnavailable", "ResponseSizeLimitExceeded"], lost, "once"],
  [
    200,
    [
      "InvalidAction",
      "ActionOffline",
      "NoSuchProduct",
      "NoSuchVersion",
      "UnsupportedOperation",
      "UnsupportedProtocol",
      "UnsupportedRegion",
      "UnauthorizedOperation.CdnUserNoWhitelist",
      "UnauthorizedOperation.EcdnMigratedCdn",
      "OperationDenied.ProductUpgraded",
      "OperationDenied.UserMigrating",
    ],
    final("unsupported"),
  ],
  [200, ["InvalidParameter.CdnPushWildcardNotAllowed", "InvalidParameter.CdnPurgeWildcardNotAllowed"], final("invalid_argument")],
  [200, ["MissingParameter", "UnknownParameter", "InvalidRequest"], final("internal")],
  [200, ["ResourceNotFound"], final("not_found")],
];

const volcengine: readonly Group[] = [
  [429, ["FlowLimitExceeded", "AccountFlowLimitExceeded", "RequestLimitExceeded"], throttled, "once"],
  [200, ["ResourceNotFound", "InvalidDomain"], final("forbidden_domain")],
  [200, ["InvalidParameter"], oneOfThem],
  [400, ["InvalidParameter.NoActionQuota"], forAll("quota_exhausted")],
  [403, ["AccessDenied", "LackPolicy", "LackProjectPolicy", "RequestForbidden"], final("auth_failed")],
  [
    401,
    [
      "InvalidAccessKey",
      "InvalidClientTokenId",
      "InvalidSecretToken",
      "SignatureDoesNotMatch",
      "MissingAuthenticationToken",
      "MissingSignature",
      "InvalidAuthorization",
    ],
    final("auth_failed"),
  ],
  // The provider corrects its clock by the time of the answer and signs once more.
  [400, ["InvalidTimestamp"], passing("auth_failed", 2), "once"],
  [
    404,
    [
      "InvalidActionOrVersion",
      "InvalidAction",
      "InvalidVersion",
      "ServiceNotFound",
      "InvalidCredential",
      "MissingRequestInfo",
      "MethodNotAllowed",
      "UnsupportedRegion",
      "UnsupportedProtocol",
      "UnsupportedOperation",
    ],
    final("not_configured"),
  ],
  [400, ["MissingParameter"], final("internal")],
  [500, ["InternalError", "InternalServiceError", "UndefinedError", "FailToConnect", "ServiceUnavailableTemp"], lost, "once"],
  [504, ["InternalServiceTimeout"], lost],
];

const groupOf =
  (provider: ProviderId) =>
  ([status, codes, outcome, once]: Group): CodeGroup => ({ provider, status, codes, outcome, ...(once && { once: true }) });

export const codeGroups: readonly CodeGroup[] = [
  ...huawei.map(groupOf("huawei-vod")),
  ...alibaba.map(groupOf("alibaba-vod")),
  ...tencent.map(groupOf("tencent-cdn")),
  ...volcengine.map(groupOf("volcengine-cdn")),
];

/** Codes that no table has: the status decides. */
export const unknownCodes: readonly CodeGroup[] = [
  { provider: "huawei-vod", codes: ["VOD.19999"], status: 400, outcome: oneOfThem },
  { provider: "huawei-vod", codes: ["VOD.19998"], status: 403, outcome: final("auth_failed") },
  { provider: "huawei-vod", codes: ["VOD.19997"], status: 404, outcome: final("not_found") },
  { provider: "huawei-vod", codes: ["VOD.19996"], status: 429, outcome: throttled },
  { provider: "huawei-vod", codes: ["VOD.19995"], status: 500, outcome: fault },
  { provider: "huawei-vod", codes: ["VOD.19994"], status: 504, outcome: lost },
  { provider: "alibaba-vod", codes: ["NeverHeardOf.400"], status: 400, outcome: final("invalid_argument") },
  { provider: "alibaba-vod", codes: ["NeverHeardOf.403"], status: 403, outcome: final("auth_failed") },
  { provider: "alibaba-vod", codes: ["NeverHeardOf.404"], status: 404, outcome: final("not_found") },
  { provider: "alibaba-vod", codes: ["NeverHeardOf.429"], status: 429, outcome: throttled },
  { provider: "alibaba-vod", codes: ["NeverHeardOf.500"], status: 500, outcome: lost },
  { provider: "alibaba-vod", codes: ["NeverHeardOf.504"], status: 504, outcome: lost },
  { provider: "tencent-cdn", codes: ["NeverHeardOf.200"], status: 200, outcome: lost },
  { provider: "volcengine-cdn", codes: ["NeverHeardOf.200"], status: 200, outcome: oneOfThem },
  { provider: "volcengine-cdn", codes: ["NeverHeardOf.500"], status: 500, outcome: lost },
];

const dialects = {
  "huawei-vod": { ...huaweiErrors(huaweiVod), table: huaweiTable(huaweiVod) },
  "alibaba-vod": { ...alibabaErrors(alibabaVod), table: alibabaTable(alibabaVod) },
  "tencent-cdn": { ...tencentErrors(tencentCdn), table: tencentTable(tencentCdn) },
  "volcengine-cdn": { ...volcengineErrors(sites.volcengine), table: volcengineTable },
} as const;

const context = { action: "the prefetch", intent: "spend", redact: createRedactor([]), now: 0 } as const;

/** The facts that decide a code's outcome, as the provider reads them from an answer. */
export function factsOf(provider: ProviderId, status: number, code: string): Partial<PrefetchError> {
  const { headers, body } = vendors[provider].refusal(status, code);
  const { failureOf } = dialects[provider];
  const {
    code: meaning,
    retryable,
    retryAfterMs,
    delivery,
    divisible,
  } = failureOf({ status, headers: headers ?? {}, text: body }, context);
  return { code: meaning, retryable, retryAfterMs, delivery, divisible };
}

/** The codes of a provider's error table. The API Gateway's numbers stand there under two prefixes, and here without one. */
export function entriesOf(provider: ProviderId): string[] {
  const { codes } = dialects[provider].table;
  return [...new Set([...codes.keys()].map((code) => code.replace(/^APIGW?\./, "")))];
}

/** The entry that a code is found by: the code itself, a gateway's number, or the longest beginning that ends at a dot. */
export function entryOf(code: string, entries: ReadonlySet<string>): string | undefined {
  const beginnings = code.split(".").map((_, end, parts) => parts.slice(0, parts.length - end).join("."));
  return [...beginnings, code.replace(/^APIGW\./, "")].find((beginning) => entries.has(beginning));
}
