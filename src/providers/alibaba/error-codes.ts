/**
 * The meaning of Alibaba Cloud's error codes and HTTP statuses. Codes decide, because statuses differ between products and
 * years: throttling arrives as 503, 429 and 400.
 * https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches
 * https://error-center.aliyun.com/status/product/vod
 */

import type { ErrorTable, Meaning, StatusMeanings } from "../kit/error-table.ts";
import { WRONG_CLOCK_HINT } from "../kit/vendor-failure.ts";
import type { Product } from "./product.ts";

export const throttled: Meaning = { code: "rate_limited", retryable: true };
/** A shorter request may pass. */
const divisibleRefusal: Meaning = { code: "invalid_argument", divisible: true };
const domainInSetup: Meaning = {
  code: "vendor_unavailable",
  retryable: true,
  retryAfterMs: 120_000,
  hint: "The domain is being configured; this takes minutes.",
};
const wrongClock: Meaning = { code: "auth_failed", clockMatters: true, hint: WRONG_CLOCK_HINT };
/** The vendor may have done the request all the same; its task list tells. */
const fault: Meaning = {
  code: "vendor_unavailable",
  retryable: true,
  delivery: "unknown",
  hint: "The vendor has a fault, which usually passes. Call again later.",
};

/** Rows whose advice names the product. */
function namedMeanings({ id, service, permissions }: Product) {
  return {
    denied: { code: "auth_failed", lacksRight: true, hint: `Grant the RAM user ${permissions}.` },
    wrongKeys: {
      code: "auth_failed",
      clockMatters: true,
      hint: `Check the access key of ${id}. Temporary keys expire, and also need their security token.`,
    },
    foreignDomain: {
      code: "forbidden_domain",
      hint: `The URL's domain must be an enabled accelerated domain of ${service} in this account.`,
    },
  } as const satisfies Record<string, Meaning>;
}

function codesOf(product: Product): ReadonlyMap<string, Meaning> {
  const { service, unsupportedHint, codes = {} } = product;
  const { denied, wrongKeys, foreignDomain } = namedMeanings(product);
  const unsupported: Meaning = { code: "unsupported", hint: unsupportedHint };
  const rows: Readonly<Record<string, Meaning>> = {
    Throttling: throttled,
    QuotaExceeded: { code: "quota_exhausted", hint: "Wait for the vendor's next day, or ask Alibaba Cloud for a higher quota." },
    PreloadQueueFull: {
      code: "queue_full",
      retryable: true,
      retryAfterMs: 180_000,
      hint: "The domain's queue empties as its URLs are fetched.",
    },
    IllegalOperation: foreignDomain,
    OperationDenied: { code: "auth_failed", hint: `Activate ${service} for this account in its console.` },
    "OperationDenied.Suspended": {
      code: "auth_failed",
      hint: "The account is suspended. Settle its balance in the console of Alibaba Cloud.",
    },
    "InvalidDomain.NotFound": foreignDomain,
    "InvalidDomain.Offline": { ...foreignDomain, hint: `The domain is disabled. Enable it in the console of ${service}.` },
    "InvalidDomain.Configure_failed": {
      ...domainInSetup,
      hint: `The domain's configuration failed. Check it in the console of ${service}.`,
    },
    ServiceBusy: domainInSetup,
    MissingParameter: { code: "internal", hint: "This is a bug in cdn-prefetch-mcp." },
    "InvalidObjectPath.Malformed": {
      code: "invalid_argument",
      divisible: true,
      hint: "The vendor cannot read this URL. Check its characters and its path.",
    },
    "InvalidExtensiveDomain.ValueNotSupported": {
      code: "invalid_argument",
      hint: "The vendor cannot prefetch wildcard hosts. Name the host.",
    },
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
    ...codes,
    "InvalidTaskId.Malformed": { code: "not_found", hint: "Check the id." },
    InvalidAction: unsupported,
    InvalidApi: unsupported,
    InvalidVersion: unsupported,
    UnsupportedOperation: unsupported,
    InternalError: fault,
    ServiceUnavailable: fault,
    ServiceUnAvailable: fault,
  };
  return new Map(Object.entries(rows));
}

const fromProxy = "The answer has no vendor code, so a proxy may have sent it. Check the endpoint and any proxy on the way.";
const refusedByProxy: Meaning = { code: "auth_failed", hint: fromProxy };

function statusesOf(product: Product): StatusMeanings {
  const { denied } = namedMeanings(product);
  return {
    exact: {
      401: denied,
      403: denied,
      404: { code: "not_found", hint: `Check ${product.endpointSetting} and the id.` },
      407: denied,
      408: { code: "timeout", retryable: true },
      // A shorter request may pass, whether the vendor or a proxy has found this one too long.
      413: divisibleRefusal,
      414: divisibleRefusal,
      429: throttled,
      431: divisibleRefusal,
      504: { code: "timeout", retryable: true, delivery: "unknown" },
    },
    clientError: { code: "invalid_argument", hint: product.argumentHint },
    serverError: fault,
    other: {
      code: "vendor_unavailable",
      delivery: "unknown",
      hint: "The vendor's code is not documented. Look it up at https://error-center.aliyun.com.",
    },
  };
}

export function errorTableOf(product: Product): ErrorTable {
  const unknownCode = statusesOf(product);
  return {
    codes: codesOf(product),
    unknownCode,
    noCode: {
      ...unknownCode,
      exact: { ...unknownCode.exact, 401: refusedByProxy, 403: refusedByProxy, 407: refusedByProxy },
      other: { ...unknownCode.other, hint: fromProxy },
    },
  };
}
