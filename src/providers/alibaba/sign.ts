/**
 * Alibaba Cloud's request signature, version 3 (`ACS3-HMAC-SHA256`), for RPC calls with their parameters in the query.
 * https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
 */

import { createHmac } from "node:crypto";
import { canonicalQuery, headerEntries, sha256 } from "../kit/canonical.ts";

export interface SigningInput {
  readonly method: string;
  /** Decoded parameters in any order. */
  readonly query: Iterable<readonly [string, string]>;
  /** The signature covers `host`, `content-type` and every `x-acs-` header, and skips all other headers. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

export const signatureScheme = "ACS3-HMAC-SHA256";

/** The form of the `x-acs-date` header and of times in parameters: `2026-11-21T08:00:00Z`. `now` is in milliseconds. */
export function acsDate(now: number): string {
  return new Date(now).toISOString().replace(/\.\d{3}/, "");
}

/** The path of an RPC call is always `/`. */
export function canonicalRequest({ method, query, headers, body }: SigningInput): string {
  const entries = signedEntries(headers);
  return [
    method.toUpperCase(),
    "/",
    canonicalQuery(query),
    ...entries.map(([name, value]) => `${name}:${value}`),
    "",
    entries.map(([name]) => name).join(";"),
    sha256(body),
  ].join("\n");
}

export function stringToSign(request: string): string {
  return `${signatureScheme}\n${sha256(request)}`;
}

/** The `Authorization` header: `ACS3-HMAC-SHA256 Credential=<id>,SignedHeaders=host;x-acs-action;…,Signature=<hex>`. */
export function authorization(input: SigningInput, key: AccessKey): string {
  const signature = createHmac("sha256", key.secret)
    .update(stringToSign(canonicalRequest(input)))
    .digest("hex");
  const names = signedEntries(input.headers).map(([name]) => name);
  return `${signatureScheme} Credential=${key.id},SignedHeaders=${names.join(";")},Signature=${signature}`;
}

function signedEntries(headers: Readonly<Record<string, string>>): (readonly [string, string])[] {
  return headerEntries(headers).filter(([name]) => name === "host" || name === "content-type" || name.startsWith("x-acs-"));
}
