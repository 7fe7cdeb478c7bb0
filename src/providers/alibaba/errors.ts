/** Reads Alibaba Cloud's error answers. Sample: https://help.aliyun.com/document_detail/149360.htm */

import { isRecord, parseJson, parseRetryAfter } from "../kit/answer.ts";
import type { HttpResponse } from "../kit/http-client.ts";
import { createVendorErrors, type VendorErrors } from "../kit/vendor-errors.ts";
import type { Vendor, VendorError } from "../kit/vendor-failure.ts";
import { errorTableOf, throttled } from "./error-codes.ts";
import type { Product } from "./product.ts";

/** Codes of successful answers, in lower case. The vendor's own client has the same list. */
const goodCodes = ["200", "ok", "success"];

/**
 * The error in a body, `undefined` for a body without one. Reads JSON with `Code` or `code`, and XML:
 * `{"Code":"Throttling","Message":"…","RequestId":"…"}`, `<Error><Code>Throttling</Code>…</Error>`.
 */
export function readVendorError(text: string): VendorError | undefined {
  const body = parseJson(text);
  const field = (name: string): string | undefined => (isRecord(body) ? jsonField(body, name) : xmlField(text, name));
  const code = field("Code");
  if (!code || goodCodes.includes(code.toLowerCase())) return undefined;
  return { code, message: field("Message") ?? "", requestId: field("RequestId") };
}

function jsonField(body: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = body[name] ?? body[name.charAt(0).toLowerCase() + name.slice(1)];
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function xmlField(text: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`, "i").exec(text)?.[1];
}

/** Reads and explains the errors of one product. */
export function createErrors(product: Product): VendorErrors {
  const vendor: Vendor = {
    provider: product.id,
    name: "Alibaba Cloud",
    requestIdHeader: "x-acs-request-id",
    // "Specified signature is not matched with our calculation. server string to sign is:ACS3-HMAC-SHA256…"
    echo: /\bserver (?:string|canonical)/i,
  };
  return createVendorErrors({
    vendor,
    table: errorTableOf(product),
    read: readVendorError,
    judge: ({ response, meaning: known, isByCode, now }) => {
      const throttleMs = throttleWait(response);
      // Only throttled answers have `x-acs-retry-after`, but a throttled answer does not always prove that nothing was done.
      const meaning = isByCode || throttleMs === undefined ? known : { ...throttled, delivery: known.delivery };
      // The standard header's 0 would allow an immediate retry, which this vendor throttles again.
      const waitMs = throttleMs ?? (parseRetryAfter(response.headers["retry-after"], now) || undefined);
      return { meaning, clockMatters: meaning.clockMatters ?? false, retryAfterMs: meaning.retryable ? waitMs : undefined };
    },
  });
}

/** The vendor's own clients cap the wait at this value, too. Larger values let one answer stop an account for longer. */
const LONGEST_THROTTLE_MS = 120_000;

/** Milliseconds from `x-acs-retry-after`, which counts in milliseconds. `undefined` for 0 and for anything but digits. */
function throttleWait({ headers }: HttpResponse): number | undefined {
  const text = headers["x-acs-retry-after"] ?? "";
  const wait = /^\d+$/.test(text) ? Math.min(Number(text), LONGEST_THROTTLE_MS) : 0;
  return wait > 0 ? wait : undefined;
}
