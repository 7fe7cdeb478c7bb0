/** Errors for connections that could not be made. Nothing has been sent. */

import { errors } from "undici";
import { PrefetchError } from "../../../base/errors.ts";
import { codeOf } from "../../kit/http-client.ts";
import { tlsFailure } from "./tls-failure.ts";

export function noAnswer(host: string, why: string): PrefetchError {
  return new PrefetchError("vendor_unavailable", `The connection to ${host} failed (${why})`, {
    retryable: true,
    hint: "Check that the host exists and is up, and the DNS and firewall of this machine.",
  });
}

export function connectFailure(error: unknown, host: string): PrefetchError {
  if (error instanceof PrefetchError) return error;
  const code = codeOf(error);
  // A proxy that does not answer to CONNECT causes the error for late headers.
  const isLate = error instanceof errors.ConnectTimeoutError || error instanceof errors.HeadersTimeoutError || code === "ETIMEDOUT";
  if (isLate) {
    return new PrefetchError("timeout", `Connecting to ${host} took too long`, {
      retryable: true,
      hint: "Check that the host is up, and the network path to it.",
      cause: error,
    });
  }
  return tlsFailure(error, host) ?? noAnswer(host, code ?? "no code");
}
