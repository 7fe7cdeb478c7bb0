/**
 * Authenticates requests in three ways: with access keys (permanent, or temporary with a security token), with an IAM token
 * from the settings, or with an IAM token that it fetches with user, password and domain.
 * https://support.huaweicloud.com/devg-apisign/api-sign-algorithm-001.html, https://support.huaweicloud.com/api-iam/iam_30_0001.html
 */

import type { PrefetchError } from "../../base/errors.ts";
import { createSemaphore } from "../../base/semaphore.ts";
import type { HuaweiCredentials } from "./credentials.ts";
import { createLogin, type LoginContext } from "./login.ts";
import { createLoginBreaker } from "./login-breaker.ts";
import { authorization, type SigningInput, sdkDate } from "./sign.ts";

/** Returns the headers to send: those of the request, and those that authenticate it. */
export type Sign = (request: SigningInput) => Record<string, string>;

/** The outcome of one request. `refusal` is set when the vendor did not accept the credentials. */
export interface Attempt<Answer> {
  readonly answer: Answer;
  readonly refusal: PrefetchError | undefined;
}

export interface Auth {
  /**
   * Makes one request, or two when a new token may be accepted. Throws `auth_failed` without any request while a
   * breaker is open.
   */
  send<Answer>(signal: AbortSignal, attempt: (sign: Sign) => Promise<Attempt<Answer>>): Promise<Attempt<Answer>>;
}

export interface AuthOptions extends LoginContext {
  readonly credentials: HuaweiCredentials;
}

export function createAuth(options: AuthOptions): Auth {
  const { credentials } = options;
  if (credentials.kind === "keys") return keyAuth(credentials, options);
  if (credentials.kind === "password") return loginAuth(credentials, options);
  const sign: Sign = (request) => ({ ...request.headers, "x-auth-token": credentials.token });
  return { send: (_, attempt) => attempt(sign) };
}

function keyAuth(keys: Extract<HuaweiCredentials, { kind: "keys" }>, { scope, clock }: AuthOptions): Auth {
  const breaker = createLoginBreaker(clock, "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK");
  // Unproven keys are tried by one request at a time, so wrong keys fail once and not by many requests in flight.
  const trial = createSemaphore(1);
  let proven = false;

  const sign: Sign = (request) => {
    // Another request may have been refused while this one waited for its turn.
    breaker.check();
    const headers: Record<string, string> = {
      ...request.headers,
      host: request.url.host,
      ...scope.headers,
      "x-sdk-date": sdkDate(clock.now()),
      ...(keys.securityToken && { "x-security-token": keys.securityToken }),
    };
    return { ...headers, authorization: authorization({ ...request, headers }, keys) };
  };

  const send: Auth["send"] = async (_, attempt) => {
    breaker.check();
    const result = await attempt(sign);
    proven = !result.refusal;
    if (result.refusal) breaker.open(result.refusal);
    return result;
  };

  return {
    send: async (signal, attempt) => {
      if (proven) return send(signal, attempt);
      await trial.acquire(signal);
      if (proven) {
        trial.release();
        return send(signal, attempt);
      }
      try {
        return await send(signal, attempt);
      } finally {
        trial.release();
      }
    },
  };
}

function loginAuth(login: Extract<HuaweiCredentials, { kind: "password" }>, options: AuthOptions): Auth {
  const breaker = createLoginBreaker(options.clock, "the IAM user, password and domain");
  const tokens = createLogin(login, options, breaker);

  const sendOnce = async <Answer>(signal: AbortSignal, attempt: (sign: Sign) => Promise<Attempt<Answer>>): Promise<Attempt<Answer>> => {
    breaker.check();
    const token = await tokens.current(signal);
    const result = await attempt((request) => ({ ...request.headers, "x-auth-token": token }));
    if (result.refusal) tokens.forget(token);
    return result;
  };

  return {
    send: async (signal, attempt) => {
      const first = await sendOnce(signal, attempt);
      if (!first.refusal) return first;
      const second = await sendOnce(signal, attempt);
      // The vendor refuses even a new token, so more logins would not help.
      if (second.refusal) breaker.open(second.refusal);
      return second;
    },
  };
}
