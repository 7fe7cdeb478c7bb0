/** Reads Alibaba Cloud's error answers. Sample: https://help.aliyun.com/document_detail/149360.htm */

import type { PrefetchError } from "../../base/errors.ts";
import { isRecord, parseJson, parseRetryAfter } from "../kit/answer.ts";
import { type Meaning, meaningOfCode, meaningOfStatus } from "../kit/error-table.ts";
import type { HttpResponse } from "../kit/http-client.ts";
import { type FailureContext, reasonOf, type Vendor, type VendorError, vendorFailure } from "../kit/vendor-failure.ts";
import { errorTable, throttled, wrongClock, wrongKeys } from "./error-codes.ts";

export const alibabaCloud: Vendor = {
  provider: "alibaba-vod",
  name: "Alibaba Cloud",
  requestIdHeader: "x-acs-request-id",
  // "Specified signature is not matched with our calculation. server string to sign is:ACS3-HMAC-SHA256…"
  echo: /\bserver (?:string|canonical)/i,
};

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

/** The error for an answer that is not a success. */
export function failureOf(response: HttpResponse, context: FailureContext): PrefetchError {
  const error = readVendorError(response.text);
  const throttleMs = throttleWait(response);
  const meaning = meaningOf(response.status, error?.code, throttleMs);
  // The standard header's 0 would allow an immediate retry, which this vendor throttles again.
  const waitMs = throttleMs ?? (parseRetryAfter(response.headers["retry-after"], context.now) || undefined);
  return vendorFailure(
    alibabaCloud,
    response,
    {
      error,
      meaning,
      reason: reasonOf(error, alibabaCloud, context.redact),
      clockMatters: meaning === wrongClock || meaning === wrongKeys,
      retryAfterMs: meaning.retryable ? waitMs : undefined,
    },
    context,
  );
}

/** Only throttled answers have `x-acs-retry-after`, but a throttled answer does not always prove that nothing was done. */
function meaningOf(status: number, code: string | undefined, throttleMs: number | undefined): Meaning {
  const byCode = meaningOfCode(errorTable, code);
  if (byCode) return byCode;
  const byStatus = meaningOfStatus(errorTable, status, code);
  return throttleMs === undefined ? byStatus : { ...throttled, delivery: byStatus.delivery };
}

/** The vendor's own clients cap the wait at this value, too. Larger values let one answer stop an account for longer. */
const LONGEST_THROTTLE_MS = 120_000;

/** Milliseconds from `x-acs-retry-after`, which counts in milliseconds. `undefined` for 0 and for anything but digits. */
function throttleWait({ headers }: HttpResponse): number | undefined {
  const text = headers["x-acs-retry-after"] ?? "";
  const wait = /^\d+$/.test(text) ? Math.min(Number(text), LONGEST_THROTTLE_MS) : 0;
  return wait > 0 ? wait : undefined;
}
