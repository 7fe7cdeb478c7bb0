/**
 * The three ways to authenticate with Huawei Cloud: access keys (permanent, or temporary with a security token),
 * an IAM token that was given, and an IAM token fetched with user, password and domain.
 * Sources: https://support.huaweicloud.com/api-iam/iam_30_0001.html, and the signature guide for the lock-out.
 */

import type { Clock } from "../../base/clock.ts";
import type { PrefetchError } from "../../base/errors.ts";
import type { Redactor } from "../../base/redact.ts";
import type { HttpClient } from "../kit/http-client.ts";
import type { HuaweiCredentials } from "./credentials.ts";
import { createLogin } from "./login.ts";
import { createDoor, createLoginBreaker } from "./login-breaker.ts";
import { authorization, type SigningInput, sdkDate } from "./sign.ts";

/** The headers to send, those that prove who we are included. */
export type Sign = (request: SigningInput) => Record<string, string>;

/** What came of one request; `refusal` when the vendor did not accept the credentials. */
export interface Attempt<Answer> {
  readonly answer: Answer;
  readonly refusal: PrefetchError | undefined;
}

export interface Auth {
  /**
   * Makes one request, or two where fresh credentials are worth a second attempt. Throws `auth_failed` without
   * asking anyone while the credentials are known to be refused.
   */
  send<Answer>(signal: AbortSignal, attempt: (sign: Sign) => Promise<Attempt<Answer>>): Promise<Attempt<Answer>>;
}

export interface AuthOptions {
  readonly credentials: HuaweiCredentials;
  readonly projectId: string;
  readonly clock: Clock;
  readonly http: HttpClient;
  readonly redact: Redactor;
  /** Told of every token that was obtained, so that it can be kept out of messages. */
  readonly onSecret: (secret: string) => void;
}

export function createAuth(options: AuthOptions): Auth {
  const { credentials } = options;
  if (credentials.kind === "keys") return keyAuth(credentials, options);
  if (credentials.kind === "password") return loginAuth(credentials, options);
  const sign: Sign = (request) => ({ ...request.headers, "x-auth-token": credentials.token });
  return { send: (_, attempt) => attempt(sign) };
}

function keyAuth(keys: Extract<HuaweiCredentials, { kind: "keys" }>, { projectId, clock }: AuthOptions): Auth {
  const circuit = createLoginBreaker(clock, "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK");
  // Keys that have never worked are tried by one request at a time, so that wrong ones fail once and not many times at once.
  const door = createDoor();
  let proven = false;

  const sign: Sign = (request) => {
    // Others may have been refused while this one waited for its turn.
    circuit.check();
    const headers: Record<string, string> = {
      ...request.headers,
      host: request.url.host,
      "x-project-id": projectId,
      "x-sdk-date": sdkDate(clock.now()),
      ...(keys.securityToken && { "x-security-token": keys.securityToken }),
    };
    return { ...headers, authorization: authorization({ ...request, headers }, keys) };
  };

  return {
    send: async (signal, attempt) => {
      const leave = proven ? undefined : await door.enter(signal, () => proven);
      try {
        circuit.check();
        const result = await attempt(sign);
        proven = !result.refusal;
        if (result.refusal) circuit.open(result.refusal);
        return result;
      } finally {
        leave?.();
      }
    },
  };
}

function loginAuth(login: Extract<HuaweiCredentials, { kind: "password" }>, options: AuthOptions): Auth {
  const circuit = createLoginBreaker(options.clock, "the IAM user, password and domain");
  const tokens = createLogin(login, options, circuit);
  return {
    send: async (signal, attempt) => {
      for (let fresh = false; ; fresh = true) {
        circuit.check();
        const token = await tokens.current(signal);
        const result = await attempt((request) => ({ ...request.headers, "x-auth-token": token }));
        if (!result.refusal) return result;
        tokens.forget(token);
        if (fresh) {
          // Even a token of just now is refused: more logins would not help.
          circuit.open(result.refusal);
          return result;
        }
      }
    },
  };
}
