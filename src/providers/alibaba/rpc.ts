/**
 * One signed call of Alibaba Cloud's RPC style: parameters in the query, JSON in the answer.
 * https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
 */

import { randomUUID } from "node:crypto";
import type { Clock } from "../../base/clock.ts";
import type { Redactor } from "../../base/redact.ts";
import { type AccessKeys, currentKeys, type KeySource } from "../kit/access-keys.ts";
import { parseJson } from "../kit/answer.ts";
import { canonicalQuery, sha256 } from "../kit/canonical.ts";
import type { HttpClient, HttpRequest } from "../kit/http-client.ts";
import { type CallAnswer, createSignedCall, type SignedRequest, type Wire } from "../kit/signed-call.ts";
import { createSigningClock } from "../kit/signing-clock.ts";
import { createErrors } from "./errors.ts";
import type { Product } from "./product.ts";
import { acsDate, authorization } from "./sign.ts";

export interface Endpoint {
  /** Full URL to connect to. */
  readonly url: string;
  /** Host to sign for when `url` is a gateway that forwards to this host. */
  readonly signHost?: string | undefined;
}

export interface RpcRequest extends SignedRequest {
  readonly endpoint: Endpoint;
  /** The API's name for the call, such as `DescribeVodRefreshQuota`. */
  readonly action: string;
  /** POST by default. The vendor documents only GET for `GetMediaRefreshJobs`. */
  readonly method?: HttpRequest["method"];
  /** `undefined` values are not sent. */
  readonly params: Readonly<Record<string, string | undefined>>;
  /** The parameters travel in a form. By default they travel in the query. */
  readonly form?: true | undefined;
}

/** Sends the request, and once more when a new signature can succeed. Throws `PrefetchError`. */
export type Rpc = (request: RpcRequest) => Promise<CallAnswer>;

export interface RpcOptions {
  readonly product: Product;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly credentials: KeySource;
  readonly redact: Redactor;
  /** Receives the keys before a request uses them. The caller redacts them from messages. */
  readonly onKeys: (keys: AccessKeys) => void;
}

const wrongDate = /^(IllegalTimestamp|InvalidTimeStamp)\b/;
const usedNonce = /^SignatureNonceUsed\b/;

export function createRpc({ product, http, clock, credentials, redact, onKeys }: RpcOptions): Rpc {
  const time = createSigningClock(clock);

  const sign = async ({ action, method = "POST", params, form, endpoint }: RpcRequest): Promise<Wire> => {
    const keys = await currentKeys(credentials, product.id);
    onKeys(keys);
    const given = Object.entries(params).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
    const [query, body] = form ? [[], canonicalQuery(given)] : [given, ""];
    const url = new URL("/", endpoint.url);
    const headers: Record<string, string> = {
      host: endpoint.signHost ?? url.host,
      ...(form && { "content-type": "application/x-www-form-urlencoded" }),
      "x-acs-action": action,
      "x-acs-version": product.version,
      "x-acs-date": acsDate(time.now()),
      "x-acs-signature-nonce": randomUUID(),
      "x-acs-content-sha256": sha256(body),
      ...(keys.securityToken !== undefined && { "x-acs-security-token": keys.securityToken }),
    };
    url.search = canonicalQuery(query);
    const signed = { ...headers, authorization: authorization({ method, query, headers, body }, keys) };
    return { method, url, headers: signed, ...(form && { body }) };
  };

  return createSignedCall<RpcRequest>({
    http,
    clock,
    redact,
    errors: createErrors(product),
    parse: parseJson,
    exchange: async (request, send) => {
      const first = await send(() => sign(request));
      if (!needsNewSignature(first.error?.code ?? "", request.intent)) return first;
      time.adopt(first);
      return send(() => sign(request));
    },
  });
}

/** A used nonce means that a proxy has repeated the request, so a spend may have been carried out and is not repeated. */
function needsNewSignature(errorCode: string, intent: HttpRequest["intent"]): boolean {
  return wrongDate.test(errorCode) || (intent === "read" && usedNonce.test(errorCode));
}
