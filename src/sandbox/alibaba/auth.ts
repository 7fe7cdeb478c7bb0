/**
 * The gate of the emulated Alibaba Cloud: checks signatures of version 3 exactly, as it received them.
 * Source: https://www.alibabacloud.com/help/en/sdk/product-overview/v3-request-structure-and-signature
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import { parseAcsDate, stringToSign } from "../../providers/alibaba/sign.ts";
import { canonicalQuery, sha256 } from "../../providers/kit/canonical.ts";
import type { ReceivedRequest } from "../server/server.ts";
import { AcsError, missing } from "./answer.ts";

export interface SandboxKeys {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Makes the key pair a temporary one that only works together with this token. */
  readonly securityToken?: string;
}

const DATE_WINDOW_MS = 900_000;
const required = ["host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"];

/** Throws the refusal of a request that may not pass. */
export type Gate = (request: ReceivedRequest) => void;

export function createGate(keys: SandboxKeys, now: () => number): Gate {
  /** When each nonce that was used can be forgotten, because its request's date will be refused. */
  const nonces = new Map<string, number>();

  const checkKeys = ({ headers }: ReceivedRequest, keyId: string): void => {
    const token = headers["x-acs-security-token"];
    // Temporary keys are looked up by their token: without it they do not exist.
    if (keyId !== keys.accessKeyId || (keys.securityToken !== undefined && token === undefined)) {
      throw new AcsError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.");
    }
    if (token === keys.securityToken) return;
    const [kind, words] =
      keys.securityToken === undefined ? ["MismatchWithAccessKey", "mismatch with the AccessKey"] : ["Malformed", "is malformed"];
    throw new AcsError(400, `InvalidSecurityToken.${kind}`, `Specified SecurityToken ${words}.`);
  };

  const checkNonce = (nonce: string, expires: number): void => {
    for (const [old, until] of nonces) if (until < now()) nonces.delete(old);
    if (nonces.has(nonce)) throw new AcsError(400, "SignatureNonceUsed", "Specified signature nonce was used already.");
    nonces.set(nonce, expires);
  };

  return (request) => {
    const { headers, body } = request;
    const [, keyId = "", names = "", signature = ""] =
      /^ACS3-HMAC-SHA256 Credential=([^,\s]+),SignedHeaders=([^,\s]+),Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? "") ?? [];
    if (signature === "") throw new AcsError(400, "IncompleteSignature", "The request signature does not conform to Aliyun standards.");
    const absent = required.find((name) => !headers[name]);
    if (absent !== undefined) throw missing(absent);
    const signed = names.split(";");
    const mustBeSigned = Object.keys(headers).filter((name) => name === "host" || name === "content-type" || name.startsWith("x-acs-"));
    const unsigned = mustBeSigned.find((name) => !signed.includes(name)) ?? signed.find((name) => headers[name] === undefined);
    if (unsigned !== undefined) throw new AcsError(400, "IncompleteSignature", `The header ${unsigned} must be both sent and signed.`);

    checkKeys(request, keyId);
    const date = parseAcsDate(headers["x-acs-date"] ?? "");
    if (!(Math.abs(now() - date) <= DATE_WINDOW_MS)) {
      throw new AcsError(400, "IllegalTimestamp", `The input parameter "Timestamp" differs too much from the time of the server.`);
    }
    const canonical = canonicalAsReceived(request, signed);
    const toSign = stringToSign(canonical);
    const expected = createHmac("sha256", keys.accessKeySecret).update(toSign).digest("hex");
    if (headers["x-acs-content-sha256"] !== sha256(body) || !timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) {
      // The real gateway echoes what it compared, which is why clients must redact its messages.
      const echo = `server string to sign is:${toSign} server CanonicalRequest is:${canonical} Credential=${keyId}`;
      throw new AcsError(400, "SignatureDoesNotMatch", `Specified signature is not matched with our calculation. ${echo}`);
    }
    checkNonce(headers["x-acs-signature-nonce"] ?? "", date + DATE_WINDOW_MS);
  };
}

/** Rebuilt from the decoded query and the list of signed headers, because clients differ in what they leave raw and what they add. */
function canonicalAsReceived({ method, url, headers, body }: ReceivedRequest, signed: readonly string[]): string {
  return [
    method,
    url.pathname,
    canonicalQuery(url.searchParams),
    ...signed.map((name) => `${name}:${(headers[name] ?? "").trim()}`),
    "",
    signed.join(";"),
    sha256(body),
  ].join("\n");
}
