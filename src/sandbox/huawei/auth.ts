/** The gate of the emulated Huawei Cloud: checks signatures and tokens exactly, and locks keys that keep failing. */

import { randomBytes, timingSafeEqual } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { authorization, parseSdkDate, signatureScheme } from "../../providers/huawei/sign.ts";
import { parseJson } from "../../providers/kit/answer.ts";
import { type Answer, json } from "../server/faults.ts";
import type { ReceivedRequest } from "../server/server.ts";

export interface SandboxUser {
  readonly ak: string;
  readonly sk: string;
  /** Makes the key pair a temporary one that only works together with this token. */
  readonly securityToken?: string;
  readonly user: string;
  readonly password: string;
  readonly domain: string;
}

const SIGNATURE_WINDOW_MS = 900_000;
const FAILURES_BEFORE_LOCK = 5;
const LOCK_MS = 300_000;

export interface Gate {
  /** The refusal, or `undefined` for a request that may pass. */
  refusal(request: ReceivedRequest): Answer | undefined;
  /** Answers `POST /v3/auth/tokens`. */
  login(request: ReceivedRequest): Answer;
  /** A token that is valid from now on. */
  issueToken(): string;
  /** Makes every token issued so far invalid. */
  revokeTokens(): void;
  readonly logins: number;
}

export interface GateOptions {
  readonly user: SandboxUser;
  readonly projectId: string;
  readonly now: () => number;
  readonly tokenLifeMs: number;
}

export function createGate({ user, projectId, now, tokenLifeMs }: GateOptions): Gate {
  const tokens = new Map<string, number>();
  let failures = 0;
  let lockedUntil = 0;
  let logins = 0;

  const issueToken = (): string => {
    const token = `MIIsandbox${randomBytes(96).toString("base64url")}`;
    tokens.set(token, now() + tokenLifeMs);
    return token;
  };

  const signatureRefusal = (request: ReceivedRequest, header: string): Answer | undefined => {
    if (now() < lockedUntil)
      return unauthorized("0301", "Incorrect IAM authentication information: AK access failed to reach the limit,forbidden");
    const refusal = checkSignature(request, header);
    if (!refusal) {
      failures = 0;
      return undefined;
    }
    failures += 1;
    if (failures > FAILURES_BEFORE_LOCK) lockedUntil = now() + LOCK_MS;
    return refusal;
  };

  const checkSignature = (request: ReceivedRequest, header: string): Answer | undefined => {
    const [, ak = "", names = "", signature = ""] =
      /^SDK-HMAC-SHA256 Access=([^,\s]+), SignedHeaders=([^,\s]+), Signature=([0-9a-f]{64})$/.exec(header) ?? [];
    if (!header.startsWith(signatureScheme) || signature === "")
      return unauthorized("0301", "Incorrect IAM authentication information: authorization format");
    if (ak !== user.ak)
      return unauthorized("0301", `Incorrect IAM authentication information: Get secretKey failed,ak:${ak},err:ak not exist`);
    const signedNames = names.split(";");
    const date = request.headers["x-sdk-date"] ?? "";
    if (!signedNames.includes("x-sdk-date") || !signedNames.includes("host"))
      return unauthorized("0301", "Incorrect IAM authentication information: x-sdk-date and host must be signed");
    if (!(Math.abs(now() - parseSdkDate(date)) <= SIGNATURE_WINDOW_MS))
      return unauthorized("0303", "Incorrect app authentication information: signature expired");
    if (
      user.securityToken !== undefined &&
      (request.headers["x-security-token"] !== user.securityToken || !signedNames.includes("x-security-token"))
    ) {
      return unauthorized("0301", "Incorrect IAM authentication information: x-security-token required");
    }
    const headers: Record<string, string> = {};
    for (const name of signedNames) headers[name] = request.headers[name] ?? "";
    const expected = authorization({ ...request, headers }, user);
    // The real gateway echoes what it compared, which is why clients must redact its messages.
    return equal(expected, header)
      ? undefined
      : unauthorized(
          "0301",
          `Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:${request.method}|${request.url.pathname}|host:${request.headers.host}|x-sdk-date:${date}|x-security-token:${headers["x-security-token"] ?? ""}|Access=${ak}`,
        );
  };

  return {
    refusal: (request) => {
      const token = request.headers["x-auth-token"];
      const header = request.headers.authorization;
      if (header !== undefined) return signatureRefusal(request, header);
      if (token === undefined) return unauthorized("0301", "Incorrect IAM authentication information: x-auth-token not found");
      const expires = tokens.get(token);
      if (expires === undefined) return unauthorized("0301", "Incorrect IAM authentication information: decrypt token fail");
      return now() < expires ? undefined : unauthorized("0307", "The token must be updated.");
    },
    login: (request) => {
      logins += 1;
      const wanted = {
        auth: {
          identity: {
            methods: ["password"],
            password: { user: { name: user.user, password: user.password, domain: { name: user.domain } } },
          },
          scope: { project: { id: projectId } },
        },
      };
      if (!isDeepStrictEqual(parseJson(request.body), wanted)) {
        return json(401, { error: { code: 401, message: "The username or password is wrong.", title: "Unauthorized" } });
      }
      const token = issueToken();
      const answer = json(201, { token: { expires_at: new Date(now() + tokenLifeMs).toISOString(), project: { id: projectId } } });
      return { ...answer, headers: { ...answer.headers, "x-subject-token": token } };
    },
    issueToken,
    revokeTokens: () => tokens.clear(),
    get logins() {
      return logins;
    },
  };
}

function unauthorized(number: string, message: string): Answer {
  return json(401, { error_msg: message, error_code: `APIGW.${number}`, request_id: randomBytes(16).toString("hex") });
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
