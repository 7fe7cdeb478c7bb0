/**
 * Alibaba Cloud's errors in the house's words. HTTP statuses differ between products and years (throttling comes as 503,
 * 429 and 400), so the vendor's code speaks first.
 * Sources: https://www.alibabacloud.com/help/en/vod/developer-reference/api-vod-2017-03-21-preloadvodobjectcaches and the
 * error centre, https://error-center.aliyun.com/status/product/vod.
 */

import { type ErrorCode, type ErrorFacts, PrefetchError } from "../../base/errors.ts";
import { type Redactor, tidyMessage } from "../../base/redact.ts";
import { clockSkew, isRecord, parseJson, retryAfterHeader } from "../kit/answer.ts";
import type { HttpRequest, HttpResponse } from "../kit/http-client.ts";

type Meaning = Readonly<{ code: ErrorCode; hint?: string } & Pick<ErrorFacts, "retryable" | "retryAfterMs" | "delivery" | "divisible">>;

const denied: Meaning = {
  code: "auth_failed",
  hint: "Grant the RAM user vod:PreloadVodObjectCaches, vod:DescribeVodRefreshTasks and vod:DescribeVodRefreshQuota; assets also need vod:RefreshMediaPlayUrls, vod:GetMediaRefreshJobs and vod:GetPlayInfo.",
};
const credentials: Meaning = {
  code: "auth_failed",
  hint: "Check the access key of alibaba-vod; temporary keys also need their security token, and run out.",
};
const account = (hint: string): Meaning => ({ code: "auth_failed", hint });
const domain: Meaning = {
  code: "forbidden_domain",
  hint: "The URL's domain must be an enabled accelerated domain of ApsaraVideo VOD in this account.",
};
const invalid: Meaning = { code: "invalid_argument", hint: "Check the URLs or the asset id." };
const tooMany: Meaning = { code: "invalid_argument", divisible: true };
const passing: Meaning = {
  code: "vendor_unavailable",
  retryable: true,
  retryAfterMs: 120_000,
  hint: "The domain is being configured; this takes minutes.",
};
const unsupported: Meaning = { code: "unsupported", hint: "Check PREFETCH_ALIBABA_VOD_ENDPOINT and the region of the media." };
const throttled: Meaning = { code: "rate_limited", retryable: true };
/** For all that this says, the request may have been carried out; the vendor's task list tells. */
const fault: Meaning = {
  code: "vendor_unavailable",
  retryable: true,
  delivery: "unknown",
  hint: "A fault on the vendor's side; it usually passes.",
};
const clock: Meaning = { code: "auth_failed", hint: "Set the clock (NTP); signatures are valid for 15 minutes only." };

/** Codes, or their beginnings up to a dot: what stands for `Throttling` stands for `Throttling.User`, too. */
const meanings = new Map<string, Meaning>(
  Object.entries({
    Throttling: throttled,
    QuotaExceeded: { code: "quota_exhausted", hint: "Wait for the vendor's next day, or ask Alibaba Cloud for a higher quota." },
    PreloadQueueFull: {
      code: "queue_full",
      retryable: true,
      retryAfterMs: 180_000,
      hint: "The domain's queue empties as its URLs are fetched.",
    },
    IllegalOperation: domain,
    OperationDenied: account("Activate ApsaraVideo VOD for this account in its console."),
    "OperationDenied.Suspended": account("The account is suspended: settle its balance in the console of Alibaba Cloud."),
    "InvalidDomain.NotFound": domain,
    "InvalidDomain.Offline": { ...domain, hint: "The domain is disabled: enable it in the console of ApsaraVideo VOD." },
    "InvalidDomain.Configure_failed": { ...passing, hint: "The domain's configuration failed: look at it in the vendor's console." },
    ServiceBusy: passing,
    MissingParameter: { code: "internal", hint: "This is a bug in cdn-prefetch-mcp." },
    "InvalidObjectPath.Malformed": {
      code: "invalid_argument",
      divisible: true,
      hint: "The vendor cannot read this URL; check its characters and its path.",
    },
    "InvalidExtensiveDomain.ValueNotSupported": { ...invalid, hint: "Wildcard hosts cannot be prefetched; name the host." },
    InvalidObjectPath: { code: "invalid_argument", divisible: true },
    "SingleRequest.OverLimit": tooMany,
    InvalidAccessKeyId: credentials,
    InvalidSecurityToken: credentials,
    SignatureDoesNotMatch: credentials,
    IncompleteSignature: credentials,
    IllegalTimestamp: clock,
    InvalidTimeStamp: clock,
    // Nonces are random, so the one who used it first was us: something in between has repeated the request.
    SignatureNonceUsed: { code: "vendor_unavailable", retryable: true, delivery: "unknown" },
    Forbidden: denied,
    NoPermission: denied,
    "Forbidden.IllegalStatus": {
      code: "not_published",
      hint: "Wait until the asset is transcoded and in the state Normal, then call again.",
    },
    "Forbidden.AliyunVoDEncryption": { code: "not_published", hint: "The asset has only streams that are encrypted." },
    "InvalidVideo.NotFound": { code: "not_found", hint: "Check the id, and that PREFETCH_ALIBABA_VOD_REGION is the region of the media." },
    "InvalidVideo.NoneStream": { code: "not_published", hint: "The asset has no stream that fits the configured formats and definitions." },
    "InvalidTaskId.Malformed": { code: "not_found", hint: "Check the id." },
    InvalidAction: unsupported,
    InvalidApi: unsupported,
    InvalidVersion: unsupported,
    UnsupportedOperation: unsupported,
    InternalError: fault,
    ServiceUnavailable: fault,
    ServiceUnAvailable: fault,
  }),
);

const between = "The answer has no code of the vendor's, so something in between may have given it: check the endpoint and any proxy.";

function statusMeaning(status: number, coded: boolean): Meaning {
  const hint = coded ? "The vendor's code is not one that is documented; look it up in its error centre." : between;
  if (status === 401 || status === 403 || status === 407) return coded ? denied : { code: "auth_failed", hint };
  // Too long a request for whatever answers; a shorter one may pass.
  if (status === 413 || status === 414 || status === 431) return tooMany;
  if (status === 404) return { code: "not_found", hint: "Check PREFETCH_ALIBABA_VOD_ENDPOINT and the id." };
  if (status === 408) return { code: "timeout", retryable: true };
  if (status === 429) return throttled;
  if (status === 504) return { code: "timeout", retryable: true, delivery: "unknown" };
  if (status >= 500) return fault;
  if (status >= 400) return invalid;
  return {
    code: "vendor_unavailable",
    delivery: "unknown",
    hint,
  };
}

/** By the longest entry of which the code is, or begins with, the name. */
function meaningOf({ status, headers }: HttpResponse, code: string | undefined): Meaning {
  for (let name = code; name; name = name.slice(0, Math.max(0, name.lastIndexOf(".")))) {
    const known = meanings.get(name);
    if (known) return known;
  }
  const byStatus = statusMeaning(status, code !== undefined);
  // Only throttling comes with this header, but not every answer with it says that nothing was done.
  return pauseOf(headers) === undefined ? byStatus : { ...throttled, ...(byStatus.delivery && { delivery: byStatus.delivery }) };
}

export interface VendorError {
  readonly code: string | undefined;
  readonly message: string;
  readonly requestId: string | undefined;
}

const goodCodes = ["200", "ok", "success"];

/** Finds code and message in JSON of either case and in XML; `undefined` when the text holds no error. */
export function readVendorError(text: string): VendorError | undefined {
  const body = parseJson(text);
  const value = (name: string): string | undefined => {
    if (!isRecord(body)) return new RegExp(`<${name}>([^<]*)</${name}>`, "i").exec(text)?.[1];
    const found = body[name] ?? body[name.charAt(0).toLowerCase() + name.slice(1)];
    return typeof found === "string" || typeof found === "number" ? String(found) : undefined;
  };
  const code = value("Code");
  if (!code || goodCodes.includes(code.toLowerCase())) return undefined;
  return { code, message: value("Message") ?? "", requestId: value("RequestId") };
}

export interface FailureContext {
  /** What was being done, for the sentence: "the prefetch", "the status query". */
  readonly action: string;
  readonly intent: HttpRequest["intent"];
  readonly redact: Redactor;
  /** This machine's time when the answer came. */
  readonly now: number;
}

/** The `PrefetchError` that an answer stands for. Call it for answers that are errors. */
export function failureOf(response: HttpResponse, { action, intent, redact, now }: FailureContext): PrefetchError {
  const found = readVendorError(response.text);
  const meaning = meaningOf(response, found?.code);
  const pause = meaning.retryable ? retryAfter(response, now) : undefined;
  // What follows is an echo of our own request, for whoever debugs a signer; it only buries the reason.
  const [reason = ""] = (found?.message ?? "").split(/\bserver (?:string|canonical)/i);
  const message = tidyMessage(reason, redact).replace(/[\s,;:.]+$/, "");
  const skew = meaning === clock || meaning === credentials ? clockSkew(response, now) : undefined;
  return new PrefetchError(
    meaning.code,
    skew
      ? `Alibaba Cloud refused ${action}, because this machine's clock is ${skew}`
      : `Alibaba Cloud refused ${action} with HTTP ${response.status}${message && `: ${message}`}`,
    {
      delivery: "refused",
      ...meaning,
      ...(intent === "read" && { delivery: "refused" }),
      ...(skew && { hint: clock.hint }),
      ...(pause !== undefined && { retryAfterMs: pause }),
      provider: "alibaba-vod",
      vendorCode: found?.code && tidyMessage(found.code, redact).slice(0, 60),
      requestId: requestIdOf(response, redact) ?? (found?.requestId && tidyMessage(found.requestId, redact).slice(0, 80)),
    },
  );
}

/** The vendor's own clients wait no longer than this. */
const LONGEST_THROTTLE_MS = 120_000;

/** Milliseconds from `x-acs-retry-after`, which counts in them. */
function pauseOf(headers: HttpResponse["headers"]): number | undefined {
  const text = headers["x-acs-retry-after"] ?? "";
  const pause = /^\d+$/.test(text) ? Math.min(Number(text), LONGEST_THROTTLE_MS) : 0;
  return pause > 0 ? pause : undefined;
}

function retryAfter(response: HttpResponse, now: number): number | undefined {
  return pauseOf(response.headers) ?? (retryAfterHeader(response, now) || undefined);
}

export function requestIdOf({ headers }: HttpResponse, redact: Redactor): string | undefined {
  const id = headers["x-acs-request-id"];
  return id === undefined ? undefined : tidyMessage(id, redact).slice(0, 80);
}
