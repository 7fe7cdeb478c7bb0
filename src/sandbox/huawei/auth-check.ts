/** The authentication of the emulated Huawei Cloud: a signature or a token, and a lock-out after repeated bad signatures. */

import type { Answer } from "../server/answer.ts";
import type { ReceivedRequest } from "../server/receive.ts";
import { unauthenticated } from "./errors.ts";
import type { SignatureCheck } from "./signature-check.ts";
import type { Tokens } from "./tokens.ts";

/** The refusal of a request; `undefined` for an authenticated one. */
export type AuthCheck = (request: ReceivedRequest) => Answer | undefined;

/** The vendor's gateway locks a key for five minutes after more than five failures in a row. */
const FAILURES_BEFORE_LOCK = 5;
const LOCK_MS = 300_000;

export function createAuthCheck(checkSignature: SignatureCheck, tokens: Pick<Tokens, "refusal">, now: () => number): AuthCheck {
  const checkWithLock = lockAfterFailures(checkSignature, now);
  return (request) => {
    const authorization = request.headers.get("authorization");
    return authorization === undefined ? tokens.refusal(request.headers.get("x-auth-token")) : checkWithLock(request, authorization);
  };
}

/** Refuses correct signatures too while the key is locked. A correct signature resets the count of failures. */
function lockAfterFailures(checkSignature: SignatureCheck, now: () => number): SignatureCheck {
  let failures = 0;
  let lockedUntil = 0;
  return (request, authorization) => {
    if (now() < lockedUntil) return unauthenticated("AK access failed to reach the limit,forbidden");
    const refusal = checkSignature(request, authorization);
    failures = refusal ? failures + 1 : 0;
    if (failures > FAILURES_BEFORE_LOCK) lockedUntil = now() + LOCK_MS;
    return refusal;
  };
}
