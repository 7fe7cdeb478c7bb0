/** The account of an emulated product of Huawei Cloud: its keys and logins, the check of each request, and IAM beside the product. */

import type { ReceivedRequest } from "../server/receive.ts";
import type { Answered } from "../vendor-emulator.ts";
import { answered, type VendorAnswer } from "./answered.ts";
import { createAuthCheck } from "./auth-check.ts";
import { createSignatureCheck, type SandboxKeys } from "./signature-check.ts";
import { createTokens, type SandboxLogin, type Tokens } from "./tokens.ts";

export type SandboxUser = SandboxKeys & SandboxLogin;

const defaultUser: SandboxUser = {
  ak: "SANDBOXAK00000000000",
  sk: "sandboxSecretKeyThatOpensNothing00000000",
  user: "sandbox-user",
  password: "sandbox-password",
  domain: "sandbox-domain",
};

const DAY_MS = 86_400_000;

export interface AccountOptions {
  readonly now?: () => number;
  readonly user?: Partial<SandboxUser>;
  readonly tokenLifeMs?: number;
}

interface Account {
  readonly user: SandboxUser;
  readonly tokens: Tokens;
  /** Answers logins itself, and passes authenticated requests on. */
  respond(request: ReceivedRequest, dispatch: (request: ReceivedRequest) => VendorAnswer): Answered<{ readonly path: string }>;
}

/** `scopeOf` is what a login must ask for: a project, or the account. */
export function createAccount(
  { user: given, now = Date.now, tokenLifeMs = DAY_MS }: AccountOptions,
  scopeOf: (user: SandboxUser) => object,
): Account {
  const user: SandboxUser = { ...defaultUser, ...given };
  const tokens = createTokens({ login: user, scope: scopeOf(user), now, lifeMs: tokenLifeMs });
  const refusalOf = createAuthCheck(createSignatureCheck(user, now), tokens, now);
  return {
    user,
    tokens,
    respond: (request, dispatch) => {
      const isLogin = request.method === "POST" && request.url.pathname === "/v3/auth/tokens";
      return answered(isLogin ? tokens.login(request) : (refusalOf(request) ?? dispatch(request)), request);
    },
  };
}
