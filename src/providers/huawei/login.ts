/** IAM tokens by user, password and domain. Source: https://support.huaweicloud.com/api-iam/iam_30_0001.html. */

import { z } from "zod";
import { abortable } from "../../base/abortable.ts";
import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import type { Redactor } from "../../base/redact.ts";
import { parseJson } from "../kit/answer.ts";
import type { HttpClient } from "../kit/http-client.ts";
import type { HuaweiCredentials } from "./credentials.ts";
import { failureOf } from "./errors.ts";
import type { LoginBreaker } from "./login-breaker.ts";

/** A token is replaced this long before it runs out. It lives 24 hours. */
const TOKEN_MARGIN_MS = 1_800_000;

const tokenAnswer = z.object({ token: z.object({ expires_at: z.string() }) });

export interface LoginContext {
  readonly projectId: string;
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly redact: Redactor;
  readonly onSecret: (secret: string) => void;
}

export interface Login {
  /** A token that is good for a while; callers that need one at once share one login. */
  current(signal: AbortSignal): Promise<string>;
  /** Gives up a token that was refused, unless it has been replaced already. */
  forget(token: string): void;
}

export function createLogin(
  login: Extract<HuaweiCredentials, { kind: "password" }>,
  { projectId, clock, http, redact, onSecret }: LoginContext,
  circuit: LoginBreaker,
): Login {
  let held: { readonly token: string; readonly freshUntil: number } | undefined;
  let fetching: Promise<string> | undefined;

  const fetchToken = async (): Promise<string> => {
    // A login belongs to all who wait for it, so nobody's signal ends it; the client's own time limit does.
    const { signal } = new AbortController();
    const url = new URL("/v3/auth/tokens?nocatalog=true", login.iamEndpoint);
    const user = { name: login.user, password: login.password, domain: { name: login.domain } };
    const body = JSON.stringify({
      auth: { identity: { methods: ["password"], password: { user } }, scope: { project: { id: projectId } } },
    });
    const headers = { "content-type": "application/json;charset=utf8" };
    const response = await http.send({ method: "POST", url, headers, body, signal, intent: "read" });
    const token = response.headers["x-subject-token"];
    const accepted = response.status >= 200 && response.status <= 299;
    if (accepted && token === undefined) {
      throw new PrefetchError("vendor_unavailable", "IAM accepted the login, but its answer carries no token", {
        provider: "huawei-vod",
        retryable: true,
      });
    }
    if (!accepted || token === undefined) {
      const error = failureOf(response, { action: "the IAM login", redact, now: clock.now() });
      if (error.retryable) throw error;
      const refusal = beforeSending(
        error,
        "auth_failed",
        "Check PREFETCH_HUAWEI_IAM_USER, _PASSWORD and _DOMAIN, and that the user may log in by API.",
      );
      // Wrong passwords lock the user.
      circuit.open(refusal);
      throw refusal;
    }
    const expires = Date.parse(tokenAnswer.safeParse(parseJson(response.text)).data?.token.expires_at ?? "");
    onSecret(token);
    held = { token, freshUntil: Number.isNaN(expires) ? clock.now() + TOKEN_MARGIN_MS : expires - TOKEN_MARGIN_MS };
    return token;
  };

  return {
    current: async (signal) => {
      if (held && clock.now() < held.freshUntil) return held.token;
      fetching ??= fetchToken().finally(() => {
        fetching = undefined;
      });
      try {
        return await abortable(fetching, signal);
      } catch (error) {
        throw error instanceof PrefetchError ? beforeSending(error, error.code, error.hint) : error;
      }
    },
    forget: (token) => {
      if (held?.token === token) held = undefined;
    },
  };
}

/** Whatever became of the login, the request that it was for has not been sent. */
function beforeSending(error: PrefetchError, code: PrefetchError["code"], hint: string | undefined): PrefetchError {
  const { message, retryable, retryAfterMs, provider, vendorCode, requestId } = error;
  return new PrefetchError(code, message, {
    hint,
    retryable,
    retryAfterMs,
    delivery: "not_sent",
    provider,
    vendorCode,
    requestId,
    cause: error,
  });
}
