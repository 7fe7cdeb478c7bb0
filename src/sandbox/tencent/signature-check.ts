/**
 * Checks signatures of the scheme TC3-HMAC-SHA256 on requests that arrive.
 * Source: https://www.tencentcloud.com/document/api/1209/56020
 */

import { isScopedSignature, parseScopedAuthorization, type ScopedClaim, type ScopedForm } from "../server/derived-key-check.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import { TencentError } from "./answer.ts";

export interface SandboxKeys {
  readonly secretId: string;
  readonly secretKey: string;
  /** Makes the key pair a temporary one: it works only together with this token. */
  readonly token?: string;
}

/** Throws a `TencentError` for a request without a valid signature. */
export type SignatureCheck = (request: ReceivedRequest) => void;

const form: ScopedForm = { scheme: "TC3-HMAC-SHA256", secretPrefix: "TC3", scope: ["service", "tc3_request"] };
const DATE_WINDOW_MS = 300_000;

const refusal = (reason: string, message: string) => new TencentError(`AuthFailure.${reason}`, message);
const refusals = {
  InvalidAuthorization: refusal("InvalidAuthorization", "Authorization in the request header is invalid."),
  SecretIdNotFound: refusal("SecretIdNotFound", "The SecretId is not found, please ensure that your SecretId is correct."),
  TokenFailure: refusal("TokenFailure", "The token is incorrect."),
  SignatureExpire: refusal("SignatureExpire", "The signature has expired."),
  SignatureFailure: refusal("SignatureFailure", "The provided credentials could not be validated. Please check your signature is correct."),
};

export function createSignatureCheck(keys: SandboxKeys, service: string, now: () => number): SignatureCheck {
  return (request) => {
    const { headers } = request;
    const claim = parseScopedAuthorization(headers.get("authorization") ?? "", form);
    if (!claim) throw refusals.InvalidAuthorization;
    const time = headers.get("x-tc-timestamp") ?? "";
    const at = /^\d{1,12}$/.test(time) ? Number(time) * 1_000 : Number.NaN;
    // The first rule that a request breaks is the reason.
    const rules: readonly (readonly [keeps: boolean, TencentError])[] = [
      [coversRequired(claim), refusals.InvalidAuthorization],
      [claim.keyId === keys.secretId, refusals.SecretIdNotFound],
      [headers.get("x-tc-token") === keys.token, refusals.TokenFailure],
      [Math.abs(now() - at) <= DATE_WINDOW_MS, refusals.SignatureExpire],
      [claim.service === service && claim.date === dayOf(at), refusals.SignatureFailure],
      [isScopedSignature(request, claim, { secret: keys.secretKey, time, form }), refusals.SignatureFailure],
    ];
    const broken = rules.find(([keeps]) => !keeps);
    if (broken) throw broken[1];
  };
}

function dayOf(at: number): string {
  return Number.isNaN(at) ? "" : new Date(at).toISOString().slice(0, 10);
}

function coversRequired({ signedHeaders }: ScopedClaim): boolean {
  return ["content-type", "host"].every((name) => signedHeaders.split(";").includes(name));
}
