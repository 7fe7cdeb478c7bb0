/** How a request failed that got no whole answer. */

import { errors } from "undici";
import { asPrefetchError, PrefetchError } from "../../../base/errors.ts";
import { codeOf } from "../../kit/http-client.ts";

/** What the guard refused or could not connect to stays what it is, and so does a bug; everything else broke after the request was sent. */
export function failureOf(error: unknown, host: string): PrefetchError {
  if (error instanceof PrefetchError) return error;
  if (error instanceof errors.InvalidArgumentError) {
    return new PrefetchError("invalid_argument", `The request to ${host} cannot be made (${error.message})`, { cause: error });
  }
  if (error instanceof errors.HeadersOverflowError) {
    return new PrefetchError("unsupported", `${host} answered with more headers than are read`, { cause: error });
  }
  if (error instanceof errors.HeadersTimeoutError) return late(`${host} did not answer in time`, error);
  if (error instanceof errors.BodyTimeoutError) return late(`${host} fell silent in the middle of its answer`, error);
  const code = codeOf(error);
  if (code === undefined) return asPrefetchError(error);
  return new PrefetchError("vendor_unavailable", `The connection to ${host} broke off before its answer was whole (${code})`, {
    retryable: true,
    delivery: "unknown",
    hint: "Look at the CDN and the origin behind it, then call again.",
    cause: error,
  });
}

function late(message: string, cause: unknown): PrefetchError {
  const hint = "Look at the origin behind the CDN, then call again.";
  return new PrefetchError("timeout", message, { retryable: true, delivery: "unknown", hint, cause });
}
