/** The one way from providers to the network: bounded in time and size, and honest about what may have been sent. */

import { Agent, type Dispatcher, errors, request } from "undici";
import { abortable } from "../../base/abortable.ts";
import type { Clock } from "../../base/clock.ts";
import { type Delivery, PrefetchError } from "../../base/errors.ts";
import { ambientContext } from "../../telemetry/ambient-context.ts";
import { type Observer, silentObserver } from "../../telemetry/observer.ts";

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
/**
 * A machine can be suspended while a connection is being made. What spends must not leave it after that: others may have
 * taken this process for dead by then, found that the vendor knows nothing of the request, and sent it themselves.
 */
const STALE_MS = 30_000;
const LARGEST_BODY = 1_048_576;
/** IAM tokens travel in a response header and are several KB long. */
const LARGEST_HEADERS = 65_536;

export interface HttpClientOptions {
  readonly provider: string;
  readonly userAgent: string;
  readonly clock: Pick<Clock, "now">;
  readonly observer?: Observer | undefined;
  /** Replaces the network, for proxies and tests. */
  readonly dispatcher?: Dispatcher | undefined;
  readonly answerMs?: number | undefined;
}

export function createHttpClient(client: HttpClientOptions): HttpClient {
  const { provider, userAgent, clock, observer = silentObserver, dispatcher, answerMs = ANSWER_MS } = client;
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
      const wire = { started: false };
      const { traceparent } = ambientContext();
      const asked = performance.now();
      const observed = (outcome: string) => observer.vendorCalled(provider, outcome, (performance.now() - asked) / 1_000);
      try {
        signal.throwIfAborted();
        const either = AbortSignal.any([signal, deadline]);
        const begun = clock.now();
        const isStale = () => intent === "spend" && clock.now() - begun > STALE_MS;
        const sending = request(url, {
          method,
          headers: { ...headers, ...(traceparent !== undefined && { traceparent }), "user-agent": userAgent, accept: "application/json" },
          ...(body !== undefined && { body }),
          signal: either,
          dispatcher: (intent === "spend" ? fresh : kept).compose(noticeStart(wire, isStale)),
        });
        // While it connects, undici notices an abort only when that is over; by then it sends nothing any more.
        const response = await abortable(sending, either);
        const text = await response.body.text();
        observed(`${Math.floor(response.statusCode / 100)}xx`);
        return { status: response.statusCode, headers: flatten(response.headers), text };
      } catch (error) {
        const failure = describeFailure(error, { provider, host: url.host, cancelled: signal.aborted, started: wire.started, intent });
        observed(failure.code);
        throw failure;
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

/**
 * Notes the moment in which a request is put on a connection. Names looked up, connections made and TLS agreed upon lie
 * before it: what fails there has not sent one byte.
 */
function noticeStart(wire: { started: boolean }, isStale: () => boolean): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => {
        if (isStale()) return controller.abort(new StaleRequestError("The connection was ready too late"));
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
}

function describeFailure(error: unknown, { provider, host, cancelled, started, intent }: FailureContext): PrefetchError {
  const code = codeOf(error);
  // A question does nothing, whatever becomes of its answer.
  const delivery: Delivery = started && intent === "spend" ? "unknown" : "not_sent";
  const facts = { provider, delivery, retryable: true, cause: error };
  // The outcome of a question is its answer; only of a spending request it is worth saying that silentObserver knows it.
  const lost = started && intent === "spend" ? " after the request was sent, so its outcome is not known" : "";
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
    hint: started ? undefined : "Check the endpoint, DNS and firewall of this machine.",
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

/** Connecting to a name with several addresses fails with a list of errors; they agree in kind. */
export function codeOf(error: unknown): string | undefined {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  if (!(first instanceof Error) || !("code" in first)) return undefined;
  return typeof first.code === "string" ? first.code : undefined;
}
