/**
 * One call of Tencent Cloud's API 3.0: a JSON body, signed with `TC3-HMAC-SHA256`, and an answer in `Response`.
 * https://www.tencentcloud.com/document/api/1209/56020
 */

import { z } from "zod";
import { tidyMessage } from "../../base/redact.ts";
import { currentKeys, type KeySource, rememberKeys } from "../kit/access-keys.ts";
import { isRecord, parseJson } from "../kit/answer.ts";
import { authorization, type DerivedKeyScheme, signingTime } from "../kit/derived-key.ts";
import type { Network } from "../kit/network.ts";
import { type CallAnswer, createSignedCall, type SignedRequest, type Wire } from "../kit/signed-call.ts";
import { createSigningClock } from "../kit/signing-clock.ts";
import type { VendorErrors } from "../kit/vendor-errors.ts";
import type { Product } from "./product.ts";

export interface ApiRequest extends SignedRequest {
  /** The API's name for the call, such as `PushUrlsCache`. */
  readonly action: string;
  readonly params: object;
}

/** Sends the request, and once more when the vendor refuses its date. Throws `PrefetchError`. */
export type Api = (request: ApiRequest) => Promise<CallAnswer>;

export interface ApiOptions extends Network {
  readonly product: Product;
  /** Full URL, such as https://cdn.tencentcloudapi.com. */
  readonly endpoint: string;
  /** Host to sign for when `endpoint` is a gateway that forwards to this host. */
  readonly signHost?: string | undefined;
  readonly credentials: KeySource;
  readonly errors: VendorErrors;
}

/** No region stands in the scope. */
export const scheme: DerivedKeyScheme = {
  algorithm: "TC3-HMAC-SHA256",
  secretPrefix: "TC3",
  scopeEnd: "tc3_request",
  time: "unix-seconds",
};

const wrongDate = "AuthFailure.SignatureExpire";
const requestIdIn = z.object({ RequestId: z.string().optional() });

export function createApi({ product, endpoint, signHost, credentials, errors, ...network }: ApiOptions): Api {
  const { service, version } = product;
  const time = createSigningClock(network.clock);

  const sign = async ({ action, params }: ApiRequest): Promise<Wire> => {
    const keys = await currentKeys(credentials, product.id);
    rememberKeys(network.secrets, keys);
    const url = new URL("/", endpoint);
    const [at, body] = [time.now(), JSON.stringify(params)];
    const signed = { "content-type": "application/json", host: signHost ?? url.host };
    const input = { method: "POST", path: "/", query: [], headers: signed, body, at, scope: [service] };
    const headers = {
      ...signed,
      "x-tc-action": action,
      "x-tc-version": version,
      "x-tc-timestamp": signingTime(scheme, at),
      // Messages are in Chinese by default.
      "x-tc-language": "en-US",
      ...(keys.securityToken !== undefined && { "x-tc-token": keys.securityToken }),
      authorization: authorization(scheme, input, keys),
    };
    return { method: "POST", url, headers, body };
  };

  const send = createSignedCall<ApiRequest>({
    ...network,
    errors,
    parse: (text) => {
      const body = parseJson(text);
      return isRecord(body) ? body.Response : undefined;
    },
    exchange: async (request, sendSigned) => {
      const first = await sendSigned(() => sign(request));
      if (first.error?.code !== wrongDate) return first;
      time.adopt(first);
      return sendSigned(() => sign(request));
    },
  });

  return async (request) => {
    const answer = await send(request);
    const { RequestId: id } = answer.read(requestIdIn);
    return { ...answer, requestId: id === undefined ? undefined : tidyMessage(id, network.redact).slice(0, LONGEST_REQUEST_ID) };
  };
}

/** Request ids have 36 characters. Smaller: these are cut. Larger: foreign text fills answers. */
const LONGEST_REQUEST_ID = 80;
