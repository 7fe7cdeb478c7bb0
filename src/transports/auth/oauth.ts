/** JWT access tokens of one authorization server, whose keys are fetched when the first token comes. */

import { OAuthError, OAuthErrorCode } from "@modelcontextprotocol/server";
import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { isLoopback } from "../http/options.ts";

export interface OAuthSettings {
  readonly issuer: string;
  readonly audience: string | undefined;
  readonly jwksUrl: string | undefined;
  /** Claim that joins principals into tenants. */
  readonly tenantClaim: string | undefined;
}

export interface VerifiedToken {
  readonly subject: string;
  /** Value of the tenant claim, where one is wanted. */
  readonly tenant: string | undefined;
  readonly scopes: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** Throws `OAuthError` for a token that is not good, and `PrefetchError` when the issuer's keys cannot be had. */
export type VerifyToken = (token: string) => Promise<VerifiedToken>;

/** Signatures that only the issuer can make: none of them works with a shared secret. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
const CLOCK_TOLERANCE_S = 5;
const FETCH_MS = 5_000;
/** How long an issuer that could not be reached is left alone. */
const REST_MS = 5_000;
const LONGEST_NAME = 200;

export interface OAuthOptions extends OAuthSettings {
  /** What the token has to be issued for. */
  readonly audience: string;
  readonly now: () => number;
}

export function createTokenVerifier({ issuer, audience, jwksUrl, tenantClaim, now }: OAuthOptions): VerifyToken {
  /** Keys that are known are used also while their issuer cannot be reached; it is then not asked at every token. */
  const keysFrom = (url: string): JWTVerifyGetKey => {
    const remote = createRemoteJWKSet(new URL(url), { timeoutDuration: FETCH_MS });
    let trouble: { readonly until: number; readonly error: unknown } | undefined;
    return async (header, token) => {
      const known = remote.jwks();
      if (trouble && now() < trouble.until) {
        if (!known) throw trouble.error;
        return createLocalJWKSet(known)(header, token);
      }
      try {
        return await remote(header, token);
      } catch (error) {
        if (!isForeign(error)) trouble = { until: now() + REST_MS, error };
        throw error;
      }
    };
  };
  let keys: Promise<JWTVerifyGetKey> | undefined = jwksUrl === undefined ? undefined : Promise.resolve(keysFrom(jwksUrl));
  let askAgainAt = Number.POSITIVE_INFINITY;

  const keySet = (): Promise<JWTVerifyGetKey> => {
    if (!keys || now() >= askAgainAt) {
      askAgainAt = Number.POSITIVE_INFINITY;
      keys = discoverJwks(issuer).then(keysFrom);
      keys.catch(() => {
        askAgainAt = now() + REST_MS;
      });
    }
    return keys;
  };

  return async (token) => {
    // What is no token at all is no reason to ask the issuer.
    if (token.split(".").length !== 3) throw invalid("The token is not known");
    let payload: JWTPayload;
    try {
      const options = {
        issuer,
        audience,
        algorithms,
        clockTolerance: CLOCK_TOLERANCE_S,
        requiredClaims: ["exp"],
        currentDate: new Date(now()),
      };
      ({ payload } = await jwtVerify(token, await keySet(), options));
    } catch (error) {
      throw asRefusal(error, issuer);
    }
    const subject = nameIn(payload.sub);
    if (subject === undefined) throw invalid("The token names no subject");
    const tenant = tenantClaim === undefined ? undefined : nameIn(payload[tenantClaim]);
    if (tenantClaim !== undefined && tenant === undefined) throw invalid("The token has no tenant claim");
    return { subject, tenant, scopes: scopesIn(payload), expiresAt: (payload.exp ?? 0) + CLOCK_TOLERANCE_S };
  };
}

function invalid(message: string): OAuthError {
  return new OAuthError(OAuthErrorCode.InvalidToken, message);
}

function asRefusal(error: unknown, issuer: string): Error {
  if (error instanceof OAuthError || error instanceof PrefetchError) return error;
  if (error instanceof errors.JWTExpired) return invalid("The token has expired");
  if (error instanceof errors.JWTClaimValidationFailed) return invalid(`The token's ${error.claim} is not what it must be`);
  if (error instanceof errors.JOSEAlgNotAllowed) return invalid("The token's algorithm is not accepted");
  if (isForeign(error)) return invalid("The token's signature is not the issuer's");
  const unreadable = [errors.JWSInvalid, errors.JWTInvalid, errors.JOSENotSupported];
  if (unreadable.some((kind) => error instanceof kind)) return invalid("The token cannot be read");
  return unreachable(issuer, error);
}

/** Whether the keys are there, and the token is signed with none of them. */
function isForeign(error: unknown): boolean {
  const kinds = [errors.JWSSignatureVerificationFailed, errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys];
  return kinds.some((kind) => error instanceof kind);
}

function unreachable(issuer: string, cause: unknown): PrefetchError {
  return new PrefetchError("vendor_unavailable", `The keys of the token issuer ${issuer} cannot be had`, {
    retryable: true,
    hint: "Check that this server can reach the issuer, and PREFETCH_SERVER_OAUTH_ISSUER or PREFETCH_SERVER_OAUTH_JWKS_URL.",
    cause,
  });
}

const metadata = z.object({ issuer: z.string(), jwks_uri: z.string() });

/** Where an issuer says that its keys are. Sources: RFC 8414, section 3.1; OpenID Connect Discovery 1.0, section 4. */
async function discoverJwks(issuer: string): Promise<string> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  const places = [`${origin}/.well-known/oauth-authorization-server${path}`, `${origin}${path}/.well-known/openid-configuration`];
  let cause: unknown;
  for (const place of places) {
    try {
      const response = await fetch(place, { redirect: "error", signal: AbortSignal.timeout(FETCH_MS) });
      const found = metadata.safeParse(await response.json());
      if (!response.ok || !found.success) continue;
      if (found.data.issuer !== issuer) {
        cause = new Error(`${place} is the metadata of ${found.data.issuer.slice(0, LONGEST_NAME)}`);
        continue;
      }
      const keys = URL.parse(found.data.jwks_uri);
      if (keys?.protocol === "https:" || (keys?.protocol === "http:" && isLoopback(keys.hostname))) return keys.href;
    } catch (error) {
      cause = error;
    }
  }
  throw unreachable(issuer, cause);
}

/** Halves of surrogate pairs are refused: the store writes all of them alike, and they would be one tenant. */
function nameIn(claim: unknown): string | undefined {
  return typeof claim === "string" && claim !== "" && claim.length <= LONGEST_NAME && claim.isWellFormed() ? claim : undefined;
}

/** `scope` as RFC 8693 has it, or `scp` as some issuers do. */
function scopesIn({ scope, scp }: JWTPayload): string[] {
  const claim = scope ?? scp;
  if (typeof claim === "string") return claim.split(" ");
  return Array.isArray(claim) ? claim.filter((each) => typeof each === "string") : [];
}
