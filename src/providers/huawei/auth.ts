/**
 * The three ways to authenticate with Huawei Cloud: access keys (permanent, or temporary with a security token),
 * an IAM token that was given, and an IAM token fetched with user, password and domain.
 * Sources: https://support.huaweicloud.com/api-iam/iam_30_0001.html, and the signature guide for the lock-out.
 */

import { z } from "zod";
import { PrefetchError } from "../../errors.ts";
import type { Clock } from "../../prefetch/clock.ts";
import type { Redactor } from "../redact.ts";
import type { HttpClient } from "../request.ts";
import type { HuaweiCredentials } from "./credentials.ts";
import { failureOf, parseJson } from "./errors.ts";
import { authorization, type SigningInput, sdkDate } from "./sign.ts";

export interface Auth {
  /** Obtains what signing needs. Throws `auth_failed` without asking anyone while the credentials are locked out. */
  prepare(signal: AbortSignal): Promise<void>;
  /** The headers to send, those that prove who we are included. */
  sign(request: SigningInput): Record<string, string>;
  /** Takes note of a refusal; true when fresh credentials are worth one more attempt. */
  refused(error: PrefetchError): boolean;
}

export interface AuthOptions {
  readonly credentials: HuaweiCredentials;
  readonly projectId: string;
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly redact: Redactor;
}

/** More than five failures in a row lock a key for five minutes, during which correct signatures fail too. */
const LOCKOUT_MS = 300_000;
/** A token is replaced this long before it runs out. It lives 24 hours. */
const TOKEN_MARGIN_MS = 1_800_000;

export function createAuth(options: AuthOptions): Auth {
  const { credentials } = options;
  if (credentials.kind === "keys") return keyAuth(credentials, options);
  if (credentials.kind === "token") {
    return {
      prepare: async () => undefined,
      sign: (request) => ({ ...request.headers, "x-auth-token": credentials.token }),
      refused: () => false,
    };
  }
  return passwordAuth(credentials, options);
}

function keyAuth(keys: Extract<HuaweiCredentials, { kind: "keys" }>, { projectId, clock }: AuthOptions): Auth {
  const circuit = createCircuit(clock, "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK");
  return {
    prepare: async () => circuit.check(),
    sign: (request) => {
      const headers: Record<string, string> = {
        ...request.headers,
        host: request.url.host,
        "x-project-id": projectId,
        "x-sdk-date": sdkDate(clock.now()),
        ...(keys.securityToken && { "x-security-token": keys.securityToken }),
      };
      return { ...headers, authorization: authorization({ ...request, headers }, keys) };
    },
    refused: (error) => {
      circuit.open(error);
      return false;
    },
  };
}

const tokenAnswer = z.object({ token: z.object({ expires_at: z.string() }) });

function passwordAuth(login: Extract<HuaweiCredentials, { kind: "password" }>, { projectId, clock, http, redact }: AuthOptions): Auth {
  const circuit = createCircuit(clock, "the IAM user, password and domain");
  let current: { readonly token: string; readonly freshUntil: number } | undefined;
  let fetching: Promise<void> | undefined;

  const fetchToken = async (signal: AbortSignal): Promise<void> => {
    const url = new URL("/v3/auth/tokens?nocatalog=true", login.iamEndpoint);
    const user = { name: login.user, password: login.password, domain: { name: login.domain } };
    const body = JSON.stringify({
      auth: { identity: { methods: ["password"], password: { user } }, scope: { project: { id: projectId } } },
    });
    const headers = { "content-type": "application/json;charset=utf8" };
    const response = await http.send({ method: "POST", url, headers, body, signal, intent: "read" });
    const token = response.headers["x-subject-token"];
    if (response.status < 200 || response.status > 299 || token === undefined) {
      const error = failureOf(response, { action: "the IAM login", redact, now: clock.now() });
      // Wrong passwords lock the user.
      if (error.code === "auth_failed") circuit.open(error);
      throw error;
    }
    const expires = Date.parse(tokenAnswer.safeParse(parseJson(response.text)).data?.token.expires_at ?? "");
    current = { token, freshUntil: Number.isNaN(expires) ? clock.now() + TOKEN_MARGIN_MS : expires - TOKEN_MARGIN_MS };
  };

  return {
    prepare: async (signal) => {
      circuit.check();
      if (current && clock.now() < current.freshUntil) return;
      fetching ??= fetchToken(signal).finally(() => {
        fetching = undefined;
      });
      await fetching.catch((error: unknown) => {
        // Losing the login loses nothing else: the request that it was for has not been sent.
        throw error instanceof PrefetchError ? notSent(error) : error;
      });
    },
    sign: (request) => ({ ...request.headers, "x-auth-token": current?.token ?? "" }),
    refused: () => {
      current = undefined;
      return true;
    },
  };
}

function notSent(error: PrefetchError): PrefetchError {
  return new PrefetchError(error.code, error.message, {
    hint: error.hint,
    retryable: error.retryable,
    retryAfterMs: error.retryAfterMs,
    delivery: "not_sent",
    provider: error.provider,
    vendorCode: error.vendorCode,
    requestId: error.requestId,
    cause: error,
  });
}

/** Keeps refused credentials from being tried until the vendor locks them. */
function createCircuit(clock: Clock, what: string) {
  let open: { readonly until: number; readonly reason: PrefetchError } | undefined;
  return {
    check: (): void => {
      if (!open) return;
      if (clock.now() >= open.until) {
        open = undefined;
        return;
      }
      const { reason, until } = open;
      throw new PrefetchError("auth_failed", `Not sent: ${reason.message}`, {
        provider: reason.provider,
        vendorCode: reason.vendorCode,
        requestId: reason.requestId,
        hint: `Correct ${what} (or this machine's clock) and restart the server. They are tried again at ${new Date(until).toISOString()} at the earliest, because Huawei Cloud locks keys that fail repeatedly.`,
      });
    },
    open: (reason: PrefetchError): void => {
      open ??= { until: clock.now() + LOCKOUT_MS, reason };
    },
  };
}
