/** One authenticated call of Huawei Cloud VOD's REST API. */

import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import type { Redactor } from "../../base/redact.ts";
import type { Call } from "../../prefetch/model/provider.ts";
import { type BodyReader, createBodyReader, isSuccess, parseJson } from "../kit/answer.ts";
import { canonicalQuery } from "../kit/canonical.ts";
import type { HttpClient, HttpResponse } from "../kit/http-client.ts";
import { stoppedOr } from "../kit/stopped.ts";
import { requestIdOf, unreadableAnswer } from "../kit/vendor-failure.ts";
import type { Attempt, Auth, Sign } from "./auth.ts";
import { failureOf, huaweiCloud, readVendorError } from "./errors.ts";

export interface ApiRequest {
  /** POST submits and spends quota, GET reads. */
  readonly method: "GET" | "POST";
  /** Last part of `/v1.0/{project_id}/asset/…`. */
  readonly path: "preheating" | "info";
  readonly query?: readonly (readonly [string, string])[];
  readonly body?: string;
  /** For error messages: "the prefetch". */
  readonly action: string;
  readonly call: Call;
  /** Whether the request counts against `requestsPerMinute`, and so takes a turn. */
  readonly counted: boolean;
}

export interface ApiAnswer {
  readonly requestId: string | undefined;
  /** Reads an empty body as `{}`. */
  readonly read: BodyReader;
}

/** Throws a `PrefetchError` for every answer but a 2xx without an error in its body. */
export type Api = (request: ApiRequest) => Promise<ApiAnswer>;

export interface ApiOptions {
  /** Full URL, such as https://vod.cn-north-4.myhuaweicloud.com. */
  readonly endpoint: string;
  readonly projectId: string;
  readonly auth: Auth;
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly redact: Redactor;
}

export function createApi({ endpoint, projectId, auth, http, clock, redact }: ApiOptions): Api {
  const attempt = async (request: ApiRequest, sign: Sign): Promise<Attempt<HttpResponse | PrefetchError>> => {
    const { method, path, query = [], body = "", action, call, counted } = request;
    const url = new URL(`/v1.0/${encodeURIComponent(projectId)}/asset/${path}`, endpoint);
    url.search = canonicalQuery(query);
    const intent = intentOf(method);
    if (counted) await call.turn();
    // The signature carries its date, so it is made after the wait for a turn.
    const headers = sign({ method, url, headers: { "content-type": "application/json" }, body });
    const { signal, isFresh } = call;
    const response = await http.send({ method, url, headers, signal, isFresh, intent, ...(method === "POST" && { body }) });
    if (isSuccess(response) && !readVendorError(parseJson(response.text))) return { answer: response, refusal: undefined };
    const error = failureOf(response, { action, intent, redact, now: clock.now() });
    // Any other status means that the vendor has accepted the credentials.
    return { answer: error, refusal: response.status === 401 ? error : undefined };
  };

  return async (request) => {
    const { method, action, call } = request;
    try {
      const { answer, refusal } = await auth.send(call.signal, (sign) => attempt(request, sign));
      if (refusal) throw refusal;
      if (answer instanceof PrefetchError) throw answer;
      const body = answer.text.trim() === "" ? {} : parseJson(answer.text);
      const unreadable = () => unreadableAnswer(huaweiCloud, answer, { action, intent: intentOf(method), redact });
      return { requestId: requestIdOf(huaweiCloud, answer, redact), read: createBodyReader(body, unreadable) };
    } catch (error) {
      throw stoppedOr(error, call, { provider: huaweiCloud.provider, action });
    }
  };
}

function intentOf(method: ApiRequest["method"]): "spend" | "read" {
  return method === "POST" ? "spend" : "read";
}
