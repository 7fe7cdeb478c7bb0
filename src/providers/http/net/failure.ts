/** Errors for requests that were sent and did not get a complete response. */

import { errors } from "undici";
import { asPrefetchError, PrefetchError } from "../../../base/errors.ts";
import { InvalidAnswerError } from "../../kit/answer-guard.ts";
import { codeOf } from "../../kit/http-client.ts";
import { tlsFailure } from "./tls-failure.ts";

/** Errors of the address guard and bugs pass through; every other error happened after the request was sent. */
export function failureOf(error: unknown, host: string): PrefetchError {
  if (error instanceof PrefetchError) return error;
  if (error instanceof errors.InvalidArgumentError) {
    return new PrefetchError("invalid_argument", `The request to ${host} cannot be made (${error.message})`, { cause: error });
  }
  if (error instanceof errors.HeadersOverflowError) {
    return new PrefetchError("unsupported", `${host} sent larger response headers than this server reads`, { cause: error });
  }
  if (error instanceof InvalidAnswerError) {
    return new PrefetchError("vendor_unavailable", `${host} sent an answer that cannot be read as HTTP/1.1 (${error.message})`, {
      retryable: true,
      delivery: "unknown",
      hint: "Check that the URL's port serves HTTP/1.1, and the software of the CDN and the origin.",
      cause: error,
    });
  }
  if (error instanceof errors.HeadersTimeoutError) return timeout(`${host} did not answer in time`, error);
  if (error instanceof errors.BodyTimeoutError) return timeout(`${host} stopped sending in the middle of its answer`, error);
  const code = codeOf(error);
  if (code === undefined) return asPrefetchError(error);
  // With TLS 1.3 a server may refuse the client only after the handshake.
  const refusal = tlsFailure(error, host);
  if (refusal) return refusal;
  return new PrefetchError("vendor_unavailable", `The connection to ${host} broke off before its answer was whole (${code})`, {
    retryable: true,
    delivery: "unknown",
    hint: "Check the CDN and the origin behind it, then call again.",
    cause: error,
  });
}

function timeout(message: string, cause: unknown): PrefetchError {
  const hint = "Check the origin behind the CDN, then call again.";
  return new PrefetchError("timeout", message, { retryable: true, delivery: "unknown", hint, cause });
}
