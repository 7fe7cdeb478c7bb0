/**
 * The request signature of the SigV4 family. The secret signs no request itself: the key is derived from it for one day and one
 * service. Members differ in the data of `DerivedKeyScheme`.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */

import { createHmac } from "node:crypto";
import { canonicalQuery, headerEntries, sha256 } from "./canonical.ts";

/** One member of the family. Plain AWS is `AWS4-HMAC-SHA256`, `AWS4`, `aws4_request`, `basic`. */
export interface DerivedKeyScheme {
  /** The first word of the header and of the signed text. */
  readonly algorithm: string;
  /** Stands before the secret in the first HMAC. Volcengine has none. */
  readonly secretPrefix: string;
  /** The last part of the scope and the last step of the derivation. */
  readonly scopeEnd: string;
  /** The time in the signed text: `1795262400` or `20261121T120000Z`. */
  readonly time: "unix-seconds" | "basic";
}

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

export interface SigningInput {
  readonly method: string;
  /** Escaped, as in the request line. */
  readonly path: string;
  /** Decoded parameters in any order. */
  readonly query: Iterable<readonly [string, string]>;
  /** The signature covers all of them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Region and service, or the service alone where the vendor has no region in the scope: `["cn-north-1", "cdn"]`. */
  readonly scope: readonly string[];
}

/** The time of the signed text, which a header of the vendor's own repeats. */
export function signingTime({ time }: DerivedKeyScheme, at: number): string {
  return time === "unix-seconds" ? String(Math.floor(at / 1_000)) : new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, "");
}

export function canonicalRequest({ method, path, query, headers, body }: SigningInput): string {
  const entries = headerEntries(headers);
  return [
    method.toUpperCase(),
    path,
    canonicalQuery(query),
    ...entries.map(([name, value]) => `${name}:${value}`),
    "",
    entries.map(([name]) => name).join(";"),
    sha256(body),
  ].join("\n");
}

/** The `Authorization` header: `TC3-HMAC-SHA256 Credential=<id>/<scope>, SignedHeaders=content-type;host, Signature=<hex>`. */
export function authorization(scheme: DerivedKeyScheme, input: SigningInput, key: AccessKey): string {
  const { algorithm, secretPrefix, scopeEnd } = scheme;
  const scope = [scopeDate(scheme, input.at), ...input.scope, scopeEnd];
  const text = [algorithm, signingTime(scheme, input.at), scope.join("/"), sha256(canonicalRequest(input))].join("\n");
  const derived = scope.reduce<string | Buffer>((secret, part) => hmac(secret, part), `${secretPrefix}${key.secret}`);
  const names = headerEntries(input.headers).map(([name]) => name);
  return `${algorithm} Credential=${key.id}/${scope.join("/")}, SignedHeaders=${names.join(";")}, Signature=${hmac(derived, text).toString("hex")}`;
}

/** The day in UTC. The scope spells it with the hyphens of its time: Tencent Cloud's `2026-11-21`, elsewhere `20261121`. */
function scopeDate({ time }: DerivedKeyScheme, at: number): string {
  const day = new Date(at).toISOString().slice(0, 10);
  return time === "unix-seconds" ? day : day.replaceAll("-", "");
}

function hmac(secret: string | Buffer, text: string): Buffer {
  return createHmac("sha256", secret).update(text).digest();
}
