/** One call of a vendor's API: turn, signature, request, one cure where a new signature can succeed, and the answer. */

import type { Clock } from "../../base/clock.ts";
import type { PrefetchError } from "../../base/errors.ts";
import type { Redactor } from "../../base/redact.ts";
import type { Call } from "../../prefetch/model/provider.ts";
import { type BodyReader, createBodyReader, isSuccess } from "./answer.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "./http-client.ts";
import { stoppedOr } from "./stopped.ts";
import type { VendorErrors } from "./vendor-errors.ts";
import { type FailureContext, requestIdOf, unreadableAnswer, type VendorError } from "./vendor-failure.ts";

export interface SignedRequest {
  readonly intent: HttpRequest["intent"];
  /** The call in words, for error messages: "the prefetch". */
  readonly what: string;
  readonly call: Call;
  /** Whether the request counts against `requestsPerMinute`, and so takes a turn. */
  readonly counted: boolean;
  /** What to do when the credentials lack the right to this call: a sentence that names the right. By default, that of the error table. */
  readonly rightHint?: string;
}

/** A request with its signature. */
export type Wire = Pick<HttpRequest, "method" | "url" | "headers" | "body">;

export interface Exchange {
  readonly response: HttpResponse;
  readonly error: VendorError | undefined;
  readonly succeeded: boolean;
  /** Milliseconds since the epoch on this machine when the answer arrived. */
  readonly receivedAt: number;
  /** The same moment by the monotonic clock. */
  readonly receivedMonotonic: number;
}

export interface CallAnswer {
  readonly requestId: string | undefined;
  /** Milliseconds by which the vendor's clock is ahead of this machine's. `undefined` when the answer has no date. */
  readonly clockOffset: number | undefined;
  readonly read: BodyReader;
  /** The error for a body that is not what the vendor documents. */
  readonly unreadable: () => PrefetchError;
}

/** Takes the turn, then signs, then sends: a signature carries its date, and keys may change during the wait for a turn. */
export type SendSigned = (sign: () => Wire | Promise<Wire>) => Promise<Exchange>;

export interface SignedCallOptions<Request extends SignedRequest> {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly redact: Redactor;
  readonly errors: VendorErrors;
  /** The parsed body of a success; `undefined` for text that is not JSON. */
  readonly parse: (text: string) => unknown;
  /** Sends the request, and once more when a new signature or token can succeed. */
  readonly exchange: (request: Request, send: SendSigned, failureOf: (done: Exchange) => PrefetchError) => Promise<Exchange>;
}

/** Throws a `PrefetchError` for every answer but a 2xx without an error in its body. */
export function createSignedCall<Request extends SignedRequest>(options: SignedCallOptions<Request>) {
  const { http, clock, redact, errors, parse, exchange } = options;

  const sender =
    ({ intent, call, counted }: Request): SendSigned =>
    async (sign) => {
      // A request without a turn of its own continues one that has left already.
      if (counted) await call.turn();
      const wire = await sign();
      const response = await http.send({ ...wire, signal: call.signal, intent, isFresh: counted ? call.isFresh : undefined });
      const error = errors.read(response.text);
      const received = { receivedAt: clock.now(), receivedMonotonic: clock.monotonic() };
      return { response, error, succeeded: isSuccess(response) && !error, ...received };
    };

  return async (request: Request): Promise<CallAnswer> => {
    const { what: action, intent, call, rightHint } = request;
    const context = (now: number): FailureContext => ({ action, intent, redact, now, rightHint });
    const failureOf = ({ response, receivedAt }: Exchange) => errors.failureOf(response, context(receivedAt));
    try {
      const done = await exchange(request, sender(request), failureOf);
      if (!done.succeeded) throw failureOf(done);
      const { response, receivedAt } = done;
      const unreadable = () => unreadableAnswer(errors.vendor, response, context(receivedAt));
      const body = parse(response.text);
      if (body === undefined) throw unreadable();
      const vendorTime = dateOf(response);
      return {
        requestId: requestIdOf(errors.vendor, response, redact),
        clockOffset: vendorTime === undefined ? undefined : vendorTime - receivedAt,
        read: createBodyReader(body, unreadable),
        unreadable,
      };
    } catch (error) {
      throw stoppedOr(error, call, { provider: errors.vendor.provider, action });
    }
  };
}

/** The answer's `Date` in milliseconds since the epoch. */
export function dateOf({ headers }: HttpResponse): number | undefined {
  const time = Date.parse(headers.date ?? "");
  return Number.isNaN(time) ? undefined : time;
}
