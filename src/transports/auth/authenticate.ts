/** Authenticates HTTP requests by bearer token: one of the operator's, or a JWT of an authorization server. */

import {
  type AuthInfo,
  bearerAuthChallengeResponse,
  getOAuthProtectedResourceMetadataUrl,
  OAuthError,
  OAuthErrorCode,
  verifyBearerToken,
} from "@modelcontextprotocol/server";
import { authExtra, type Scope, scopes } from "../../mcp/caller.ts";
import { createTokenVerifier, type OAuthSettings, type VerifiedToken } from "./oauth.ts";
import { findToken, loadTokens, type Token, type TokenSource } from "./tokens.ts";

export interface AuthSettings extends TokenSource {
  readonly oauth: OAuthSettings | undefined;
}

export interface Authenticator {
  /** The caller behind an `Authorization` header, or the response that refuses the request. */
  authenticate(header: string | undefined): Promise<AuthInfo | Response>;
  /** The OAuth metadata document of this server and its path; `undefined` without OAuth. */
  readonly metadata: { readonly path: string; readonly document: Readonly<Record<string, unknown>> } | undefined;
  /** Reads the token file again. Throws `invalid_argument` for an unusable file, and then keeps the old list. */
  reload(): void;
}

export interface AuthContext {
  /** The endpoint's URL, which is the default audience of tokens. */
  readonly resource: string;
  readonly now: () => number;
  readonly report: (error: unknown, about: string) => void;
  /** Receives each accepted token. The caller keeps it out of answers and logs. */
  readonly conceal: (token: string) => void;
}

/** The SDK demands an expiry of every token. This one is in the year 2100. */
const NO_EXPIRY_S = 4_102_444_800;
const RETRY_AFTER_S = 5;
/** Checks in progress. They last as long as the issuer takes; more of them hold more memory for callers without a valid token. */
const MOST_CHECKS = 1_000;
/** Scopes that a client should request by default; administrators know about `prefetch:admin`. */
const defaultScopes = ["prefetch:read", "prefetch:write"];

/** `undefined` without tokens and OAuth. Throws `invalid_argument` for an unusable token list. */
export function createAuthenticator(settings: AuthSettings, { resource, now, report, conceal }: AuthContext): Authenticator | undefined {
  const { oauth } = settings;
  if (settings.tokens === undefined && settings.tokensFile === undefined && !oauth) return undefined;
  let tokens = loadTokens(settings);
  const verifyJwt = oauth && createTokenVerifier({ ...oauth, audience: oauth.audience ?? resource, now });
  const resourceMetadataUrl = oauth && getOAuthProtectedResourceMetadataUrl(new URL(resource));
  const discovery = resourceMetadataUrl === undefined ? {} : { resourceMetadataUrl };

  const callerBehind = async (presented: string): Promise<AuthInfo> => {
    const token = findToken(tokens, presented);
    if (token) return authInfoOfToken(token, now());
    if (!verifyJwt) throw new OAuthError(OAuthErrorCode.InvalidToken, "The token is not known");
    return authInfoOfJwt(await verifyJwt(presented));
  };

  const verifyAccessToken = async (presented: string): Promise<AuthInfo> => {
    const caller = await callerBehind(presented);
    conceal(presented);
    return caller;
  };

  const verifyHeader = async (header: string | undefined): Promise<AuthInfo> => {
    // The SDK ignores text after the token; refusing it keeps unverified text out of the request.
    if (header !== undefined && !/^bearer +\S+$/i.test(header)) {
      throw new OAuthError(OAuthErrorCode.InvalidToken, "Invalid Authorization header: it must be Bearer and one token");
    }
    const info = await verifyBearerToken(header, { verifier: { verifyAccessToken }, ...discovery });
    if (info.scopes.some((scope) => scopes.some((known) => known === scope))) return info;
    throw new OAuthError(OAuthErrorCode.InsufficientScope, "The token has none of this server's scopes");
  };

  const refusalOf = (error: unknown): Response => {
    if (error instanceof OAuthError) {
      const requiredScopes = error.code === OAuthErrorCode.InsufficientScope ? ["prefetch:read"] : defaultScopes;
      return bearerAuthChallengeResponse(error, { requiredScopes, ...discovery });
    }
    report(error, "checking a token");
    return unavailable();
  };

  let checks = 0;
  const authenticate = async (header: string | undefined): Promise<AuthInfo | Response> => {
    if (checks >= MOST_CHECKS) return unavailable();
    checks += 1;
    try {
      return await verifyHeader(header);
    } catch (error) {
      return refusalOf(error);
    } finally {
      checks -= 1;
    }
  };

  return {
    authenticate,
    metadata:
      oauth && resourceMetadataUrl !== undefined
        ? { path: new URL(resourceMetadataUrl).pathname, document: resourceMetadata(resource, oauth.issuer) }
        : undefined,
    reload: () => {
      tokens = loadTokens(settings);
    },
  };
}

function unavailable(): Response {
  const body = { error: "temporarily_unavailable", error_description: "The server cannot check tokens now. Call again later." };
  return Response.json(body, { status: 503, headers: { "retry-after": String(RETRY_AFTER_S) } });
}

/** The response that names the scope which a verified token lacks, as the SDK words it. */
export function scopeChallenge(authInfo: AuthInfo | undefined, missing: Scope, reason = "Insufficient scope"): Response {
  const resourceMetadataUrl = authInfo?.resourceMetadataUrl;
  return bearerAuthChallengeResponse(new OAuthError(OAuthErrorCode.InsufficientScope, reason), {
    requiredScopes: [missing],
    ...(resourceMetadataUrl !== undefined && { resourceMetadataUrl }),
  });
}

function authInfoOfToken({ name, scopes, tenant, expires }: Token, now: number): AuthInfo {
  if (expires !== undefined && expires <= now) throw new OAuthError(OAuthErrorCode.InvalidToken, "The token has expired");
  return {
    token: "",
    clientId: name,
    scopes: [...scopes],
    expiresAt: expires === undefined ? NO_EXPIRY_S : Math.ceil(expires / 1_000),
    extra: authExtra(tenant === undefined ? `token:${name}` : `tenant:${tenant}`),
  };
}

function authInfoOfJwt({ subject, tenant, scopes, expiresAt }: VerifiedToken): AuthInfo {
  return {
    token: "",
    clientId: subject,
    scopes: [...scopes],
    expiresAt,
    extra: authExtra(tenant === undefined ? `sub:${subject}` : `tenant:${tenant}`),
  };
}

/** Source: RFC 9728, section 2. */
function resourceMetadata(resource: string, issuer: string): Readonly<Record<string, unknown>> {
  return {
    resource,
    authorization_servers: [issuer],
    scopes_supported: defaultScopes,
    bearer_methods_supported: ["header"],
    resource_name: "CDN Prefetch",
  };
}
