/**
 * One signed call of the vendor's API: the action in the query, JSON in the body and in the answer.
 * https://www.volcengine.com/docs/6454/99849
 */

import { z } from "zod";
import { type AccessKeys, currentKeys, type KeySource } from "../kit/access-keys.ts";
import { parseJson } from "../kit/answer.ts";
import { canonicalQuery, sha256 } from "../kit/canonical.ts";
import { authorization, type DerivedKeyScheme, signingTime } from "../kit/derived-key.ts";
import type { Network } from "../kit/network.ts";
import { type CallAnswer, createSignedCall, type SignedRequest, type Wire } from "../kit/signed-call.ts";
import { createSigningClock } from "../kit/signing-clock.ts";
import type { VendorErrors } from "../kit/vendor-errors.ts";
import { apiVersion, SERVICE } from "./cdn-product.ts";

export interface RpcRequest extends SignedRequest {
  readonly action: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Sends the request, and once more when the vendor refuses its date. Throws `PrefetchError`. */
export type Rpc = (request: RpcRequest) => Promise<CallAnswer>;

export interface RpcOptions extends Network {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: KeySource;
  readonly errors: VendorErrors;
  /** Receives the keys before a request uses them. The caller redacts them from messages. */
  readonly onKeys: (keys: AccessKeys) => void;
}

export const scheme: DerivedKeyScheme = { algorithm: "HMAC-SHA256", secretPrefix: "", scopeEnd: "request", time: "basic" };

/** The part of each answer that is of use besides its result. */
export const envelope = z.object({ RequestId: z.string().optional() });

export function createRpc({ endpoint, region, credentials, errors, onKeys, ...network }: RpcOptions): Rpc {
  const time = createSigningClock(network.clock);

  const sign = async ({ action, body: content }: RpcRequest): Promise<Wire> => {
    const keys = await currentKeys(credentials, errors.vendor.provider);
    onKeys(keys);
    const at = time.now();
    const url = new URL("/", endpoint);
    const query = Object.entries({ Action: action, Version: apiVersion });
    url.search = canonicalQuery(query);
    const body = JSON.stringify(content);
    const headers: Record<string, string> = {
      "content-type": "application/json",
      host: url.host,
      "x-content-sha256": sha256(body),
      "x-date": signingTime(scheme, at),
      ...(keys.securityToken !== undefined && { "x-security-token": keys.securityToken }),
    };
    const input = { method: "POST", path: "/", query, headers, body, at, scope: [region, SERVICE] };
    return { method: "POST", url, headers: { ...headers, authorization: authorization(scheme, input, keys) }, body };
  };

  return createSignedCall<RpcRequest>({
    ...network,
    errors,
    parse: parseJson,
    exchange: async (request, send) => {
      const first = await send(() => sign(request));
      if (first.error?.code !== "InvalidTimestamp") return first;
      time.adopt(first);
      return send(() => sign(request));
    },
  });
}
