/** IAM tokens by user, password and domain. https://support.huaweicloud.com/api-iam/iam_30_0001.html */

import { z } from "zod";
import { abortable } from "../../base/abortable.ts";
import type { Clock } from "../../base/clock.ts";
import { PrefetchError } from "../../base/errors.ts";
import type { Redactor } from "../../base/redact.ts";
import { isSuccess, parseJson } from "../kit/answer.ts";
import type { HttpClient, HttpResponse } from "../kit/http-client.ts";
import type { VendorErrors } from "../kit/vendor-errors.ts";
import type { HuaweiCredentials } from "./credentials.ts";
import type { LoginBreaker } from "./login-breaker.ts";

/** A token lives 24 hours. Larger: more logins. Smaller: a token can expire between the check and the vendor's answer. */
const TOKEN_MARGIN_MS = 1_800_000;

const tokenAnswer = z.object({ token: z.object({ expires_at: z.string() }) });

/** What the credentials are used for: the projects of a region, or a global service. */
export interface AuthScope {
  /** Headers that name it in signed requests. */
  readonly headers: Readonly<Record<string, string>>;
  /** `scope` of a login for a token. */
  readonly login: Readonly<Record<string, unknown>>;
}

export interface LoginContext {
  readonly scope: AuthScope;
  readonly errors: VendorErrors;
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly redact: Redactor;
  /** Receives each fetched token. The caller redacts it from messages. */
  readonly onSecret: (secret: string) => void;
}

export interface Login {
  /** A valid token. Concurrent callers share one login, and a caller's signal ends only that caller's wait. */
  current(signal: AbortSignal): Promise<string>;
  /** Drops a refused token. Has no effect on a newer one. */
  forget(token: string): void;
}

export function createLogin(
  login: Extract<HuaweiCredentials, { kind: "password" }>,
  { scope, errors, clock, http, redact, onSecret }: LoginContext,
  breaker: LoginBreaker,
): Login {
  let held: { readonly token: string; readonly freshUntil: number } | undefined;
  let fetching: Promise<string> | undefined;

  const askIam = (): Promise<HttpResponse> => {
    const url = new URL("/v3/auth/tokens?nocatalog=true", login.iamEndpoint);
    const user = { name: login.user, password: login.password, domain: { name: login.domain } };
    const body = JSON.stringify({
      auth: { identity: { methods: ["password"], password: { user } }, scope: scope.login },
    });
    const headers = { "content-type": "application/json;charset=utf8" };
    // Several callers may wait for this login, so no caller's signal ends it. The client's own deadline does.
    const { signal } = new AbortController();
    return http.send({ method: "POST", url, headers, body, signal, intent: "read" });
  };

  const refusalOf = (response: HttpResponse): PrefetchError => {
    const error = errors.failureOf(response, { action: "the IAM login", intent: "read", redact, now: clock.now() });
    if (error.retryable) return error;
    const hint = "Check PREFETCH_HUAWEI_IAM_USER, _PASSWORD and _DOMAIN, and that the user may log in by API.";
    const refusal = notSent(error, { code: "auth_failed", hint });
    // Repeated wrong passwords lock the user.
    breaker.open(refusal);
    return refusal;
  };

  const fetchToken = async (): Promise<string> => {
    const response = await askIam();
    if (!isSuccess(response)) throw refusalOf(response);
    const token = response.headers["x-subject-token"];
    if (token === undefined) {
      throw new PrefetchError("vendor_unavailable", "IAM accepted the login, but its answer carries no token", {
        provider: errors.vendor.provider,
        retryable: true,
      });
    }
    onSecret(token);
    held = { token, freshUntil: freshUntil(response, clock.now()) };
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
        throw error instanceof PrefetchError ? notSent(error, error) : error;
      }
    },
    forget: (token) => {
      if (held?.token === token) held = undefined;
    },
  };
}

/** Milliseconds since the epoch until which a token is used. A token of unknown expiry is used for the margin. */
function freshUntil(response: HttpResponse, now: number): number {
  const expires = Date.parse(tokenAnswer.safeParse(parseJson(response.text)).data?.token.expires_at ?? "");
  return Number.isNaN(expires) ? now + TOKEN_MARGIN_MS : expires - TOKEN_MARGIN_MS;
}

/** A failed login as the error of the request that needed it: that request was not sent. */
function notSent(error: PrefetchError, { code, hint }: Pick<PrefetchError, "code" | "hint">): PrefetchError {
  const { message, retryable, retryAfterMs, provider, vendorCode, requestId } = error;
  const facts = { retryable, retryAfterMs, provider, vendorCode, requestId };
  return new PrefetchError(code, message, { ...facts, hint, delivery: "not_sent", cause: error });
}
