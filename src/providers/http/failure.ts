/** How a request failed that got no whole answer. */

import { errors } from "undici";
import { PrefetchError } from "../../errors.ts";
import { codeOf } from "../request.ts";

/** What the guard refused or could not connect to stays what it is; everything else broke after the request was sent. */
export function failureOf(error: unknown, host: string): PrefetchError {
  if (error instanceof PrefetchError) return error;
  if (error instanceof errors.InvalidArgumentError) {
    return new PrefetchError("invalid_argument", `The request to ${host} cannot be made (${error.message})`, { cause: error });
  }
  const facts = { retryable: true, delivery: "unknown", cause: error } as const;
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return new PrefetchError("timeout", `${host} did not answer in time`, { ...facts, hint: "Check that the origin behind it is up." });
  }
  if (error instanceof errors.HeadersOverflowError) {
    return new PrefetchError("unsupported", `${host} answered with more headers than are read`, { ...facts, retryable: false });
  }
  const code = codeOf(error);
  return new PrefetchError(
    "vendor_unavailable",
    `The connection to ${host} broke off before its answer was whole${code ? ` (${code})` : ""}`,
    facts,
  );
}
