/** The HTTP client of the vendor providers. It bounds time and size, and its errors say whether the request may have left. */

import { type Dispatcher, errors, request } from "undici";
import { abortable } from "../../base/abortable.ts";
import type { Clock } from "../../base/clock.ts";
import { type Delivery, type ErrorFacts, PrefetchError } from "../../base/errors.ts";
import type { ProxySettings } from "../../base/proxy-settings.ts";
import { ambientContext } from "../../telemetry/ambient-context.ts";
import { type Observer, silentObserver } from "../../telemetry/observer.ts";
import { guardAnswers, InvalidAnswerError } from "./answer-guard.ts";
import { createAgent, shownProxies, tunnelAdvice, tunnelRefusal } from "./proxy.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /**
   * `spend` uses quota and gets a new connection. On a kept connection that the server is closing, a lost request looks
   * like one that the vendor may have carried out.
   */
  readonly intent: "read" | "spend";
  /** `Call.isFresh` of a submit. When it says no after the connection is made, nothing is sent. */
  readonly isFresh?: (() => boolean) | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface HttpClient {
  /** Resolves with any status. Throws `timeout`, `vendor_unavailable` or `cancelled` when no complete answer arrives. */
  send(request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** Larger: a dead endpoint blocks a batch for longer. Smaller: connections from far regions fail. */
const CONNECT_MS = 10_000;
/** Larger: a silent vendor blocks a batch for longer. Smaller: slow answers to large batches count as lost. */
const ANSWER_MS = 30_000;
/**
 * A spend that connects for longer than this is not sent. The machine may have been suspended meanwhile, and another
 * process may have sent the same batch. Smaller values refuse slow connections.
 */
const STALE_MS = 30_000;
/** Larger: a hostile answer takes more memory. Smaller: full pages of the task list fail. */
const LARGEST_BODY_BYTES = 1_048_576;
/** IAM tokens arrive in a response header and have several KB. Larger values cost memory only. */
const LARGEST_HEADERS_BYTES = 65_536;

export interface HttpClientOptions {
  readonly provider: string;
  readonly userAgent: string;
  readonly clock: Pick<Clock, "now">;
  readonly observer?: Observer | undefined;
  readonly proxy?: ProxySettings | undefined;
  /** Replaces the network, for tests. The caller closes it. */
  readonly dispatcher?: Dispatcher | undefined;
  /** Milliseconds to wait for the headers and between two parts of the body. */
  readonly answerMs?: number | undefined;
}

export function createHttpClient(client: HttpClientOptions): HttpClient {
  const { provider, userAgent, clock, observer = silentObserver, dispatcher, answerMs = ANSWER_MS, proxy } = client;
  const options = {
    connectMs: CONNECT_MS,
    connect: { timeout: CONNECT_MS },
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
    maxHeaderSize: LARGEST_HEADERS_BYTES,
    maxResponseSize: LARGEST_BODY_BYTES,
    // `onRequestStart` proves "no byte has left" only while requests do not share a connection, as they do in HTTP/2.
    allowH2: false,
  };
  const kept = dispatcher ?? createAgent(options, proxy);
  const fresh = dispatcher ?? createAgent({ ...options, pipelining: 0 }, proxy);

  return {
    send: async ({ method, url, headers, body, signal, intent, isFresh }) => {
      const deadline = AbortSignal.timeout(answerMs + CONNECT_MS);
      const wire = { started: false };
      const { traceparent } = ambientContext();
      const calledAt = performance.now();
      const observe = (outcome: string) => observer.vendorCalled(provider, outcome, (performance.now() - calledAt) / 1_000);
      try {
        signal.throwIfAborted();
        const aborted = AbortSignal.any([signal, deadline]);
        const startedAt = clock.now();
        const isStale = () => (intent === "spend" && clock.now() - startedAt > STALE_MS) || isFresh?.() === false;
        const sending = request(url, {
          method,
          headers: { ...headers, ...(traceparent !== undefined && { traceparent }), "user-agent": userAgent, accept: "application/json" },
          ...(body !== undefined && { body }),
          signal: aborted,
          dispatcher: (intent === "spend" ? fresh : kept).compose(guardAnswers(answerMs), recordStart(wire, isStale)),
        });
        // undici heeds an abort only after it has connected, and then sends nothing. `abortable` rejects at once.
        const response = await abortable(sending, aborted);
        const text = await response.body.text();
        observe(`${Math.floor(response.statusCode / 100)}xx`);
        return { status: response.statusCode, headers: flatten(response.headers), text };
      } catch (error) {
        const context = { provider, host: url.host, cancelled: signal.aborted, started: wire.started, intent, proxy };
        const failure = describeFailure(error, context);
        observe(failure.code);
        throw failure;
      }
    },
    close: async () => {
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

/**
 * Sets `wire.started` when undici writes the request to a connection. DNS, connecting and TLS come before: a failure there
 * has sent no byte.
 */
function recordStart(wire: { started: boolean }, isStale: () => boolean): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => {
        if (isStale()) return controller.abort(new StaleRequestError("The connection was ready too late for a request that spends quota"));
        wire.started = true;
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
      onResponseStart: (...args) => handler.onResponseStart?.(...args),
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
    });
}

class StaleRequestError extends Error {
  override readonly name = "StaleRequestError";
}

interface FailureContext {
  readonly provider: string;
  readonly host: string;
  readonly cancelled: boolean;
  readonly started: boolean;
  readonly intent: HttpRequest["intent"];
  readonly proxy: ProxySettings | undefined;
}

function describeFailure(error: unknown, { provider, host, cancelled, started, intent, proxy }: FailureContext): PrefetchError {
  const code = codeOf(error);
  const outcomeUnknown = started && intent === "spend";
  const delivery: Delivery = outcomeUnknown ? "unknown" : "not_sent";
  const facts = { provider, delivery, retryable: true, cause: error };
  const afterSending = outcomeUnknown ? " after the request was sent, so its outcome is not known" : "";
  if (cancelled) return new PrefetchError("cancelled", `The request to ${host} was stopped${afterSending}`, { ...facts, retryable: false });
  if (isTimeout(error, code)) {
    return new PrefetchError("timeout", `${host} did not answer in time${afterSending}`, {
      ...facts,
      hint: "Check the network path to the vendor.",
    });
  }
  if (error instanceof errors.ResponseExceededMaxSizeError) {
    return new PrefetchError("vendor_unavailable", `${host} sent an answer larger than ${LARGEST_BODY_BYTES} bytes${afterSending}`, facts);
  }
  if (error instanceof InvalidAnswerError) {
    return new PrefetchError(
      "vendor_unavailable",
      `${host} sent an answer that cannot be read as HTTP/1.1 (${error.message})${afterSending}`,
      {
        ...facts,
        hint: "Check the endpoint and any proxy on the way to the vendor.",
      },
    );
  }
  return wayFailure(error, { ...facts, host, started, afterSending, proxy });
}

interface WayFailure extends ErrorFacts, Pick<FailureContext, "host" | "started" | "proxy"> {
  readonly afterSending: string;
}

function wayFailure(error: unknown, { host, started, afterSending, proxy, ...facts }: WayFailure): PrefetchError {
  const refusal = tunnelRefusal(error);
  if (proxy && refusal !== undefined) {
    const message = `The proxy ${shownProxies(proxy)} refused the way to ${host} (status ${refusal})`;
    return new PrefetchError("vendor_unavailable", message, { ...facts, hint: tunnelAdvice(refusal) });
  }
  const code = codeOf(error);
  const why = code ? ` (${code})` : "";
  const hint = proxy
    ? `Check the proxy ${shownProxies(proxy)}, which HTTPS_PROXY or HTTP_PROXY names, and the endpoint. NO_PROXY lists hosts to reach directly.`
    : "Check the endpoint, DNS and firewall of this machine.";
  return new PrefetchError("vendor_unavailable", `The connection to ${host} failed${why}${afterSending}`, {
    ...facts,
    ...(!started && { hint }),
  });
}

function isTimeout(error: unknown, code: string | undefined): boolean {
  return (
    error instanceof errors.ConnectTimeoutError ||
    error instanceof errors.HeadersTimeoutError ||
    error instanceof errors.BodyTimeoutError ||
    error instanceof StaleRequestError ||
    code === "ETIMEDOUT" ||
    (error instanceof Error && error.name === "TimeoutError")
  );
}

/** The code of a network error, such as `ECONNREFUSED`. A name with several addresses fails with one error for each; the first counts. */
export function codeOf(error: unknown): string | undefined {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error) || !("code" in first)) return undefined;
  return typeof first.code === "string" ? first.code : undefined;
}
