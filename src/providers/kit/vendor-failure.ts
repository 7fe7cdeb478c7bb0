/** Turns a vendor's error answer into a `PrefetchError`: bounded, on one line and without secrets. */

import { PrefetchError } from "../../base/errors.ts";
import { type Redactor, tidyMessage } from "../../base/redact.ts";
import { clockSkew } from "./answer.ts";
import type { Meaning } from "./error-table.ts";
import type { HttpRequest, HttpResponse } from "./http-client.ts";

export interface Vendor {
  /** Provider id, such as `alibaba-vod`. */
  readonly provider: string;
  /** Name in messages, such as "Alibaba Cloud". */
  readonly name: string;
  /** Response header with the request id, in lower case. Absent where the body has it. */
  readonly requestIdHeader?: string;
  /** Matches the start of the signed request that the vendor repeats behind the reason of a refused signature. */
  readonly echo: RegExp;
}

/** The error that an answer's body holds. */
export interface VendorError {
  readonly code: string;
  readonly message: string;
  readonly requestId: string | undefined;
}

export interface FailureContext {
  /** Completes "Alibaba Cloud refused …": "the prefetch", "the status query". */
  readonly action: string;
  readonly intent: HttpRequest["intent"];
  readonly redact: Redactor;
  /** Milliseconds since the epoch on this machine when the answer arrived. */
  readonly now: number;
  /** The right that the call needs, and how to get it: a sentence. */
  readonly rightHint?: string | undefined;
}

export interface Refusal {
  readonly error: VendorError | undefined;
  readonly meaning: Meaning;
  /** The vendor's reason, from `reasonOf`. */
  readonly reason: string;
  /** A wrong clock causes refusals such as this one, so the answer's `Date` is compared with this machine's clock. */
  readonly clockMatters: boolean;
  /** Milliseconds to wait; overrides the one of `meaning`. */
  readonly retryAfterMs: number | undefined;
}

/** Vendors accept signatures that are up to 5 (Tencent Cloud) or 15 minutes old. */
export const WRONG_CLOCK_HINT = "Set the clock (NTP); signatures are valid for minutes only.";
/** Documented codes have up to 40 characters, request ids up to 36. Smaller: these are cut. Larger: foreign text fills the message. */
const LONGEST_CODE = 60;
const LONGEST_REQUEST_ID = 80;

/** The vendor's message without the echo of our request, fit to be shown. Empty when there is none. */
export function reasonOf(error: VendorError | undefined, { echo }: Vendor, redact: Redactor): string {
  const [reason = ""] = (error?.message ?? "").split(echo);
  return tidyMessage(reason, redact).replace(/[\s,;:.]+$/, "");
}

/** Reads are harmless to repeat, so only a spend can have the delivery `unknown`. */
export function vendorFailure(
  vendor: Vendor,
  response: HttpResponse,
  { error, meaning, reason, clockMatters, retryAfterMs }: Refusal,
  { action, intent, redact, now, rightHint }: FailureContext,
): PrefetchError {
  const skew = clockMatters ? clockSkew(response, now) : undefined;
  const why = skew === undefined ? ` with HTTP ${response.status}${reason && `: ${reason}`}` : `, because this machine's clock is ${skew}`;
  return new PrefetchError(meaning.code, `${vendor.name} refused ${action}${why}`, {
    ...meaning,
    ...(meaning.lacksRight && rightHint !== undefined && { hint: rightHint }),
    delivery: intent === "spend" ? (meaning.delivery ?? "refused") : "refused",
    ...(skew !== undefined && { hint: WRONG_CLOCK_HINT }),
    retryAfterMs: retryAfterMs ?? meaning.retryAfterMs,
    provider: vendor.provider,
    vendorCode: error && tidyMessage(error.code, redact).slice(0, LONGEST_CODE),
    requestId: requestIdOf(vendor, response, redact) ?? (error?.requestId && tidyId(error.requestId, redact)),
  });
}

/** A 2xx answer of an undocumented shape, perhaps from a proxy. For a spend it does not tell whether the vendor did it. */
export function unreadableAnswer(
  vendor: Vendor,
  response: HttpResponse,
  { action, intent, redact }: Pick<FailureContext, "action" | "intent" | "redact">,
): PrefetchError {
  return new PrefetchError("vendor_unavailable", `The answer to ${action} (HTTP ${response.status}) is not what ${vendor.name} documents`, {
    provider: vendor.provider,
    delivery: intent === "spend" ? "unknown" : "refused",
    retryable: true,
    requestId: requestIdOf(vendor, response, redact),
    hint: "Check the endpoint and any proxy on the way to the vendor.",
  });
}

export function requestIdOf({ requestIdHeader }: Vendor, { headers }: HttpResponse, redact: Redactor): string | undefined {
  const id = requestIdHeader === undefined ? undefined : headers[requestIdHeader];
  return id === undefined ? undefined : tidyId(id, redact);
}

function tidyId(id: string, redact: Redactor): string {
  return tidyMessage(id, redact).slice(0, LONGEST_REQUEST_ID);
}
