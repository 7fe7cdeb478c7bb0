/** The configuration of the HTTP server, and the combinations of settings that it refuses. */

import { PrefetchError } from "../base/errors.ts";
import type { AuthSettings } from "../transports/auth/authenticate.ts";
import type { OAuthSettings } from "../transports/auth/oauth.ts";
import { type HttpOptions, isLoopback } from "../transports/http/options.ts";
import type { ParsedSettings } from "./schema.ts";

export type ServerConfig = HttpOptions & AuthSettings;

const loopbackHosts = ["localhost", "127.0.0.1", "[::1]"];

/** An `invalid_argument` for each combination of settings that contradict each other. */
export function serverContradictions(settings: ParsedSettings): PrefetchError[] {
  return [tokenSource, oauthIncomplete, exposure, resourceUrl].flatMap((find) => find(settings) ?? []);
}

/** For settings without contradictions. */
export function serverConfigFrom(settings: ParsedSettings): ServerConfig {
  const publicUrl = settings.PREFETCH_SERVER_PUBLIC_URL;
  const publicHosts = publicUrl === undefined ? [] : [new URL(publicUrl).hostname];
  const allowedHosts = settings.PREFETCH_SERVER_ALLOWED_HOSTS ?? [...loopbackHosts, ...publicHosts];
  return {
    host: settings.PREFETCH_SERVER_HOST,
    port: settings.PREFETCH_SERVER_PORT,
    path: settings.PREFETCH_SERVER_PATH,
    publicUrl,
    allowedHosts,
    allowedOrigins: settings.PREFETCH_SERVER_ALLOWED_ORIGINS ?? allowedHosts,
    corsOrigins: settings.PREFETCH_SERVER_CORS_ORIGINS ?? [],
    requestsPerMinute: settings.PREFETCH_TENANT_REQUESTS_PER_MINUTE,
    tokensFile: settings.PREFETCH_SERVER_TOKENS_FILE,
    tokens: settings.PREFETCH_SERVER_TOKENS,
    oauth: oauthFrom(settings),
  };
}

function oauthFrom(settings: ParsedSettings): OAuthSettings | undefined {
  const issuer = settings.PREFETCH_SERVER_OAUTH_ISSUER;
  if (issuer === undefined) return undefined;
  return {
    issuer,
    audience: settings.PREFETCH_SERVER_OAUTH_AUDIENCE,
    jwksUrl: settings.PREFETCH_SERVER_OAUTH_JWKS_URL,
    tenantClaim: settings.PREFETCH_SERVER_OAUTH_TENANT_CLAIM,
  };
}

function tokenSource({ PREFETCH_SERVER_TOKENS: text, PREFETCH_SERVER_TOKENS_FILE: file }: ParsedSettings): PrefetchError | undefined {
  if (text === undefined || file === undefined) return undefined;
  return conflict(
    "PREFETCH_SERVER_TOKENS and PREFETCH_SERVER_TOKENS_FILE are both set, but the server reads one token list only",
    "Unset one of them.",
  );
}

const oauthNames = ["PREFETCH_SERVER_OAUTH_AUDIENCE", "PREFETCH_SERVER_OAUTH_JWKS_URL", "PREFETCH_SERVER_OAUTH_TENANT_CLAIM"] as const;

function oauthIncomplete(settings: ParsedSettings): PrefetchError | undefined {
  if (settings.PREFETCH_SERVER_OAUTH_ISSUER !== undefined) return undefined;
  const name = oauthNames.find((each) => settings[each] !== undefined);
  if (name === undefined) return undefined;
  return conflict(
    `${name} is set, but PREFETCH_SERVER_OAUTH_ISSUER is not, so OAuth is off`,
    `Set PREFETCH_SERVER_OAUTH_ISSUER too, or unset ${name}.`,
  );
}

/** A server over stdio does not listen, so its host exposes nothing. */
function exposure(settings: ParsedSettings): PrefetchError | undefined {
  const host = settings.PREFETCH_SERVER_HOST;
  if (settings.PREFETCH_TRANSPORT !== "http" || isLoopback(host) || hasAuthentication(settings)) return undefined;
  return conflict(
    `PREFETCH_SERVER_HOST is ${host}, which other machines can reach, and the server would give them all full access`,
    "Set PREFETCH_SERVER_TOKENS_FILE or PREFETCH_SERVER_OAUTH_ISSUER, or listen on 127.0.0.1.",
  );
}

function hasAuthentication(settings: ParsedSettings): boolean {
  const sources = ["PREFETCH_SERVER_TOKENS", "PREFETCH_SERVER_TOKENS_FILE", "PREFETCH_SERVER_OAUTH_ISSUER"] as const;
  return sources.some((name) => settings[name] !== undefined);
}

/** OAuth clients ask for tokens for the endpoint's URL, which must be known before the server listens. */
function resourceUrl(settings: ParsedSettings): PrefetchError | undefined {
  if (settings.PREFETCH_SERVER_OAUTH_ISSUER === undefined || settings.PREFETCH_SERVER_PORT !== 0) return undefined;
  if (settings.PREFETCH_SERVER_PUBLIC_URL !== undefined) return undefined;
  return conflict(
    "PREFETCH_SERVER_PORT is 0, so the endpoint's URL is not known in advance, but tokens of PREFETCH_SERVER_OAUTH_ISSUER must name it",
    "Set PREFETCH_SERVER_PUBLIC_URL, or choose a fixed port.",
  );
}

function conflict(message: string, hint: string): PrefetchError {
  return new PrefetchError("invalid_argument", message, { hint });
}
