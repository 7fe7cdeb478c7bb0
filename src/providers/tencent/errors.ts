/**
 * Tencent Cloud's errors. They arrive with HTTP 200, so the code decides.
 * https://www.tencentcloud.com/document/product/1209/56023 (common codes)
 */

import { z } from "zod";
import { parseJson, parseRetryAfter } from "../kit/answer.ts";
import type { ErrorTable, Meaning, StatusMeanings } from "../kit/error-table.ts";
import { createVendorErrors, type VendorErrors } from "../kit/vendor-errors.ts";
import { type VendorError, WRONG_CLOCK_HINT } from "../kit/vendor-failure.ts";
import { type Meanings, meaningsFor, type Product } from "./product.ts";

const errorAnswer = z.object({
  Response: z.object({
    Error: z.object({ Code: z.string(), Message: z.string().nullish() }),
    RequestId: z.string().nullish(),
  }),
});

/** `{"Response":{"Error":{"Code":"…","Message":"…"},"RequestId":"…"}}`; `undefined` for a body without an error. */
export function readVendorError(text: string): VendorError | undefined {
  const found = errorAnswer.safeParse(parseJson(text)).data?.Response;
  return found && { code: found.Error.Code, message: found.Error.Message ?? "", requestId: found.RequestId ?? undefined };
}

const wrongClock: Meaning = { code: "auth_failed", clockMatters: true, hint: WRONG_CLOCK_HINT };
const commonCodes = (is: Meanings): Readonly<Record<string, Meaning>> => ({
  AuthFailure: is.wrongKeys,
  "AuthFailure.SignatureExpire": wrongClock,
  "AuthFailure.MFAFailure": { code: "auth_failed", hint: "The account asks for a second factor. Use the keys of a CAM user without it." },
  "AuthFailure.UnauthorizedOperation": is.denied,
  UnauthorizedOperation: is.denied,
  IpInBlacklist: { code: "auth_failed", hint: "The account's rules refuse this machine's address." },
  IpNotInWhitelist: { code: "auth_failed", hint: "The account's rules refuse this machine's address." },
  RequestLimitExceeded: is.throttled,
  LimitExceeded: is.quota,
  RequestSizeLimitExceeded: is.tooMany,
  InvalidParameter: is.invalid,
  InvalidParameterValue: is.invalid,
  MissingParameter: is.bug,
  UnknownParameter: is.bug,
  InvalidRequest: is.bug,
  ResourceNotFound: { code: "not_found", hint: "Check the id." },
  ResourceUnavailable: is.foreignDomain,
  ResourceInUse: is.busy,
  ResourceInsufficient: { code: "vendor_unavailable", retryable: true },
  OperationDenied: is.account,
  FailedOperation: { code: "vendor_unavailable", retryable: true, hint: "The vendor gives its reason in the message." },
  InternalError: is.fault,
  ServiceUnavailable: is.fault,
  ResponseSizeLimitExceeded: is.fault,
  InvalidAction: is.unsupported,
  ActionOffline: is.unsupported,
  NoSuchProduct: is.unsupported,
  NoSuchVersion: is.unsupported,
  UnsupportedOperation: is.unsupported,
  UnsupportedProtocol: is.unsupported,
  UnsupportedRegion: is.unsupported,
});

export function errorTableOf(product: Product): ErrorTable {
  const is = meaningsFor(product);
  const fromProxy = "The answer has no vendor code, so a proxy may have sent it. Check the endpoint and any proxy on the way.";
  const refused: Meaning = { code: "auth_failed", hint: fromProxy };
  const noCode: StatusMeanings = {
    exact: {
      401: refused,
      403: refused,
      404: { code: "not_found", hint: `Check ${product.endpointSetting}.` },
      407: refused,
      408: { code: "timeout", retryable: true },
      413: is.tooMany,
      429: is.throttled,
      // It says that nothing was done. The records of requests decide where there are any.
      503: product.traceable ? is.fault : { ...is.fault, delivery: "refused" },
      504: { code: "timeout", retryable: true, delivery: "unknown" },
    },
    clientError: { code: "invalid_argument", hint: fromProxy },
    serverError: is.fault,
    other: { code: "vendor_unavailable", delivery: "unknown", hint: fromProxy },
  };
  const undocumented: Meaning = {
    code: "vendor_unavailable",
    delivery: "unknown",
    hint: "The vendor's code is not known here. Look it up at https://www.tencentcloud.com/document/api.",
  };
  return {
    codes: new Map(Object.entries({ ...commonCodes(is), ...product.codes(is) })),
    unknownCode: { ...noCode, other: undocumented },
    noCode,
  };
}

/** Reads and explains the errors of one product. */
export function createErrors(product: Product): VendorErrors {
  return createVendorErrors({
    // The message of a refused signature repeats none of the request.
    vendor: { provider: product.id, name: "Tencent Cloud", echo: /(?!)/ },
    table: errorTableOf(product),
    read: readVendorError,
    judge: ({ response, meaning, now }) => ({
      meaning,
      clockMatters: meaning.clockMatters ?? false,
      retryAfterMs: meaning.retryable ? parseRetryAfter(response.headers["retry-after"], now) : undefined,
    }),
  });
}
