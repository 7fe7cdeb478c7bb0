/**
 * Verifies signatures with a derived key (the SigV4 family) on requests that arrive. Like signed-request.ts, it shares no code
 * with the signers in providers/.
 */

import { createHmac } from "node:crypto";
import type { ReceivedRequest } from "./receive.ts";
import { canonicalRequest, isSignatureOf, parseAuthorization, rawPath, type SignatureClaim, sha256 } from "./signed-request.ts";

/** The form of one vendor's header. */
export interface ScopedForm {
  readonly scheme: string;
  /** Stands before the secret in the first HMAC. */
  readonly secretPrefix: string;
  /** The names of the scope's parts behind the date. The last one is a constant, such as `tc3_request`. */
  readonly scope: readonly ["region", "service", string] | readonly ["service", string];
}

export interface ScopedClaim extends SignatureClaim {
  /** As the header has it: `2026-11-21` or `20261121`. */
  readonly date: string;
  /** Empty for vendors without a region in the scope. */
  readonly region: string;
  readonly service: string;
}

/** `undefined` for a header of any other form, for example with the scope of another vendor. */
export function parseScopedAuthorization(header: string, { scheme, scope }: ScopedForm): ScopedClaim | undefined {
  const claim = parseAuthorization(header, { scheme, keyField: "Credential", separator: ", " });
  const [keyId = "", date = "", ...parts] = claim?.keyId.split("/") ?? [];
  if (!claim || keyId === "" || parts.length !== scope.length || parts.at(-1) !== scope.at(-1)) return undefined;
  const [service = "", region = ""] = parts.slice(0, -1).toReversed();
  return { ...claim, keyId, date, region, service };
}

/** Whether the holder of `secret` signed the request at `time`, which is spelt as the vendor's own header has it. */
export function isScopedSignature(
  request: ReceivedRequest,
  { date, region, service, signedHeaders, signature }: ScopedClaim,
  { secret, time, form }: { readonly secret: string; readonly time: string; readonly form: ScopedForm },
): boolean {
  const steps = [date, ...(form.scope.length === 3 ? [region] : []), service, form.scope.at(-1) ?? ""];
  let key: string | Buffer = form.secretPrefix + secret;
  for (const step of steps) key = createHmac("sha256", key).update(step).digest();
  const canonical = canonicalRequest(request, rawPath(request), signedHeaders);
  return isSignatureOf([form.scheme, time, steps.join("/"), sha256(canonical)].join("\n"), key, signature);
}
