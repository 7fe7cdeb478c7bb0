/** Who calls over HTTP: bearer tokens of the operator's, or of an authorization server's. */

import { readFileSync } from "node:fs";
import {
  type AuthInfo,
  bearerAuthChallengeResponse,
  getOAuthProtectedResourceMetadataUrl,
  OAuthError,
  OAuthErrorCode,
  verifyBearerToken,
} from "@modelcontextprotocol/server";
import { PrefetchError } from "../../base/errors.ts";
import { authExtra, scopes } from "../../mcp/caller.ts";
import { createTokenVerifier, type OAuthSettings } from "./oauth.ts";
import { findToken, readTokens } from "./tokens.ts";

export interface AuthSettings {
  /** Path of a token list, or its text. */
  readonly tokensFile: string | undefined;
  readonly tokens: string | undefined;
  readonly oauth: OAuthSettings | undefined;
}

export interface Authenticator {
  /** Who presents this `Authorization` header, or the answer that it gets. */
  authenticate(header: string | undefined): Promise<AuthInfo | Response>;
  /** Where, and what, clients are told about the authorization server. */
  readonly metadata: { readonly path: string; readonly document: Readonly<Record<string, unknown>> } | undefined;
  /** Reads the token file again; throws `invalid_argument` and keeps the old list if it cannot be used. */
  reload(): void;
}

export interface AuthContext {
  /** The endpoint as clients address it: the resource that tokens are issued for. */
  readonly resource: string;
  readonly now: () => number;
  readonly report: (error: unknown, about: string) => void;
}

/** A token that never expires still needs a moment for the SDK; this one is far off. */
const FOR_EVER_S = 4_102_444_800;
const RETRY_AFTER_S = 5;
/** What clients are to ask for; whoever administers knows what more there is. */
const usualScopes = ["prefetch:read", "prefetch:write"];

/** `undefined` when the settings name no way to tell callers apart. Throws `invalid_argument` for a token list that cannot be used. */
export function createAuthenticator(settings: AuthSettings, { resource, now, report }: AuthContext): Authenticator | undefined {
  const { tokens: text, tokensFile, oauth } = settings;
  if (text === undefined && tokensFile === undefined && !oauth) return undefined;
  let tokens = tokensOf(settings);
  const verifyJwt = oauth && createTokenVerifier({ ...oauth, audience: oauth.audience ?? resource, now });
  const resourceMetadataUrl = oauth && getOAuthProtectedResourceMetadataUrl(new URL(resource));

  const verifyAccessToken = async (presented: string): Promise<AuthInfo> => {
    const token = findToken(tokens, presented);
    if (token) {
      if (token.expires !== undefined && token.expires <= now()) throw new OAuthError(OAuthErrorCode.InvalidToken, "The token has expired");
      return {
        token: "",
        clientId: token.name,
        scopes: [...token.scopes],
        expiresAt: token.expires === undefined ? FOR_EVER_S : Math.ceil(token.expires / 1_000),
        extra: authExtra(token.tenant === undefined ? `token:${token.name}` : `tenant:${token.tenant}`),
      };
    }
    if (!verifyJwt) throw new OAuthError(OAuthErrorCode.InvalidToken, "The token is not known");
    const { subject, tenant, scopes, expiresAt } = await verifyJwt(presented);
    return {
      token: "",
      clientId: subject,
      scopes: [...scopes],
      expiresAt,
      extra: authExtra(tenant === undefined ? `sub:${subject}` : `tenant:${tenant}`),
    };
  };

  return {
    authenticate: async (header) => {
      try {
        // What comes after the token is no part of it, so nobody has vouched for it.
        if (header !== undefined && !/^bearer +\S+$/i.test(header)) {
          throw new OAuthError(OAuthErrorCode.InvalidToken, "Invalid Authorization header: it must be Bearer and one token");
        }
        const info = await verifyBearerToken(header, {
          verifier: { verifyAccessToken },
          ...(resourceMetadataUrl && { resourceMetadataUrl }),
        });
        if (info.scopes.some((scope) => scopes.some((known) => known === scope))) return info;
        throw new OAuthError(OAuthErrorCode.InsufficientScope, "The token has none of this server's scopes");
      } catch (error) {
        if (error instanceof OAuthError) {
          const requiredScopes = error.code === OAuthErrorCode.InsufficientScope ? ["prefetch:read"] : usualScopes;
          return bearerAuthChallengeResponse(error, {
            requiredScopes,
            ...(resourceMetadataUrl && { resourceMetadataUrl }),
          });
        }
        report(error, "checking a token");
        const body = { error: "temporarily_unavailable", error_description: "Tokens cannot be checked just now" };
        return Response.json(body, { status: 503, headers: { "retry-after": String(RETRY_AFTER_S) } });
      }
    },
    metadata:
      oauth && resourceMetadataUrl !== undefined
        ? {
            path: new URL(resourceMetadataUrl).pathname,
            document: {
              resource,
              authorization_servers: [oauth.issuer],
              scopes_supported: usualScopes,
              bearer_methods_supported: ["header"],
              resource_name: "CDN Prefetch",
            },
          }
        : undefined,
    reload: () => {
      tokens = tokensOf(settings);
    },
  };
}

function tokensOf({ tokens, tokensFile }: AuthSettings): ReturnType<typeof readTokens> {
  if (tokens !== undefined) return readTokens(tokens, "PREFETCH_SERVER_TOKENS");
  if (tokensFile === undefined) return [];
  let text: string;
  try {
    text = readFileSync(tokensFile, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? ` (${error.code})` : "";
    throw new PrefetchError("invalid_argument", `PREFETCH_SERVER_TOKENS_FILE: ${tokensFile} cannot be read${code}`, {
      hint: "docs/streamable-http.md shows how tokens are written.",
      cause: error,
    });
  }
  return readTokens(text, `PREFETCH_SERVER_TOKENS_FILE ${tokensFile}`);
}
