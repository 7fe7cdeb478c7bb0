/** The one way from providers to the network: bounded in time and size, and honest about what may have been sent. */

import { Agent, type Dispatcher, errors, request } from "undici";
import { type Delivery, PrefetchError } from "../errors.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /**
   * `spend` goes out on a connection of its own: on a kept one that the server is just closing, a request can be
   * lost in a way that looks as if it might have been carried out.
   */
  readonly intent: "read" | "spend";
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface HttpClient {
  /** Resolves with any status. Throws `PrefetchError` (`timeout`, `vendor_unavailable`, `cancelled`) when there is no whole answer. */
  send(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

const CONNECT_MS = 10_000;
const ANSWER_MS = 30_000;
const LARGEST_BODY = 1_048_576;
/** IAM tokens travel in a response header and are several KB long. */
const LARGEST_HEADERS = 65_536;

export interface HttpClientOptions {
  readonly provider: string;
  readonly userAgent: string;
  /** Replaces the network, for proxies and tests. */
  readonly dispatcher?: Dispatcher | undefined;
  readonly answerMs?: number | undefined;
}

export function createHttpClient({ provider, userAgent, dispatcher, answerMs = ANSWER_MS }: HttpClientOptions): HttpClient {
  const options: Agent.Options = {
    connect: { timeout: CONNECT_MS },
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
    maxHeaderSize: LARGEST_HEADERS,
    maxResponseSize: LARGEST_BODY,
    // One request a connection is what makes "not one byte has left" knowable; HTTP/2 shares connections.
    allowH2: false,
  };
  const kept = dispatcher ?? new Agent(options);
  const fresh = dispatcher ?? new Agent({ ...options, pipelining: 0 });

  return {
    send: async ({ method, url, headers, body, signal, intent }) => {
      const deadline = AbortSignal.timeout(answerMs + CONNECT_MS);
      try {
        const response = await request(url, {
          method,
          headers: { ...headers, "user-agent": userAgent, accept: "application/json" },
          ...(body !== undefined && { body }),
          signal: AbortSignal.any([signal, deadline]),
          dispatcher: intent === "spend" ? fresh : kept,
        });
        const text = await response.body.text();
        return { status: response.statusCode, headers: flatten(response.headers), text };
      } catch (error) {
        throw describeFailure(error, { provider, host: url.host, cancelled: signal.aborted });
      }
    },
    close: async () => {
      // A dispatcher that was passed in belongs to whoever passed it.
      if (!dispatcher) await Promise.all([kept.destroy(), fresh.destroy()]);
    },
  };
}

function flatten(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}

interface FailureContext {
  readonly provider: string;
  readonly host: string;
  readonly cancelled: boolean;
}

function describeFailure(error: unknown, { provider, host, cancelled }: FailureContext): PrefetchError {
  const code = codeOf(error);
  const delivery: Delivery = isBeforeSending(error, code) ? "not_sent" : "unknown";
  const facts = { provider, delivery, retryable: true, cause: error };
  const lost = delivery === "unknown" ? " after the request was sent, so its outcome is not known" : "";
  if (cancelled) return new PrefetchError("cancelled", `The request to ${host} was stopped${lost}`, { ...facts, retryable: false });
  if (isTimeout(error, code)) {
    return new PrefetchError("timeout", `${host} did not answer in time${lost}`, {
      ...facts,
      hint: "Check the network path to the vendor.",
    });
  }
  if (error instanceof errors.ResponseExceededMaxSizeError) {
    return new PrefetchError("vendor_unavailable", `${host} sent an answer larger than ${LARGEST_BODY} bytes${lost}`, facts);
  }
  const why = code ? ` (${code})` : "";
  return new PrefetchError("vendor_unavailable", `The connection to ${host} failed${why}${lost}`, {
    ...facts,
    hint: delivery === "not_sent" ? "Check the endpoint, DNS, firewall and proxy of this machine." : undefined,
  });
}

/** Failures of name look-up, connecting and TLS: not one byte of the request has left. */
function isBeforeSending(error: unknown, code: string | undefined): boolean {
  if (error instanceof errors.ConnectTimeoutError) return true;
  if (code === undefined) return false;
  const beforeConnect = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL", "EPROTO"];
  const tls = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA)/;
  return beforeConnect.includes(code) || tls.test(code);
}

function isTimeout(error: unknown, code: string | undefined): boolean {
  return (
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    code === "ETIMEDOUT" ||
    (error instanceof Error && error.name === "TimeoutError")
  );
}

/** Connecting to a name with several addresses fails with a list of errors; they agree in kind. */
function codeOf(error: unknown): string | undefined {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error) || !("code" in first)) return undefined;
  return typeof first.code === "string" ? first.code : undefined;
}
