/**
 * Checks signatures of the scheme HMAC-SHA256 on requests that arrive, whatever headers they cover: the vendor's Node client signs
 * fewer than its Go client. Source: https://www.volcengine.com/docs/6454/99849
 */

import { isScopedSignature, parseScopedAuthorization, type ScopedClaim, type ScopedForm } from "../server/derived-key-check.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import { sha256 } from "../server/signed-request.ts";
import { VolcError } from "./answer.ts";

export interface SandboxKeys {
  readonly accessKeyId: string;
  readonly secretKey: string;
  /** Makes the key pair a temporary one: it works only together with this token. */
  readonly sessionToken?: string;
}

export interface SignaturePolicy {
  readonly now: () => number;
  readonly region: string;
  /** The owner has disabled the key. */
  readonly isDisabled: boolean;
}

const form: ScopedForm = { scheme: "HMAC-SHA256", secretPrefix: "", scope: ["region", "service", "request"] };
const DATE_WINDOW_MS = 900_000;

/** Throws a `VolcError` for a request without a valid signature. */
export function createSignatureCheck(keys: SandboxKeys, { now, region, isDisabled }: SignaturePolicy): (request: ReceivedRequest) => void {
  return (request) => {
    const claim = claimOf(request);
    const time = request.headers.get("x-date") ?? "";
    // Clients spell the service in either case.
    if (claim.region !== region || claim.service.toUpperCase() !== "CDN") throw badCredential();
    checkDate(claim, time, now());
    if (claim.keyId !== keys.accessKeyId || isDisabled) {
      throw new VolcError(401, "InvalidAccessKey", `The accesskey [${claim.keyId}] included in the request is invalid.`);
    }
    checkToken(request, keys.sessionToken);
    if (coversBody(request, claim) && isScopedSignature(request, claim, { secret: keys.secretKey, time, form })) return;
    const message = "The request signature we calculated does not match the signature you provided.";
    throw new VolcError(401, "SignatureDoesNotMatch", `${message} Check your Secret Access Key and signing method.`);
  };
}

function claimOf({ headers }: ReceivedRequest): ScopedClaim {
  const authorization = headers.get("authorization");
  if (!authorization) throw new VolcError(401, "MissingAuthenticationToken", "Request is missing Authentication Token.");
  const claim = parseScopedAuthorization(authorization, form);
  if (claim) return claim;
  throw new VolcError(400, "InvalidAuthorization", "Invalid 'Authorization' header, Pls check authorization header.");
}

function badCredential(): VolcError {
  const message = "Invalid credential in 'Authorization', Pls check credential in authorization header.";
  return new VolcError(400, "InvalidCredential", message);
}

function checkDate({ date }: ScopedClaim, time: string, now: number): void {
  if (!time.startsWith(`${date}T`)) throw badCredential();
  if (Math.abs(now - timeOf(time)) <= DATE_WINDOW_MS) return;
  throw new VolcError(400, "InvalidTimestamp", "The Signature of the request is expired.");
}

function checkToken({ headers }: ReceivedRequest, sessionToken: string | undefined): void {
  const token = headers.get("x-security-token");
  if (token !== sessionToken) throw new VolcError(401, "InvalidSecretToken", `Invalid secret token, msg: ${token ?? "missing"}.`);
}

/** The date is signed, and so is the genuine hash of the body, if there is one. */
function coversBody({ headers, body }: ReceivedRequest, { signedHeaders }: ScopedClaim): boolean {
  const signed = signedHeaders.split(";");
  if (!signed.includes("x-date")) return false;
  return body.length === 0 || (signed.includes("x-content-sha256") && headers.get("x-content-sha256") === sha256(body));
}

/** Milliseconds since the epoch of a time such as `20261121T120000Z`. */
function timeOf(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, "$1-$2-$3:$4:$5"));
}
