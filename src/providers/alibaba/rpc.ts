/** One signed call of Alibaba Cloud's RPC style: parameters in the query, JSON back. */

import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import type { Redactor } from "../../base/redact.ts";
import type { Call } from "../../prefetch/model/provider.ts";
import { parseJson } from "../kit/answer.ts";
import { canonicalQuery, sha256 } from "../kit/canonical.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../kit/http-client.ts";
import { stoppedOr } from "../kit/stopped.ts";
import { type AlibabaKeys, type CredentialSource, currentKeys } from "./credentials.ts";
import { failureOf, readVendorError, requestIdOf } from "./errors.ts";
import { acsDate, authorization } from "./sign.ts";

/** API version of ApsaraVideo VOD. */
const VERSION = "2017-03-21";

export interface Endpoint {
  /** Full URL to connect to. */
  readonly url: string;
  /** Host to sign for, where that differs: behind a gateway the vendor sees another one than we connect to. */
  readonly signHost?: string | undefined;
}

export interface RpcRequest {
  readonly endpoint: Endpoint;
  readonly action: string;
  /** POST unless told; one call is documented for GET alone. */
  readonly method?: HttpRequest["method"];
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly intent: HttpRequest["intent"];
  /** What is being done, for error messages. */
  readonly what: string;
  readonly call: Call;
  /** Whether the request counts against `requestsPerMinute`. */
  readonly counted: boolean;
}

export interface RpcAnswer {
  readonly body: unknown;
  readonly requestId: string | undefined;
  /** Milliseconds by which the vendor's clock is ahead of ours, where it told its time. */
  readonly clockOffset: number | undefined;
  /** The answer is in JSON, but says something else than is documented. */
  readonly notUnderstood: () => PrefetchError;
}

export type Rpc = (request: RpcRequest) => Promise<RpcAnswer>;

export interface RpcOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly credentials: CredentialSource;
  readonly redact: Redactor;
  /** Told of every secret that is used, so that it can be kept out of messages. */
  readonly onSecret: (secret: string) => void;
}

/** Refusals that the right date cures; a request is signed anew once. */
const wrongDate = /^(IllegalTimestamp|InvalidTimeStamp)\b/;
/** Likewise with a new nonce, but something was carried out under the first one. */
const usedNonce = /^SignatureNonceUsed\b/;

export function createRpc({ http, clock, credentials, redact, onSecret }: RpcOptions): Rpc {
  /** Milliseconds by which the vendor's clock is ahead of ours, as far as its refusals have taught us. */
  let offset = 0;

  const sign = (keys: AlibabaKeys, { action, method = "POST", params, endpoint }: RpcRequest, url: URL) => {
    const query = Object.entries(params).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    const headers: Record<string, string> = {
      host: endpoint.signHost ?? url.host,
      "x-acs-action": action,
      "x-acs-version": VERSION,
      "x-acs-date": acsDate(clock.now() + offset),
      "x-acs-signature-nonce": randomUUID(),
      "x-acs-content-sha256": sha256(""),
      ...(keys.securityToken !== undefined && { "x-acs-security-token": keys.securityToken }),
    };
    url.search = canonicalQuery(query);
    return { ...headers, authorization: authorization({ method, query, headers, body: "" }, keys) };
  };

  const attempt = async (request: RpcRequest): Promise<HttpResponse> => {
    const { call, counted, endpoint, intent, method = "POST" } = request;
    if (counted) await call.turn();
    // Read after the wait: keys may have been replaced meanwhile, and the signature carries its date.
    const keys = await currentKeys(credentials);
    for (const secret of [keys.id, keys.secret, keys.securityToken]) if (secret !== undefined) onSecret(secret);
    const url = new URL("/", endpoint.url);
    const headers = sign(keys, request, url);
    return http.send({ method, url, headers, signal: call.signal, intent });
  };

  return async (request) => {
    const { what, intent, call } = request;
    try {
      for (let again = false; ; again = true) {
        const response = await attempt(request);
        const now = clock.now();
        const ok = response.status >= 200 && response.status <= 299;
        const found = readVendorError(response.text);
        if (ok && !found) return answerOf(response, { what, intent, redact, now });
        const vendorTime = Date.parse(response.headers.date ?? "");
        const code = found?.code ?? "";
        const curable = wrongDate.test(code) || (intent === "read" && usedNonce.test(code));
        if (again || !curable) throw failureOf(response, { action: what, intent, redact, now });
        if (!Number.isNaN(vendorTime)) offset = vendorTime - now;
      }
    } catch (error) {
      throw stoppedOr(error, call, { provider: "alibaba-vod", what });
    }
  };
}

interface AnswerContext {
  readonly what: string;
  readonly intent: HttpRequest["intent"];
  readonly redact: Redactor;
  readonly now: number;
}

function answerOf(response: HttpResponse, { what, intent, redact, now }: AnswerContext): RpcAnswer {
  const requestId = requestIdOf(response, redact);
  // A 2xx that is not the API's: for a submit nobody can tell from it whether it was carried out.
  const notUnderstood = () =>
    new PrefetchError("vendor_unavailable", `The answer to ${what} (HTTP ${response.status}) is not what Alibaba Cloud documents`, {
      provider: "alibaba-vod",
      delivery: intent === "spend" ? "unknown" : "refused",
      retryable: true,
      requestId,
      hint: "Check the endpoint and any proxy in between.",
    });
  const body = parseJson(response.text);
  if (body === undefined) throw notUnderstood();
  const vendorTime = Date.parse(response.headers.date ?? "");
  return { body, requestId, clockOffset: Number.isNaN(vendorTime) ? undefined : vendorTime - now, notUnderstood };
}
