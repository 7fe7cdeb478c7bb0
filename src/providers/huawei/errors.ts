/** Reads Huawei Cloud's error answers. https://support.huaweicloud.com/api-vod/ErrorCode.html */

import { isRecord, LONGEST_WAIT_MS, parseJson, parseRetryAfter } from "../kit/answer.ts";
import { createVendorErrors, type VendorErrors } from "../kit/vendor-errors.ts";
import type { VendorError } from "../kit/vendor-failure.ts";
import { errorTableOf } from "./error-codes.ts";
import type { Product } from "./product.ts";

/** The vendor nests an error once. A limit keeps hostile JSON from exhausting the stack. */
const DEEPEST_ERROR = 3;

/**
 * The error in a parsed body, `undefined` for a body without one. Products differ in the shape:
 * `{"error_code":"VOD.10062","error_msg":"…"}`, `{"errorCode":…}`, `{"code":401,"message":"…"}`, or one of these in `error`.
 */
export function readVendorError(body: unknown, depth = 0): VendorError | undefined {
  if (!isRecord(body) || depth > DEEPEST_ERROR) return undefined;
  const pairs = [
    [body.error_code, body.error_msg],
    [body.errorCode, body.errorMsg],
    [body.code, body.message],
  ];
  const [code, message] = pairs.find(([found]) => typeof found === "string" || typeof found === "number") ?? [];
  if (code === undefined) return readVendorError(body.error, depth + 1);
  return {
    code: String(code),
    message: typeof message === "string" ? message : "",
    requestId: typeof body.request_id === "string" ? body.request_id : undefined,
  };
}

const lockedHint =
  "Huawei Cloud has locked this key for five minutes after repeated failures. Make sure that the credentials are right, then wait.";

/** Reads and explains the errors of one product. */
export function createErrors(product: Product): VendorErrors {
  return createVendorErrors({
    vendor: {
      provider: product.id,
      name: "Huawei Cloud",
      requestIdHeader: "x-request-id",
      // "verify aksk signature fail, canonicalRequest:POST|/v1.0/…"
      echo: /canonicalRequest:/,
    },
    table: errorTableOf(product),
    read: (text) => readVendorError(parseJson(text)),
    judge: ({ response, meaning, reason, now }) => ({
      meaning: /reach the limit/i.test(reason) ? { ...meaning, hint: lockedHint } : meaning,
      clockMatters: response.status === 401,
      retryAfterMs: parseRetryAfter(response.headers["retry-after"], now) ?? throttlePeriod(reason),
    }),
  });
}

const unitMs = new Map([
  ["second", 1_000],
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", 86_400_000],
]);

/** Milliseconds of the period in a throttling message: "policy user over ratelimit,limit:100,time:1 minute". */
function throttlePeriod(reason: string): number | undefined {
  const [, count, unit = ""] = /time:\s*(\d{1,4})\s*(second|minute|hour|day)/i.exec(reason) ?? [];
  return count === undefined ? undefined : Math.min(Number(count) * (unitMs.get(unit.toLowerCase()) ?? 0), LONGEST_WAIT_MS);
}
