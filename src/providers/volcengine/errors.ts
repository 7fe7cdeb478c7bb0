/**
 * The meaning of the vendor's errors. A `ResponseMetadata.Error` is a refusal at any HTTP status, a 2xx included:
 * https://docs.byteplus.com/en/docs/byteplus-cdn/reference-api-request-reponses
 * Codes of the gateway, with statuses that differ between pages: https://docs.byteplus.com/byteplus-platform/reference/common-error-codes,
 * https://www.volcengine.com/docs/6408/78947, https://www.volcengine.com/docs/4/65595
 */

import { z } from "zod";
import { parseJson, parseRetryAfter } from "../kit/answer.ts";
import type { ErrorTable, Meaning } from "../kit/error-table.ts";
import { createVendorErrors, type VendorErrors } from "../kit/vendor-errors.ts";
import { WRONG_CLOCK_HINT } from "../kit/vendor-failure.ts";
import { id } from "./cdn-product.ts";
import type { Site } from "./sites.ts";

const permissions =
  "cdn:SubmitPreloadTask, cdn:DescribeContentTasks and cdn:DescribeContentQuota (refresh_first also needs cdn:SubmitRefreshTask)";

export const QUOTA_HINT = "Wait for the vendor's next day, or ask the vendor for a higher quota.";
const throttled: Meaning = { code: "rate_limited", retryable: true };
const denied: Meaning = { code: "auth_failed", lacksRight: true, hint: `Grant the IAM user ${permissions}.` };
const wrongKeys: Meaning = {
  code: "auth_failed",
  clockMatters: true,
  hint: "Check the access key: that it is enabled, and belongs to the site in PREFETCH_VOLCENGINE_CDN_SITE. Temporary keys expire, and also need their token.",
};
const setup: Meaning = {
  code: "not_configured",
  hint: "Check PREFETCH_VOLCENGINE_CDN_SITE, and PREFETCH_VOLCENGINE_CDN_ENDPOINT and _REGION if they are set.",
};
const foreignDomain: Meaning = {
  code: "forbidden_domain",
  hint: "The URL's domain must be an enabled domain of the CDN in this account.",
};
/** The vendor takes or refuses a request as a whole, and names no URL. */
const invalid: Meaning = { code: "invalid_argument", divisible: true, hint: "Check the URLs, and PREFETCH_VOLCENGINE_CDN_AREA." };
/** The vendor may have done the request all the same; its task list tells. */
const fault: Meaning = {
  code: "vendor_unavailable",
  retryable: true,
  delivery: "unknown",
  hint: "The vendor has a fault, which usually passes. Call again later.",
};
const timeout: Meaning = { code: "timeout", retryable: true, delivery: "unknown" };

const rowsOf = (meaning: Meaning, ...codes: readonly string[]) => codes.map((code) => [code, meaning] as const);

const byStatus = {
  exact: {
    401: wrongKeys,
    403: denied,
    404: { code: "not_found", hint: "Check PREFETCH_VOLCENGINE_CDN_ENDPOINT and the id." },
    408: { code: "timeout", retryable: true },
    429: throttled,
    504: timeout,
  },
  clientError: invalid,
  serverError: fault,
} as const;

export const errorTable: ErrorTable = {
  codes: new Map<string, Meaning>([
    ...rowsOf(throttled, "FlowLimitExceeded", "AccountFlowLimitExceeded", "RequestLimitExceeded"),
    ...rowsOf(wrongKeys, "MissingAuthenticationToken", "MissingSignature", "InvalidAuthorization", "InvalidAccessKey"),
    ...rowsOf(wrongKeys, "InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidSecretToken"),
    ["InvalidTimestamp", { code: "auth_failed", clockMatters: true, hint: WRONG_CLOCK_HINT }],
    ...rowsOf(denied, "LackPolicy", "LackProjectPolicy", "AccessDenied", "RequestForbidden"),
    ...rowsOf(setup, "MissingRequestInfo", "InvalidCredential", "ServiceNotFound", "InvalidActionOrVersion", "InvalidAction"),
    ...rowsOf(setup, "InvalidVersion", "MethodNotAllowed", "UnsupportedRegion", "UnsupportedProtocol", "UnsupportedOperation"),
    ["MissingParameter", { code: "internal", hint: "This is a bug in cdn-prefetch-mcp. Please report it." }],
    ["InvalidParameter", invalid],
    // Documented for the prefetch of the same CDN by BytePlus VOD.
    ["InvalidParameter.NoActionQuota", { code: "quota_exhausted", hint: QUOTA_HINT }],
    ...rowsOf(foreignDomain, "InvalidDomain", "ResourceNotFound"),
    ...rowsOf(fault, "InternalError", "InternalServiceError", "UndefinedError", "FailToConnect", "ServiceUnavailableTemp"),
    ["InternalServiceTimeout", timeout],
  ]),
  unknownCode: { ...byStatus, other: invalid },
  noCode: {
    ...byStatus,
    other: {
      code: "vendor_unavailable",
      delivery: "unknown",
      hint: "A proxy may have answered instead of the vendor. Check the endpoint and any proxy.",
    },
  },
};

const text = z.union([z.string(), z.number()]).transform(String);
const refusal = z.object({
  ResponseMetadata: z.object({
    RequestId: z.string().optional(),
    Error: z.object({ Code: text.nullish(), CodeN: text.nullish(), Message: z.string().nullish() }),
  }),
});

export function createErrors({ name }: Pick<Site, "name">): VendorErrors {
  return createVendorErrors({
    vendor: { provider: id, name, requestIdHeader: "x-tt-logid", echo: /(?!)/ },
    table: errorTable,
    read: (body) => {
      const found = refusal.safeParse(parseJson(body)).data?.ResponseMetadata;
      if (!found) return undefined;
      const { Code, CodeN, Message } = found.Error;
      return { code: Code || CodeN || "unnamed", message: Message ?? "", requestId: found.RequestId };
    },
    judge: ({ response, meaning, now }) => ({
      meaning,
      clockMatters: meaning.clockMatters ?? false,
      retryAfterMs: meaning.retryable ? parseRetryAfter(response.headers["retry-after"], now) : undefined,
    }),
  });
}
