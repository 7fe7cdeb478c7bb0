/** One authenticated call of a REST API of Huawei Cloud. */

import type { Clock } from "../../base/clock.ts";
import type { Redactor } from "../../base/redact.ts";
import { parseJson } from "../kit/answer.ts";
import { canonicalQuery } from "../kit/canonical.ts";
import type { HttpClient } from "../kit/http-client.ts";
import { type CallAnswer, createSignedCall, type SignedRequest, type Wire } from "../kit/signed-call.ts";
import type { VendorErrors } from "../kit/vendor-errors.ts";
import type { Auth, Sign } from "./auth.ts";

export interface ApiRequest extends Omit<SignedRequest, "intent"> {
  /** POST submits and spends quota, GET reads. */
  readonly method: "GET" | "POST";
  /** Below `ApiOptions.path`. */
  readonly path: string;
  readonly query?: readonly (readonly [string, string])[];
  readonly body?: string;
}

/** Reads an empty body as `{}`. Throws a `PrefetchError` for every answer but a 2xx without an error in its body. */
export type Api = (request: ApiRequest) => Promise<CallAnswer>;

export interface ApiOptions {
  /** Full URL, such as https://vod.cn-north-4.myhuaweicloud.com. */
  readonly endpoint: string;
  /** The common beginning of all paths, with a slash at its end. */
  readonly path: string;
  readonly auth: Auth;
  readonly errors: VendorErrors;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly redact: Redactor;
}

export function createApi({ endpoint, path: base, auth, errors, http, clock, redact }: ApiOptions): Api {
  const wireOf = ({ method, path, query = [], body = "" }: ApiRequest, sign: Sign): Wire => {
    const url = new URL(`${base}${path}`, endpoint);
    url.search = canonicalQuery(query);
    const headers = sign({ method, url, headers: { "content-type": "application/json" }, body });
    return { method, url, headers, ...(method === "POST" && { body }) };
  };

  const send = createSignedCall<ApiRequest & SignedRequest>({
    http,
    clock,
    redact,
    errors,
    parse: (text) => (text.trim() === "" ? {} : parseJson(text)),
    exchange: async (request, sendSigned, failureOf) => {
      const { answer } = await auth.send(request.call.signal, async (sign) => {
        const done = await sendSigned(() => wireOf(request, sign));
        // Any other status means that the vendor has accepted the credentials.
        return { answer: done, refusal: done.response.status === 401 ? failureOf(done) : undefined };
      });
      return answer;
    },
  });

  return (request) => send({ ...request, intent: request.method === "POST" ? "spend" : "read" });
}
