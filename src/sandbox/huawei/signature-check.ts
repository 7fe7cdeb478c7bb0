/**
 * Checks signatures of the scheme SDK-HMAC-SHA256 on requests that arrive.
 * Source: https://support.huaweicloud.com/devg-apisign/api-sign-algorithm-001.html
 */

import type { Answer } from "../server/answer.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import {
  canonicalRequest,
  isSignatureOf,
  parseAuthorization,
  percentEncode,
  rawPath,
  type SignatureClaim,
  sha256,
} from "../server/signed-request.ts";
import { unauthenticated, unauthorized } from "./errors.ts";

export interface SandboxKeys {
  readonly ak: string;
  readonly sk: string;
  /** Makes the key pair a temporary one: it works only together with this token. */
  readonly securityToken?: string;
}

/** The refusal of a request with this `Authorization` header; `undefined` for a valid signature. */
export type SignatureCheck = (request: ReceivedRequest, authorization: string) => Answer | undefined;

const form = { scheme: "SDK-HMAC-SHA256", keyField: "Access", separator: ", " };
const DATE_WINDOW_MS = 900_000;

export function createSignatureCheck(keys: SandboxKeys, now: () => number): SignatureCheck {
  const unknownKey = ({ keyId }: SignatureClaim): Answer | undefined =>
    keyId === keys.ak ? undefined : unauthenticated(`Get secretKey failed,ak:${keyId},err:ak not exist`);

  const badDate = (date: string): Answer | undefined => {
    const at = timeOfSdkDate(date);
    const isCurrent = at !== undefined && Math.abs(now() - at) <= DATE_WINDOW_MS;
    return isCurrent ? undefined : unauthorized("0303", "Incorrect app authentication information: signature expired");
  };

  const badToken = ({ headers }: ReceivedRequest, { signedHeaders }: SignatureClaim): Answer | undefined => {
    if (keys.securityToken === undefined) return undefined;
    const isValid = headers.get("x-security-token") === keys.securityToken && lists(signedHeaders, "x-security-token");
    return isValid ? undefined : unauthenticated("x-security-token required");
  };

  return (request, authorization) => {
    const claim = parseAuthorization(authorization, form);
    if (!claim) return unauthenticated("authorization format");
    const date = request.headers.get("x-sdk-date") ?? "";
    const refusal = unknownKey(claim) ?? unsignedHeader(claim) ?? badDate(date) ?? badToken(request, claim);
    if (refusal) return refusal;
    const canonical = canonicalRequest(request, canonicalPath(request), claim.signedHeaders);
    const isValid = isSignatureOf(`${form.scheme}\n${date}\n${sha256(canonical)}`, keys.sk, claim.signature);
    return isValid ? undefined : unauthenticated(mismatch(request, claim, date));
  };
}

function unsignedHeader({ signedHeaders }: SignatureClaim): Answer | undefined {
  const isSigned = lists(signedHeaders, "x-sdk-date") && lists(signedHeaders, "host");
  return isSigned ? undefined : unauthenticated("x-sdk-date and host must be signed");
}

function lists(signedHeaders: string, name: string): boolean {
  return signedHeaders.split(";").includes(name);
}

/** The vendor's gateway echoes the canonical request. The providers must redact it: it may hold a security token. */
function mismatch({ method, url, headers }: ReceivedRequest, { keyId }: SignatureClaim, date: string): string {
  const token = headers.get("x-security-token") ?? "";
  const echo = [method, url.pathname, `host:${headers.get("host")}`, `x-sdk-date:${date}`, `x-security-token:${token}`, `Access=${keyId}`];
  return `verify aksk signature fail, canonicalRequest:${echo.join("|")}`;
}

/** Each segment escaped anew; the signed path ends with a slash even if the sent one does not. */
function canonicalPath(request: ReceivedRequest): string {
  const segments = rawPath(request)
    .split("/")
    .map((segment) => percentEncode(unescaped(segment)));
  return segments.at(-1) === "" ? segments.join("/") : `${segments.join("/")}/`;
}

function unescaped(segment: string): Buffer {
  const characters = segment.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(characters, "latin1");
}

/** Milliseconds since the epoch of a time such as `20261121T120000Z`; `undefined` for any other text. */
function timeOfSdkDate(text: string): number | undefined {
  const at = Date.parse(text.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
  if (Number.isNaN(at)) return undefined;
  const written = new Date(at).toISOString().replace(/[-:]|\.000/g, "");
  return written === text ? at : undefined;
}
