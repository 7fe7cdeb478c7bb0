/** How a request failed that got no whole answer. */

import { errors } from "undici";
import { asPrefetchError, PrefetchError } from "../../errors.ts";
import { codeOf } from "../request.ts";

export function failureOf(error: unknown, host: string): PrefetchError {
  if (error instanceof PrefetchError) return error;
  if (error instanceof errors.HeadersTimeoutError) return late(`${host} did not answer in time`, error);
  if (error instanceof errors.BodyTimeoutError) return late(`${host} fell silent in the middle of its answer`, error);
  const code = codeOf(error);
  if (code === undefined) return asPrefetchError(error);
  return new PrefetchError("vendor_unavailable", `The answer of ${host} broke off (${code})`, {
    retryable: true,
    hint: "Look at the CDN and the origin behind it, then call again.",
    cause: error,
  });
}

function late(message: string, cause: unknown): PrefetchError {
  return new PrefetchError("timeout", message, { retryable: true, hint: "Look at the origin behind the CDN, then call again.", cause });
}
