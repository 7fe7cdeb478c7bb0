/**
 * Checks signatures of version 3 (`ACS3-HMAC-SHA256`) on requests that arrive.
 * Source: https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
 */

import type { ReceivedRequest } from "../server/receive.ts";
import { canonicalRequest, isSignatureOf, parseAuthorization, rawPath, type SignatureClaim, sha256 } from "../server/signed-request.ts";
import { AcsError, missing } from "./answer.ts";
import { readTime } from "./time.ts";

export interface SandboxKeys {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Makes the key pair a temporary one: it works only together with this token. */
  readonly securityToken?: string;
}

/** Throws an `AcsError` for a request without a valid signature. */
export type SignatureCheck = (request: ReceivedRequest) => void;

const form = { scheme: "ACS3-HMAC-SHA256", keyField: "Credential", separator: "," };
const DATE_WINDOW_MS = 900_000;
const requiredHeaders = ["host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"];

export function createSignatureCheck(keys: SandboxKeys, now: () => number): SignatureCheck {
  const spendNonce = createNonceStore(now);
  return (request) => {
    const { headers } = request;
    const claim = parseAuthorization(headers.get("authorization") ?? "", form);
    if (!claim) throw new AcsError(400, "IncompleteSignature", "The request signature does not conform to Aliyun standards.");
    checkHeaders(request, claim);
    checkKeys(keys, claim.keyId, headers.get("x-acs-security-token"));
    const date = readTime(headers.get("x-acs-date") ?? "");
    if (date === undefined || Math.abs(now() - date) > DATE_WINDOW_MS) {
      throw new AcsError(400, "IllegalTimestamp", `The input parameter "Timestamp" differs too much from the time of the server.`);
    }
    checkSignature(request, claim, keys.accessKeySecret);
    // After that time, the date check refuses the request anyway.
    spendNonce(headers.get("x-acs-signature-nonce") ?? "", date + DATE_WINDOW_MS);
  };
}

/** The signature must cover the host, the content type and all headers of the vendor's own. */
function checkHeaders({ headers }: ReceivedRequest, { signedHeaders }: SignatureClaim): void {
  const absent = requiredHeaders.find((name) => !headers.get(name));
  if (absent !== undefined) throw missing(absent);
  const signed = signedHeaders.split(";");
  const unsigned = [...headers.keys()].find((name) => /^(?:host|content-type|x-acs-.*)$/.test(name) && !signed.includes(name));
  const wrong = unsigned ?? signed.find((name) => !headers.has(name));
  if (wrong !== undefined) throw new AcsError(400, "IncompleteSignature", `The header ${wrong} must be both sent and signed.`);
}

function checkKeys(keys: SandboxKeys, keyId: string, token: string | undefined): void {
  const isTemporary = keys.securityToken !== undefined;
  // The vendor looks temporary keys up by their token: without a token they do not exist.
  if (keyId !== keys.accessKeyId || (isTemporary && token === undefined)) {
    throw new AcsError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.");
  }
  if (token === keys.securityToken) return;
  throw isTemporary
    ? new AcsError(400, "InvalidSecurityToken.Malformed", "Specified SecurityToken is malformed.")
    : new AcsError(400, "InvalidSecurityToken.MismatchWithAccessKey", "Specified SecurityToken mismatch with the AccessKey.");
}

function checkSignature(request: ReceivedRequest, { keyId, signedHeaders, signature }: SignatureClaim, secret: string): void {
  const canonical = canonicalRequest(request, rawPath(request), signedHeaders);
  const stringToSign = `${form.scheme}\n${sha256(canonical)}`;
  const isBodyGenuine = request.headers.get("x-acs-content-sha256") === sha256(request.body);
  if (isBodyGenuine && isSignatureOf(stringToSign, secret, signature)) return;
  // The vendor's gateway echoes the texts that it compared. The providers must redact them: they may hold a security token.
  const echo = `server string to sign is:${stringToSign} server CanonicalRequest is:${canonical} Credential=${keyId}`;
  throw new AcsError(400, "SignatureDoesNotMatch", `Specified signature is not matched with our calculation. ${echo}`);
}

/** Refuses a nonce that was used before. It forgets a nonce when the date of its request expires. */
function createNonceStore(now: () => number): (nonce: string, expiry: number) => void {
  const expiries = new Map<string, number>();
  return (nonce, expiry) => {
    for (const [old, oldExpiry] of expiries) if (oldExpiry < now()) expiries.delete(old);
    if (expiries.has(nonce)) throw new AcsError(400, "SignatureNonceUsed", "Specified signature nonce was used already.");
    expiries.set(nonce, expiry);
  };
}
