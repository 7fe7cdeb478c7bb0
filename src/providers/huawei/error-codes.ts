/**
 * The meaning of Huawei Cloud's error codes and HTTP statuses. Codes decide, because VOD answers 403 for faults, quota,
 * throttling and missing assets alike.
 * https://support.huaweicloud.com/api-vod/ErrorCode.html (VOD), https://support.huaweicloud.com/devg-apisign/ (API Gateway)
 */

import type { ErrorTable, Meaning, StatusMeanings } from "../kit/error-table.ts";

const invalid: Meaning = {
  code: "invalid_argument",
  divisible: true,
  hint: "Check the asset id or the URLs. Huawei Cloud VOD prefetches only media of its own published assets.",
};
const fault: Meaning = {
  code: "vendor_unavailable",
  retryable: true,
  hint: "The vendor has a fault, which usually passes. Call again later.",
};
const denied: Meaning = {
  code: "auth_failed",
  hint: "Grant the user vod:asset:preheat and vod:asset:getPreheatTask (or VOD CommonOperations).",
};
const deniedAddress: Meaning = { ...denied, hint: "The vendor refuses this machine's address. Check the access rules of the account." };
const wrongCredentials: Meaning = {
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
const unpublished: Meaning = { code: "not_published", hint: "Publish the asset in Huawei Cloud VOD, then call again." };
const foreignDomain: Meaning = {
  code: "forbidden_domain",
  hint: "The URL's domain must be an enabled acceleration domain of this VOD project.",
};
const quota: Meaning = { code: "quota_exhausted", hint: "Wait for the vendor's next day, or ask Huawei Cloud for a higher quota." };
const throttled: Meaning = { code: "rate_limited", retryable: true };
const gone: Meaning = { code: "vendor_unavailable", hint: "Huawei Cloud has taken this function offline. See its announcements." };
/** "Task succeeded" and "task in progress" do not prove that the vendor refused this request. */
const ambiguous: Meaning = { code: "vendor_unavailable", delivery: "unknown" };
/** The gateway has stopped waiting, but the service behind it may have done the request. */
const gatewayTimeout: Meaning = { code: "timeout", retryable: true, delivery: "unknown" };

const vodCodes: Readonly<Record<string, Meaning>> = {
  "VOD.10051": fault,
  "VOD.10052": fault,
  "VOD.10053": invalid,
  "VOD.10054": wrongCredentials,
  "VOD.10055": account,
  "VOD.10056": account,
  "VOD.10057": setup,
  "VOD.10058": invalid,
  "VOD.10059": invalid,
  "VOD.10060": unpublished,
  "VOD.10061": unpublished,
  "VOD.10062": { code: "not_found", hint: "Check the id; it must be an asset of this project and region." },
  "VOD.10063": invalid,
  "VOD.10074": denied,
  "VOD.10078": account,
  "VOD.10079": ambiguous,
  "VOD.10080": ambiguous,
  "VOD.10081": invalid,
  "VOD.10083": unpublished,
  "VOD.10084": unpublished,
  "VOD.10086": quota,
  "VOD.10087": quota,
  "VOD.10088": foreignDomain,
  "VOD.10089": foreignDomain,
  "VOD.10098": {
    code: "vendor_unavailable",
    retryable: true,
    retryAfterMs: 120_000,
    hint: "The domain is being configured; this takes minutes.",
  },
  "VOD.10099": unpublished,
  "VOD.10109": { ...invalid, hint: "Huawei Cloud VOD takes at most 10 URLs a request." },
  "VOD.10110": { ...foreignDomain, hint: "Enable CDN for the asset's domain in Huawei Cloud VOD." },
  "VOD.10111": denied,
  "VOD.10120": account,
  "VOD.10127": throttled,
  "VOD.10132": account,
  "VOD.10133": denied,
  "VOD.10136": gone,
  "VOD.10138": denied,
  "VST.10001": invalid,
  "VST.10002": fault,
  "VST.10004": wrongCredentials,
  "LIVE.100011004": { ...setup, hint: "The API answers over https only. Check PREFETCH_HUAWEI_VOD_ENDPOINT." },
  "LIVE.100011006": fault,
  "LIVE.100011008": fault,
  "LIVE.100011013": account,
};

/** 0201 is absent on purpose: it covers malformed requests and unreachable backends alike, so the status decides. */
const gatewayCodes: Readonly<Record<string, Meaning>> = {
  "0101": { ...setup, hint: "The gateway knows no such API. Check PREFETCH_HUAWEI_VOD_REGION and PREFETCH_HUAWEI_VOD_ENDPOINT." },
  "0103": gone,
  "0104": gone,
  "0105": gone,
  "0106": gone,
  "0202": fault,
  "0203": gatewayTimeout,
  "0301": wrongCredentials,
  "0302": denied,
  "0303": wrongCredentials,
  "0305": wrongCredentials,
  "0306": denied,
  "0307": { ...wrongCredentials, hint: "The token has expired or belongs to another region." },
  "0308": throttled,
  "0310": setup,
  "0311": wrongCredentials,
  "0401": deniedAddress,
  "0402": deniedAddress,
  "0404": deniedAddress,
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
};

/** Older gateways write `APIG.`, newer ones `APIGW.`. */
const gatewayRows = ["APIG", "APIGW"].flatMap((prefix) =>
  Object.entries(gatewayCodes).map(([number, meaning]) => [`${prefix}.${number}`, meaning] as const),
);

const unknownCode: StatusMeanings = {
  exact: {
    401: wrongCredentials,
    403: denied,
    404: { code: "not_found", hint: "Check PREFETCH_HUAWEI_VOD_ENDPOINT and the id." },
    408: { code: "timeout", retryable: true },
    429: throttled,
    // 503 means that the gateway has not passed the request on.
    503: fault,
    504: gatewayTimeout,
  },
  clientError: invalid,
  serverError: fault,
  other: { code: "vendor_unavailable", hint: "A proxy may have answered instead of the vendor. Check the endpoint and any proxy." },
};

export const errorTable: ErrorTable = {
  codes: new Map([...Object.entries(vodCodes), ...gatewayRows]),
  unknownCode,
  // A gateway without a vendor code may have lost the answer of a request that the vendor has done.
  noCode: { ...unknownCode, serverError: { ...fault, delivery: "unknown" } },
};
