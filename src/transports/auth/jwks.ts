/** The signing keys of an authorization server, fetched when the first token arrives. */

import { createLocalJWKSet, createRemoteJWKSet, errors, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { PrefetchError } from "../../base/errors.ts";
import { isLoopback } from "../http/options.ts";

/** A slow issuer blocks its callers' requests for this long; a shorter timeout fails more of them. */
const FETCH_TIMEOUT_MS = 5_000;
/** Pause after a failed fetch. A longer one rejects good tokens for longer; a shorter one burdens an issuer in trouble. */
const BACK_OFF_MS = 5_000;
const LONGEST_QUOTE = 200;

export interface KeySource {
  readonly issuer: string;
  /** Overrides the discovery of the keys' URL. */
  readonly jwksUrl: string | undefined;
  readonly now: () => number;
}

/** The keys of the issuer. Throws `vendor_unavailable` when discovery fails; each failure is followed by a back-off. */
export function createKeyStore({ issuer, jwksUrl, now }: KeySource): () => Promise<JWTVerifyGetKey> {
  let keys = jwksUrl === undefined ? undefined : Promise.resolve(remoteKeys(jwksUrl, now));
  let retryAt = Number.POSITIVE_INFINITY;
  return () => {
    if (!keys || now() >= retryAt) {
      retryAt = Number.POSITIVE_INFINITY;
      keys = discoverJwksUrl(issuer).then((url) => remoteKeys(url, now));
      keys.catch(() => {
        retryAt = now() + BACK_OFF_MS;
      });
    }
    return keys;
  };
}

/** While the issuer is unreachable, tokens are verified with the keys of the last fetch. */
function remoteKeys(url: string, now: () => number): JWTVerifyGetKey {
  const remote = createRemoteJWKSet(new URL(url), { timeoutDuration: FETCH_TIMEOUT_MS });
  let outage: { readonly until: number; readonly error: unknown } | undefined;
  return async (header, token) => {
    const cached = remote.jwks();
    if (outage && now() < outage.until) {
      if (!cached) throw outage.error;
      return createLocalJWKSet(cached)(header, token);
    }
    try {
      return await remote(header, token);
    } catch (error) {
      if (!isForeignSignature(error)) outage = { until: now() + BACK_OFF_MS, error };
      throw error;
    }
  };
}

/** The keys were available, and none of them made the token's signature. */
export function isForeignSignature(error: unknown): boolean {
  const kinds = [errors.JWSSignatureVerificationFailed, errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys];
  return kinds.some((kind) => error instanceof kind);
}

export function issuerUnavailable(issuer: string, cause: unknown): PrefetchError {
  return new PrefetchError("vendor_unavailable", `The signing keys of the token issuer ${issuer} cannot be fetched`, {
    retryable: true,
    hint: "Check that this server can reach the issuer, and PREFETCH_SERVER_OAUTH_ISSUER or PREFETCH_SERVER_OAUTH_JWKS_URL.",
    cause,
  });
}

const metadata = z.object({ issuer: z.string(), jwks_uri: z.string() });

/** Sources: RFC 8414, section 3.1; OpenID Connect Discovery 1.0, section 4. */
async function discoverJwksUrl(issuer: string): Promise<string> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  const documents = [`${origin}/.well-known/oauth-authorization-server${path}`, `${origin}${path}/.well-known/openid-configuration`];
  let cause: unknown;
  for (const document of documents) {
    try {
      const url = await jwksUrlIn(document, issuer);
      if (url !== undefined) return url;
    } catch (error) {
      cause = error;
    }
  }
  throw issuerUnavailable(issuer, cause);
}

/** `undefined` when the document is missing or malformed. Throws when it belongs to another issuer. */
async function jwksUrlIn(document: string, issuer: string): Promise<string | undefined> {
  const response = await fetch(document, { redirect: "error", signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) });
  const found = metadata.safeParse(await response.json());
  if (!response.ok || !found.success) return undefined;
  if (found.data.issuer !== issuer) throw new Error(`${document} is the metadata of ${found.data.issuer.slice(0, LONGEST_QUOTE)}`);
  const keys = URL.parse(found.data.jwks_uri);
  return keys?.protocol === "https:" || (keys?.protocol === "http:" && isLoopback(keys.hostname)) ? keys.href : undefined;
}
