/**
 * One signed call of Alibaba Cloud's RPC style: parameters in the query, JSON in the answer.
 * https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
 */

import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { PrefetchError } from "../../base/errors.ts";
import type { Redactor } from "../../base/redact.ts";
import type { Call } from "../../prefetch/model/provider.ts";
import { type BodyReader, createBodyReader, isSuccess, parseJson } from "../kit/answer.ts";
import { canonicalQuery, sha256 } from "../kit/canonical.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../kit/http-client.ts";
import { stoppedOr } from "../kit/stopped.ts";
import { requestIdOf, unreadableAnswer } from "../kit/vendor-failure.ts";
import { type CredentialSource, currentKeys } from "./credentials.ts";
import { alibabaCloud, failureOf, readVendorError } from "./errors.ts";
import type { AlibabaKeys } from "./profile-file.ts";
import { acsDate, authorization } from "./sign.ts";

/** API version of ApsaraVideo VOD. */
const VERSION = "2017-03-21";

export interface Endpoint {
  /** Full URL to connect to. */
  readonly url: string;
  /** Host to sign for when `url` is a gateway that forwards to this host. */
  readonly signHost?: string | undefined;
}

export interface RpcRequest {
  readonly endpoint: Endpoint;
  /** The API's name for the call, such as `DescribeVodRefreshQuota`. */
  readonly action: string;
  /** POST by default. The vendor documents only GET for `GetMediaRefreshJobs`. */
  readonly method?: HttpRequest["method"];
  /** `undefined` values are not sent. */
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly intent: HttpRequest["intent"];
  /** The action in words, for error messages: "the prefetch". */
  readonly what: string;
  readonly call: Call;
  /** Whether the request counts against `requestsPerMinute`, and so takes a turn. */
  readonly counted: boolean;
}

export interface RpcAnswer {
  /** The parsed JSON. */
  readonly body: unknown;
  readonly requestId: string | undefined;
  /** Milliseconds by which the vendor's clock is ahead of this machine's. `undefined` when the answer has no date. */
  readonly clockOffset: number | undefined;
  readonly read: BodyReader;
  /** The error for a body that is not what the vendor documents. */
  readonly unreadable: () => PrefetchError;
}

/** Sends the request, and once more when a new signature can succeed. Throws `PrefetchError`. */
export type Rpc = (request: RpcRequest) => Promise<RpcAnswer>;

export interface RpcOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly credentials: CredentialSource;
  readonly redact: Redactor;
  /** Receives the keys before a request uses them. The caller redacts them from messages. */
  readonly onKeys: (keys: AlibabaKeys) => void;
}

interface Exchange {
  readonly response: HttpResponse;
  /** Code of the vendor's error; empty for a success and for an answer without a code. */
  readonly errorCode: string;
  readonly succeeded: boolean;
  /** Milliseconds since the epoch on this machine when the answer arrived. */
  readonly receivedAt: number;
  /** The same moment by the monotonic clock. */
  readonly receivedMonotonic: number;
}

const wrongDate = /^(IllegalTimestamp|InvalidTimeStamp)\b/;
const usedNonce = /^SignatureNonceUsed\b/;

export function createRpc({ http, clock, credentials, redact, onKeys }: RpcOptions): Rpc {
  /**
   * The vendor's time less the monotonic clock's reading. Refusals of a wrong date set it. From then on, setting this machine's clock
   * changes no signature.
   */
  let adopted: number | undefined;
  const vendorNow = (): number => (adopted === undefined ? clock.now() : clock.monotonic() + adopted);

  const sign = (keys: AlibabaKeys, { action, method = "POST", params, endpoint }: RpcRequest, url: URL) => {
    const query = Object.entries(params).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    const headers: Record<string, string> = {
      host: endpoint.signHost ?? url.host,
      "x-acs-action": action,
      "x-acs-version": VERSION,
      "x-acs-date": acsDate(vendorNow()),
      "x-acs-signature-nonce": randomUUID(),
      "x-acs-content-sha256": sha256(""),
      ...(keys.securityToken !== undefined && { "x-acs-security-token": keys.securityToken }),
    };
    url.search = canonicalQuery(query);
    return { ...headers, authorization: authorization({ method, query, headers, body: "" }, keys) };
  };

  const attempt = async (request: RpcRequest): Promise<Exchange> => {
    const { call, counted, endpoint, intent, method = "POST" } = request;
    // A request without a turn of its own continues one that has left already.
    if (counted) await call.turn();
    // Keys and date are read after the wait for a turn: keys may change meanwhile, and the signature carries its date.
    const keys = await currentKeys(credentials);
    onKeys(keys);
    const url = new URL("/", endpoint.url);
    const headers = sign(keys, request, url);
    const response = await http.send({ method, url, headers, signal: call.signal, intent, isFresh: counted ? call.isFresh : undefined });
    const error = readVendorError(response.text);
    return {
      response,
      errorCode: error?.code ?? "",
      succeeded: isSuccess(response) && !error,
      receivedAt: clock.now(),
      receivedMonotonic: clock.monotonic(),
    };
  };

  const exchange = async (request: RpcRequest): Promise<Exchange> => {
    const first = await attempt(request);
    if (!needsNewSignature(first.errorCode, request.intent)) return first;
    const vendorTime = dateOf(first.response);
    if (vendorTime !== undefined) adopted = vendorTime - first.receivedMonotonic;
    return attempt(request);
  };

  return async (request) => {
    const { what: action, intent, call } = request;
    try {
      const done = await exchange(request);
      const { response, succeeded, receivedAt: now } = done;
      if (!succeeded) throw failureOf(response, { action, intent, redact, now });
      const unreadable = () => unreadableAnswer(alibabaCloud, response, { action, intent, redact });
      const body = parseJson(response.text);
      if (body === undefined) throw unreadable();
      return {
        body,
        requestId: requestIdOf(alibabaCloud, response, redact),
        clockOffset: clockOffsetOf(done),
        read: createBodyReader(body, unreadable),
        unreadable,
      };
    } catch (error) {
      throw stoppedOr(error, call, { provider: alibabaCloud.provider, action });
    }
  };
}

/** A used nonce means that a proxy has repeated the request, so a spend may have been carried out and is not repeated. */
function needsNewSignature(errorCode: string, intent: HttpRequest["intent"]): boolean {
  return wrongDate.test(errorCode) || (intent === "read" && usedNonce.test(errorCode));
}

function clockOffsetOf({ response, receivedAt }: Exchange): number | undefined {
  const vendorTime = dateOf(response);
  return vendorTime === undefined ? undefined : vendorTime - receivedAt;
}

function dateOf({ headers }: HttpResponse): number | undefined {
  const time = Date.parse(headers.date ?? "");
  return Number.isNaN(time) ? undefined : time;
}
