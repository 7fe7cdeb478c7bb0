/**
 * IAM's tokens in the emulated Huawei Cloud: login with a password, expiry, revocation.
 * Source: https://support.huaweicloud.com/api-iam/iam_30_0001.html
 */

import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Answer } from "../server/answer.ts";
import { jsonAnswer, parseJson } from "../server/json.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import { unauthenticated, unauthorized } from "./errors.ts";

export interface SandboxLogin {
  readonly user: string;
  readonly password: string;
  readonly domain: string;
}

interface TokensOptions {
  readonly login: SandboxLogin;
  /** What a login must ask for. */
  readonly scope: object;
  readonly now: () => number;
  readonly lifeMs: number;
}

export interface Tokens {
  /** A token that is valid from now on. */
  issue(): string;
  revokeAll(): void;
  /** The refusal of a request with this token; `undefined` for a valid one. */
  refusal(token: string | undefined): Answer | undefined;
  /** Answers `POST /v3/auth/tokens`. */
  login(request: ReceivedRequest): Answer;
  /** Login attempts so far. */
  readonly logins: number;
}

export function createTokens({ login: { user, password, domain }, scope, now, lifeMs }: TokensOptions): Tokens {
  /** When each token expires. */
  const expiries = new Map<string, number>();
  let logins = 0;
  const expected = {
    auth: {
      identity: { methods: ["password"], password: { user: { name: user, password, domain: { name: domain } } } },
      scope,
    },
  };

  const issue = (): string => {
    const token = `MIIsandbox${randomBytes(96).toString("base64url")}`;
    expiries.set(token, now() + lifeMs);
    return token;
  };

  return {
    issue,
    revokeAll: () => expiries.clear(),
    refusal: (token) => {
      if (token === undefined) return unauthenticated("x-auth-token not found");
      const expiry = expiries.get(token);
      if (expiry === undefined) return unauthenticated("decrypt token fail");
      return now() < expiry ? undefined : unauthorized("0307", "The token must be updated.");
    },
    login: ({ body }) => {
      logins += 1;
      if (!isDeepStrictEqual(parseJson(body.toString()), expected)) {
        return jsonAnswer(401, { error: { code: 401, message: "The username or password is wrong.", title: "Unauthorized" } });
      }
      const expiresAt = new Date(now() + lifeMs).toISOString();
      const answer = jsonAnswer(201, { token: { expires_at: expiresAt, ...scope } });
      return { ...answer, headers: { ...answer.headers, "x-subject-token": issue() } };
    },
    get logins() {
      return logins;
    },
  };
}
