/** Tencent Cloud's errors: each documented code of each product, and answers of other servers. */

import { describe, expect, it } from "vitest";
import type { ErrorCode, PrefetchError } from "../../../src/base/errors.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import { cdn } from "../../../src/providers/tencent/cdn-product.ts";
import { edgeOne } from "../../../src/providers/tencent/edgeone-product.ts";
import { createErrors, readVendorError } from "../../../src/providers/tencent/errors.ts";
import { meaningsFor, type Product } from "../../../src/providers/tencent/product.ts";
import { vod } from "../../../src/providers/tencent/vod.ts";
import { answerOf } from "./harness.ts";

const now = Date.parse("2026-11-21T12:00:00Z");
const retry = { retryable: true, divisible: false, delivery: "refused" } as const;
const final = { retryable: false, divisible: false, delivery: "refused" } as const;
/** Refused because of some URLs or their number. The answer does not name them. */
const smaller = { ...final, divisible: true } as const;
/** The vendor may have done the request. */
const lost = { ...retry, delivery: "unknown" } as const;
type Facts = typeof retry | typeof final | typeof smaller | typeof lost;

function failure(product: Product, content: unknown, status = 200, intent: "spend" | "read" = "spend"): PrefetchError {
  const text = typeof content === "string" ? content : JSON.stringify(content);
  const context = { action: "the prefetch", intent, redact: createRedactor([]), now };
  return createErrors(product).failureOf({ status, headers: {}, text }, context);
}

const said = (Code: string) => answerOf({ Error: { Code, Message: "The vendor's reason." } });

/** Meaning and facts, and the codes by their first part. */
type Row = readonly [meaning: ErrorCode, facts: Facts, codes: string];
const common: readonly Row[] = [
  ["auth_failed", final, "AuthFailure.{InvalidAuthorization,InvalidSecretId,MFAFailure,SecretIdNotFound,SignatureExpire,SignatureFailure}"],
  ["auth_failed", final, "AuthFailure.{TokenFailure,UnauthorizedOperation} UnauthorizedOperation IpInBlacklist IpNotInWhitelist"],
  ["rate_limited", retry, "RequestLimitExceeded RequestLimitExceeded.{UinLimitExceeded,IPLimitExceeded,GlobalRegionUinLimitExceeded}"],
  ["quota_exhausted", final, "LimitExceeded"],
  ["invalid_argument", smaller, "InvalidParameter InvalidParameterValue RequestSizeLimitExceeded"],
  ["internal", final, "MissingParameter UnknownParameter InvalidRequest"],
  ["not_found", final, "ResourceNotFound"],
  ["forbidden_domain", final, "ResourceUnavailable"],
  ["vendor_unavailable", retry, "ResourceInUse ResourceInsufficient FailedOperation"],
  ["vendor_unavailable", lost, "InternalError ServiceUnavailable ResponseSizeLimitExceeded"],
  [
    "unsupported",
    final,
    "InvalidAction ActionOffline NoSuchProduct NoSuchVersion UnsupportedOperation UnsupportedProtocol UnsupportedRegion",
  ],
];
/** Those of PushUrlsCache, PurgeUrlsCache, DescribePushTasks, DescribePurgeTasks, DescribePushQuota, DescribePurgeQuota, DescribeDomains. */
const cdnRows: readonly Row[] = [
  ["quota_exhausted", final, "LimitExceeded.{CdnPushExceedDayLimit,CdnPurgeExceedDayLimit,CdnPurgeUrlExceedDayLimit}"],
  ["invalid_argument", smaller, "LimitExceeded.{CdnPushExceedBatchLimit,CdnPurgeExceedBatchLimit,CdnPurgeUrlExceedBatchLimit}"],
  ["rate_limited", retry, "LimitExceeded.CdnHostOpTooOften UnauthorizedOperation.OperationTooOften"],
  ["vendor_unavailable", retry, "ResourceInUse.CdnOpInProgress OperationDenied.ProductUpdating"],
  [
    "invalid_argument",
    smaller,
    "InvalidParameter.{CdnParamError,CdnHostInvalidParam,CdnInterfaceError,CdnUrlExceedLength,CdnStatInvalidDate}",
  ],
  [
    "invalid_argument",
    smaller,
    "InvalidParameter.{CdnStatInvalidMetric,CdnStatInvalidProjectId,CdnStatTooManyDomains,CDNStatusInvalidDomain}",
  ],
  ["invalid_argument", final, "InvalidParameter.{CdnPushWildcardNotAllowed,CdnPurgeWildcardNotAllowed}"],
  ["forbidden_domain", final, "ResourceNotFound.CdnHostNotExists ResourceUnavailable.{CdnHostIsNotOnline,CdnHostIsLocked}"],
  ["forbidden_domain", final, "InvalidParameter.{CdnHostInvalidStatus,CdnHostInvalidMiddleConfig,CdnHostExistsInEdgeOne}"],
  ["forbidden_domain", final, "UnauthorizedOperation.CdnHostUnauthorized"],
  ["auth_failed", final, "UnauthorizedOperation.{CdnCamUnauthorized,CdnUserAuthFail,CdnUserAuthWait,CdnUserIsSuspended,OpNoAuth}"],
  ["auth_failed", final, "UnauthorizedOperation.{CdnProjectUnauthorized,CdnTagUnauthorized} ResourceNotFound.CdnUserNotExists"],
  ["unsupported", final, "UnauthorizedOperation.{CdnUserNoWhitelist,EcdnMigratedCdn} OperationDenied.{ProductUpgraded,UserMigrating}"],
  [
    "vendor_unavailable",
    lost,
    "InternalError.{CamSystemError,CdnConfigError,CdnDbError,CdnQuerySystemError,CdnQueryParamError,CdnSystemError}",
  ],
  ["vendor_unavailable", lost, "InternalError.{Error,ProxyServer,RouteError,UnknownError}"],
];

/** Those of PushUrlCache and DescribeVodDomains, which the vendor documents without causes. */
const vodRows: readonly Row[] = [
  ["forbidden_domain", final, "InvalidParameterValue"],
  ["internal", final, "InvalidParameterValue.{Limit,LimitTooLarge,Offset,OffsetTooLarge}"],
  ["auth_failed", final, "FailedOperation.InvalidVodUser"],
];

/** Those of the calls of TEO that the provider makes. */
const edgeOneRows: readonly Row[] = [
  ["quota_exhausted", final, "LimitExceeded.DailyQuota"],
  ["invalid_argument", smaller, "LimitExceeded.BatchQuota InvalidParameter.{ParameterError,Target,TaskNotGenerated,UploadUrl}"],
  ["invalid_argument", smaller, "InvalidParameter.{DomainOnTrafficScheduling,TooManyFilterValues}"],
  ["forbidden_domain", final, "InvalidParameter.DomainNotFound"],
  ["unsupported", final, "LimitExceeded.PackNotAllow"],
  ["not_found", final, "ResourceNotFound ResourceNotFound.ZoneNotFound"],
  ["auth_failed", final, "UnauthorizedOperation.{CamUnauthorized,NoPermission,DomainEmpty} OperationDenied"],
  ["vendor_unavailable", lost, "UnauthorizedOperation.Unknown"],
  ["vendor_unavailable", lost, "InternalError.{BackendError,DomainConfig,FailedToGenerateUrl,QuotaSystem,ProxyServer}"],
];

const products: readonly (readonly [Product, readonly Row[]])[] = [
  [cdn, cdnRows],
  [edgeOne, edgeOneRows],
  [vod, vodRows],
];

/** `a.{b,c} d` means a.b, a.c and d. */
function codesIn(text: string): string[] {
  return text.split(" ").flatMap((word) => {
    const [, first = "", list = ""] = /^(.*)\{(.*)\}$/.exec(word) ?? [];
    return list === "" ? [word] : list.split(",").map((rest) => `${first}${rest}`);
  });
}

describe.each(products.map((each) => [each[0].id, ...each] as const))("the codes of %s", (_, product, own) => {
  const rows = [...common, ...own].flatMap(([meaning, facts, codes]) => codesIn(codes).map((code) => [code, meaning, facts] as const));
  // A product's own row replaces the common one.
  const cases = [...new Map(rows.map((row) => [row[0], row])).values()];

  it.each(cases)("read %s as %s", (code, meaning, facts) => {
    const error = failure(product, said(code));
    expect(error).toMatchObject({ code: meaning, ...facts, vendorCode: code, provider: product.id });
    expect(error.requestId).toBe("0a1b2c3d-0000-4000-8000-000000000000");
    expect(error.message).toBe("Tencent Cloud refused the prefetch with HTTP 200: The vendor's reason");
    // Users need a hint where the server does not retry or divide the batch itself.
    if (!error.retryable && !error.divisible) expect([code, error.hint]).toEqual([code, expect.stringMatching(/\.$/)]);
    expect(failure(product, said(code), 200, "read").delivery).toBe("refused");
  });

  it("have no row that no test names", () => {
    const named = new Set(cases.map(([code]) => code));
    const own = Object.keys(product.codes(meaningsFor(product)));
    expect(own.filter((code) => ![...named].some((each) => each === code || each.startsWith(`${code}.`)))).toEqual([]);
  });
});

describe("the move from CDN to EdgeOne", () => {
  it.each(["OperationDenied.ProductUpgraded", "OperationDenied.UserMigrating", "InvalidParameter.CdnHostExistsInEdgeOne"])(
    "names tencent-edgeone and its setting for %s",
    (code) => {
      expect(failure(cdn, said(code)).hint).toMatch(/add edgeone to PREFETCH_TENCENT_PRODUCTS, and use provider tencent-edgeone\./);
    },
  );

  it("is waited for while it runs", () => {
    expect(failure(cdn, said("OperationDenied.ProductUpdating"))).toMatchObject({
      retryAfterMs: 120_000,
      hint: expect.stringMatching(/later/),
    });
  });
});

describe("an answer without a known code", () => {
  it.each<readonly [number, string | object, ErrorCode, Facts | { readonly delivery: "unknown" }]>([
    [200, said("Never.HeardOf"), "vendor_unavailable", { delivery: "unknown" }],
    [400, "", "invalid_argument", final],
    [401, "<html>", "auth_failed", final],
    [403, "", "auth_failed", final],
    [404, "", "not_found", final],
    [413, "", "invalid_argument", smaller],
    [429, "", "rate_limited", retry],
    [500, "{}", "vendor_unavailable", lost],
    [503, "", "vendor_unavailable", lost],
    [504, "", "timeout", lost],
    [302, "", "vendor_unavailable", { delivery: "unknown" }],
  ])("is read by its status: HTTP %i with %j", (status, body, meaning, facts) => {
    expect(failure(cdn, body, status)).toMatchObject({ code: meaning, ...facts });
  });

  it.each([
    "",
    "null",
    "[7]",
    "{}",
    '{"Response":null}',
    '{"Response":{"Error":null}}',
    '{"Response":{"Error":"text"}}',
    '{"Response":{"TaskId":"1"}}',
  ])("has no error in %j", (text) => {
    expect(readVendorError(text)).toBeUndefined();
  });

  it("may lack message and request id", () => {
    expect(readVendorError('{"Response":{"Error":{"Code":"InternalError","Message":null}}}')).toEqual({
      code: "InternalError",
      message: "",
      requestId: undefined,
    });
  });
});
