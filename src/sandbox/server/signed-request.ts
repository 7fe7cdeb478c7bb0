/**
 * Verifies a request's HMAC signature. Huawei Cloud (`SDK-HMAC-SHA256`) and Alibaba Cloud (`ACS3-HMAC-SHA256`) sign the
 * same canonical request and differ in the header's form. This file works on received requests and shares no code with the
 * signers in providers/: a mistake in shared code would pass its own check.
 */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { ReceivedRequest } from "./receive.ts";

interface AuthorizationForm {
  readonly scheme: string;
  /** The name of the field that holds the access key id. */
  readonly keyField: string;
  /** Between fields: Alibaba Cloud writes `,` and Huawei Cloud `, `. */
  readonly separator: string;
}

/** The fields of an `Authorization` header. */
export interface SignatureClaim {
  readonly keyId: string;
  /** Names as the header lists them: `host;x-sdk-date`. */
  readonly signedHeaders: string;
  /** 64 lower-case hexadecimal digits. */
  readonly signature: string;
}

/** `undefined` for a header of any other form, for example with a fourth field. */
export function parseAuthorization(header: string, { scheme, keyField, separator }: AuthorizationForm): SignatureClaim | undefined {
  if (!header.startsWith(`${scheme} `)) return undefined;
  const fields = header.slice(scheme.length + 1).split(separator);
  const names = [keyField, "SignedHeaders", "Signature"];
  const [keyId = "", signedHeaders = "", signature = ""] = names.map((name, position) => valueAfter(name, fields[position]));
  const isComplete = fields.length === names.length && keyId !== "" && signedHeaders !== "" && /^[0-9a-f]{64}$/.test(signature);
  return isComplete ? { keyId, signedHeaders, signature } : undefined;
}

function valueAfter(name: string, field = ""): string {
  return field.startsWith(`${name}=`) ? field.slice(name.length + 1) : "";
}

/** The path of a request, before any decoding. */
export function rawPath({ target }: ReceivedRequest): string {
  return target.replace(/\?.*$/s, "");
}

/**
 * The text that the client must have hashed. The list of signed headers stands as received, the headers themselves sorted:
 * a client that does not sort them, or whose list was reordered on the way, does not match.
 */
export function canonicalRequest({ method, target, headers, body }: ReceivedRequest, path: string, signedHeaders: string): string {
  const lines = [method, path, canonicalQuery(target)];
  for (const name of signedHeaders.split(";").toSorted()) lines.push(`${name}:${headers.get(name)?.trim() ?? ""}`);
  lines.push("", signedHeaders, sha256(body));
  return lines.join("\n");
}

/** Decoded and encoded again, because clients leave characters such as `(` unescaped in the URL that they send. */
function canonicalQuery(target: string): string {
  const start = target.indexOf("?");
  return [...new URLSearchParams(start < 0 ? "" : target.slice(start))]
    .toSorted(([nameA, valueA], [nameB, valueB]) => order(nameA, nameB) || order(valueA, valueB))
    .map((pair) => pair.map((text) => percentEncode(Buffer.from(text))).join("="))
    .join("&");
}

/** By UTF-16 code unit, like the official clients for Node. */
function order(one: string, two: string): number {
  return Number(one > two) - Number(one < two);
}

/** The spelling of each byte in a URL (RFC 3986, section 2.3). */
const spellings = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return /[A-Za-z0-9._~-]/.test(character) ? character : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
});

export function percentEncode(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => spellings[byte]).join("");
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

export function isSignatureOf(text: string, secret: string | Uint8Array, signature: string): boolean {
  const expected = createHmac("sha256", secret).update(text).digest();
  return timingSafeEqual(expected, Buffer.from(signature, "hex"));
}
