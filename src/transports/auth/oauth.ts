/** Verifies the JWT access tokens of one authorization server. */

import { OAuthError, OAuthErrorCode } from "@modelcontextprotocol/server";
import { errors, type JWTPayload, jwtVerify } from "jose";
import { PrefetchError } from "../../base/errors.ts";
import { createKeyStore, isForeignSignature, issuerUnavailable } from "./jwks.ts";

export interface OAuthSettings {
  readonly issuer: string;
  readonly audience: string | undefined;
  readonly jwksUrl: string | undefined;
  /** Claim whose value is the tenant. Without it each subject is a tenant of its own. */
  readonly tenantClaim: string | undefined;
}

export interface OAuthOptions extends OAuthSettings {
  /** A token must be issued for it. */
  readonly audience: string;
  readonly now: () => number;
}

export interface VerifiedToken {
  readonly subject: string;
  /** Value of the tenant claim; `undefined` without `tenantClaim`. */
  readonly tenant: string | undefined;
  readonly scopes: readonly string[];
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

/** Throws `OAuthError` for a bad token, and `PrefetchError` when the issuer's keys are unavailable. */
export type VerifyToken = (token: string) => Promise<VerifiedToken>;

/** Asymmetric algorithms only: with a shared secret, everything that verifies a token could also forge one. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
/** Allowed difference between the issuer's clock and this one. Larger values accept expired tokens for longer. */
const CLOCK_TOLERANCE_S = 5;
const LONGEST_CLAIM = 200;

export function createTokenVerifier({ issuer, audience, jwksUrl, tenantClaim, now }: OAuthOptions): VerifyToken {
  const keys = createKeyStore({ issuer, jwksUrl, now });

  const verifiedPayload = async (token: string): Promise<JWTPayload> => {
    const currentDate = new Date(now());
    const checks = { issuer, audience, algorithms, clockTolerance: CLOCK_TOLERANCE_S, requiredClaims: ["exp"], currentDate };
    try {
      return (await jwtVerify(token, await keys(), checks)).payload;
    } catch (error) {
      throw refusal(error, issuer);
    }
  };

  return async (token) => {
    // A text that cannot be a JWT must not cause a request to the issuer.
    if (token.split(".").length !== 3) throw invalid("The token is not known");
    const payload = await verifiedPayload(token);
    const subject = nameIn(payload.sub);
    if (subject === undefined) throw invalid("The token names no subject");
    return {
      subject,
      tenant: tenantClaim === undefined ? undefined : tenantIn(payload, tenantClaim),
      scopes: scopesIn(payload),
      expiresAt: (payload.exp ?? 0) + CLOCK_TOLERANCE_S,
    };
  };
}

function tenantIn(payload: JWTPayload, claim: string): string {
  const tenant = nameIn(payload[claim]);
  if (tenant === undefined) throw invalid("The token has no tenant claim");
  return tenant;
}

function invalid(message: string): OAuthError {
  return new OAuthError(OAuthErrorCode.InvalidToken, message);
}

function refusal(error: unknown, issuer: string): Error {
  if (error instanceof OAuthError || error instanceof PrefetchError) return error;
  if (error instanceof errors.JWTExpired) return invalid("The token has expired");
  if (error instanceof errors.JWTClaimValidationFailed) return invalid(`This server does not accept the token's ${error.claim}`);
  if (error instanceof errors.JOSEAlgNotAllowed) return invalid("The token's algorithm is not accepted");
  if (isForeignSignature(error)) return invalid("The token's signature is not the issuer's");
  const malformed = [errors.JWSInvalid, errors.JWTInvalid, errors.JOSENotSupported];
  if (malformed.some((kind) => error instanceof kind)) return invalid("The token cannot be read");
  return issuerUnavailable(issuer, error);
}

/** Refuses lone surrogates: the store writes all of them as the same character, which would merge tenants. */
function nameIn(claim: unknown): string | undefined {
  return typeof claim === "string" && claim !== "" && claim.length <= LONGEST_CLAIM && claim.isWellFormed() ? claim : undefined;
}

/** `scope` is a text with blanks (RFC 8693, section 4.2); some issuers use `scp` instead, as a text or an array. */
function scopesIn({ scope, scp }: JWTPayload): string[] {
  const claim = scope ?? scp;
  if (typeof claim === "string") return claim.split(" ");
  return Array.isArray(claim) ? claim.filter((each) => typeof each === "string") : [];
}
