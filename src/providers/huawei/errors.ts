/**
 * Huawei Cloud's errors in the house's words. The HTTP status is a poor witness (VOD answers 403 for faults, quota,
 * throttling and missing assets alike), so the vendor's code speaks first.
 * Sources: https://support.huaweicloud.com/api-vod/ErrorCode.html and the API Gateway's error table in
 * https://support.huaweicloud.com/devg-apisign/ (codes `APIG.` and `APIGW.` mean the same).
 */

import { type ErrorCode, type ErrorFacts, PrefetchError } from "../../base/errors.ts";
import { type Redactor, tidyMessage } from "../../base/redact.ts";
import { clockSkew, isRecord, LONGEST_WAIT_MS, parseJson, retryAfterHeader } from "../kit/answer.ts";
import type { HttpResponse } from "../kit/http-client.ts";

type Meaning = Readonly<{ code: ErrorCode; hint?: string } & Pick<ErrorFacts, "retryable" | "retryAfterMs" | "delivery" | "divisible">>;

const invalid: Meaning = {
  code: "invalid_argument",
  divisible: true,
  hint: "Check the asset id or the URLs; Huawei Cloud VOD prefetches media of its own published assets only.",
};
const fault: Meaning = { code: "vendor_unavailable", retryable: true, hint: "A fault on the vendor's side; it usually passes." };
const denied: Meaning = {
  code: "auth_failed",
  hint: "Grant the user vod:asset:preheat and vod:asset:getPreheatTask (or VOD CommonOperations).",
};
const credentials: Meaning = {
  code: "auth_failed",
  hint: "Check the credentials of huawei-vod. Huawei Cloud locks keys that fail repeatedly.",
};
const account: Meaning = {
  code: "auth_failed",
  hint: "The Huawei Cloud account needs attention: real-name check, arrears or activation. See its console.",
};
const setup: Meaning = {
  code: "not_configured",
  hint: "Check that HUAWEICLOUD_SDK_PROJECT_ID, PREFETCH_HUAWEI_VOD_REGION and PREFETCH_HUAWEI_VOD_ENDPOINT belong together and that a token is scoped to that project.",
};
const state: Meaning = { code: "not_published", hint: "Publish the asset in Huawei Cloud VOD, then call again." };
const domain: Meaning = { code: "forbidden_domain", hint: "The URL's domain must be an enabled acceleration domain of this VOD project." };
const quota: Meaning = { code: "quota_exhausted", hint: "Wait for the vendor's next day, or ask Huawei Cloud for a higher quota." };
const throttled: Meaning = { code: "rate_limited", retryable: true };
const gone: Meaning = { code: "vendor_unavailable", hint: "Huawei Cloud has taken this function offline; see its announcements." };
/** The gateway gave up waiting: the service behind it may have carried the request out. */
const lostBehindGateway: Meaning = { code: "timeout", retryable: true, delivery: "unknown" };

const vodMeanings = new Map<string, Meaning>(
  Object.entries({
    "VOD.10051": fault,
    "VOD.10052": fault,
    "VOD.10053": invalid,
    "VOD.10054": credentials,
    "VOD.10055": account,
    "VOD.10056": account,
    "VOD.10057": setup,
    "VOD.10058": invalid,
    "VOD.10059": invalid,
    "VOD.10060": state,
    "VOD.10061": state,
    "VOD.10062": { code: "not_found", hint: "Check the id; it must be an asset of this project and region." },
    "VOD.10063": invalid,
    "VOD.10074": denied,
    "VOD.10078": account,
    // "Task succeeded" and "task in progress" stand in the error table; neither proves that this request was refused.
    "VOD.10079": { code: "vendor_unavailable", delivery: "unknown" },
    "VOD.10080": { code: "vendor_unavailable", delivery: "unknown" },
    "VOD.10081": invalid,
    "VOD.10083": state,
    "VOD.10084": state,
    "VOD.10086": quota,
    "VOD.10087": quota,
    "VOD.10088": domain,
    "VOD.10089": domain,
    "VOD.10098": {
      code: "vendor_unavailable",
      retryable: true,
      retryAfterMs: 120_000,
      hint: "The domain is being configured; this takes minutes.",
    },
    "VOD.10099": state,
    "VOD.10109": { ...invalid, hint: "Huawei Cloud VOD takes at most 10 URLs a request." },
    "VOD.10110": { ...domain, hint: "Enable CDN for the asset's domain in Huawei Cloud VOD." },
    "VOD.10111": denied,
    "VOD.10120": account,
    "VOD.10127": throttled,
    "VOD.10132": account,
    "VOD.10133": denied,
    "VOD.10136": gone,
    "VOD.10138": denied,
    "VST.10001": invalid,
    "VST.10002": fault,
    "VST.10004": credentials,
    "LIVE.100011004": { ...setup, hint: "The API answers over https only: check PREFETCH_HUAWEI_VOD_ENDPOINT." },
    "LIVE.100011006": fault,
    "LIVE.100011008": fault,
    "LIVE.100011013": account,
  }),
);

const gatewayMeanings = new Map<string, Meaning>(
  Object.entries({
    "0101": { ...setup, hint: "The gateway knows no such API: check PREFETCH_HUAWEI_VOD_REGION and PREFETCH_HUAWEI_VOD_ENDPOINT." },
    "0103": gone,
    "0104": gone,
    "0105": gone,
    "0106": gone,
    "0202": fault,
    "0203": lostBehindGateway,
    "0301": credentials,
    "0302": denied,
    "0303": credentials,
    "0305": credentials,
    "0306": denied,
    "0307": { ...credentials, hint: "The token has run out or belongs to another region." },
    "0308": throttled,
    "0310": setup,
    "0311": credentials,
    "0401": { ...denied, hint: "The vendor does not accept this machine's address." },
    "0402": { ...denied, hint: "The vendor does not accept this machine's address." },
    "0404": { ...denied, hint: "The vendor does not accept this machine's address." },
    "0501": account,
    "0502": account,
    "0601": fault,
    "0602": invalid,
    "0605": fault,
    "0606": fault,
    "0607": invalid,
    "0608": fault,
    "0609": fault,
    "0610": fault,
    "0611": fault,
    "0613": fault,
    "0705": fault,
    "0801": setup,
    "0802": setup,
  }),
);

/** `coded`: the vendor itself says that it failed, with a code that says nothing else. */
function statusMeaning(status: number, coded: boolean): Meaning {
  if (status === 401) return credentials;
  if (status === 403) return denied;
  if (status === 404) return { code: "not_found", hint: "Check PREFETCH_HUAWEI_VOD_ENDPOINT and the id." };
  if (status === 408) return { code: "timeout", retryable: true };
  if (status === 429) return throttled;
  if (status === 504) return lostBehindGateway;
  // Something on the way lost the answer, which is not to say that nothing was done. With 503 it has not even asked.
  if (status >= 500) return coded || status === 503 ? fault : { ...fault, delivery: "unknown" };
  if (status >= 400) return invalid;
  return { code: "vendor_unavailable", hint: "Something between this machine and the vendor answered: check the endpoint and any proxy." };
}

export interface VendorError {
  readonly code: string | undefined;
  readonly message: string;
  readonly requestId: string | undefined;
}

/** The vendor nests an error once. */
const DEEPEST_ERROR = 3;

/** Finds code and message in any of the vendor's body shapes; `undefined` when the body holds no error. */
export function readVendorError(body: unknown, depth = 0): VendorError | undefined {
  if (!isRecord(body) || depth > DEEPEST_ERROR) return undefined;
  const pairs = [
    [body.error_code, body.error_msg],
    [body.errorCode, body.errorMsg],
    [body.code, body.message],
  ];
  for (const [code, message] of pairs) {
    if (typeof code === "string" || typeof code === "number") {
      const requestId = typeof body.request_id === "string" ? body.request_id : undefined;
      return { code: String(code), message: typeof message === "string" ? message : "", requestId };
    }
  }
  return readVendorError(body.error, depth + 1);
}

export interface FailureContext {
  /** What was being done, for the sentence: "the prefetch", "the status query". */
  readonly action: string;
  readonly redact: Redactor;
  /** This machine's time when the answer came. */
  readonly now: number;
}

/** The `PrefetchError` that an answer stands for. Call it for answers that are errors. */
export function failureOf(response: HttpResponse, context: FailureContext): PrefetchError {
  const found = readVendorError(parseJson(response.text));
  const meaning = meaningOf(response.status, found?.code);
  // What follows is an echo of our own request, for whoever debugs a signer; it only buries the reason.
  const [reason = ""] = (found?.message ?? "").split("canonicalRequest:");
  const message = tidyMessage(reason, context.redact).replace(/[,;]$/, "");
  const said = message ? `: ${message}` : "";
  const locked = /reach the limit/i.test(message);
  const skew = response.status === 401 ? clockSkew(response, context.now) : undefined;
  return new PrefetchError(
    meaning.code,
    skew
      ? `Huawei Cloud refused ${context.action}, because this machine's clock is ${skew}`
      : `Huawei Cloud refused ${context.action} with HTTP ${response.status}${said}`,
    {
      delivery: "refused",
      ...meaning,
      ...(locked && {
        hint: "Huawei Cloud has locked this key for five minutes after repeated failures. Make sure that the credentials are right, then wait.",
      }),
      ...(skew && { hint: "Set the clock (NTP); signatures are valid for 15 minutes only." }),
      retryAfterMs: retryAfter(response, message, context.now) ?? meaning.retryAfterMs,
      provider: "huawei-vod",
      vendorCode: found?.code && tidyMessage(found.code, context.redact).slice(0, 40),
      requestId: requestIdOf(response, context.redact) ?? (found?.requestId && tidyMessage(found.requestId, context.redact).slice(0, 80)),
    },
  );
}

export function requestIdOf({ headers }: HttpResponse, redact: Redactor): string | undefined {
  const id = headers["x-request-id"];
  return id === undefined ? undefined : tidyMessage(id, redact).slice(0, 80);
}

function meaningOf(status: number, code: string | undefined): Meaning {
  if (code === undefined) return statusMeaning(status, false);
  const gateway = /^APIGW?\.(\d{4})$/.exec(code)?.[1];
  if (gateway === undefined) return vodMeanings.get(code) ?? statusMeaning(status, true);
  // 0201 covers everything from a malformed request to an unreachable backend: there the status is all there is.
  return gatewayMeanings.get(gateway) ?? statusMeaning(status, true);
}

const units = new Map([
  ["second", 1_000],
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", 86_400_000],
]);

/** From `Retry-After`, or from the throttling text, such as "limit:100,time:1 minute". */
function retryAfter(response: HttpResponse, message: string, now: number): number | undefined {
  const header = retryAfterHeader(response, now);
  if (header !== undefined) return header;
  const [, count, unit = ""] = /time:\s*(\d{1,4})\s*(second|minute|hour|day)/i.exec(message) ?? [];
  return count === undefined ? undefined : Math.min(Number(count) * (units.get(unit.toLowerCase()) ?? 0), LONGEST_WAIT_MS);
}
