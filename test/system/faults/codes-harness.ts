/**
 * The vendors' error codes and what each must come to when it is the answer to a prefetch. Statuses are those of the vendors' own
 * tables; that no code of the providers' is missing here is checked against their source.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ErrorCode } from "../../../src/base/errors.ts";
import type { ProviderId } from "./vendors-harness.ts";

export type CodeOutcome =
  /** Refused for good. */
  | { readonly kind: "final"; readonly code: ErrorCode }
  /** Refused for good because of one URL, which has to be found. */
  | { readonly kind: "one of them" }
  /** Likewise, and nothing else may be sent on that day, or with those credentials. */
  | { readonly kind: "final for all"; readonly code: ErrorCode }
  /** Refused for now: sent again so many times in all, if it stays. */
  | { readonly kind: "passing"; readonly code: ErrorCode; readonly tries: number }
  /** Nobody can tell whether it was carried out. */
  | { readonly kind: "lost" };

export interface CodeRow {
  readonly provider: ProviderId;
  /** As the vendor sends it. */
  readonly code: string;
  /** As the provider's table has it: a number without its prefix, or the beginning of a code. Unless told, the code itself. */
  readonly entry?: string;
  readonly status: number;
  readonly outcome: CodeOutcome;
}

const final = (code: ErrorCode): CodeOutcome => ({ kind: "final", code });
const forAll = (code: ErrorCode): CodeOutcome => ({ kind: "final for all", code });
const passing = (code: ErrorCode, tries: number): CodeOutcome => ({ kind: "passing", code, tries });
const fault = passing("vendor_unavailable", 3);
const throttled = passing("rate_limited", 10);
const oneOfThem: CodeOutcome = { kind: "one of them" };
const lost: CodeOutcome = { kind: "lost" };

const vod: readonly (readonly [code: string, status: number, outcome: CodeOutcome])[] = [
  ["VOD.10051", 403, fault],
  ["VOD.10052", 403, fault],
  ["VOD.10053", 400, oneOfThem],
  ["VOD.10054", 403, final("auth_failed")],
  ["VOD.10055", 403, final("auth_failed")],
  ["VOD.10056", 403, final("auth_failed")],
  ["VOD.10057", 403, final("not_configured")],
  ["VOD.10058", 403, oneOfThem],
  ["VOD.10059", 403, oneOfThem],
  ["VOD.10060", 403, final("not_published")],
  ["VOD.10061", 403, final("not_published")],
  ["VOD.10062", 403, final("not_found")],
  ["VOD.10063", 403, oneOfThem],
  ["VOD.10074", 403, final("auth_failed")],
  ["VOD.10078", 403, final("auth_failed")],
  ["VOD.10079", 403, lost],
  ["VOD.10080", 403, lost],
  ["VOD.10081", 400, oneOfThem],
  ["VOD.10083", 403, final("not_published")],
  ["VOD.10084", 403, final("not_published")],
  ["VOD.10086", 403, forAll("quota_exhausted")],
  ["VOD.10087", 403, forAll("quota_exhausted")],
  ["VOD.10088", 403, final("forbidden_domain")],
  ["VOD.10089", 403, final("forbidden_domain")],
  ["VOD.10098", 403, fault],
  ["VOD.10099", 403, final("not_published")],
  ["VOD.10109", 403, oneOfThem],
  ["VOD.10110", 403, final("forbidden_domain")],
  ["VOD.10111", 403, final("auth_failed")],
  ["VOD.10120", 403, final("auth_failed")],
  ["VOD.10127", 403, throttled],
  ["VOD.10132", 403, final("auth_failed")],
  ["VOD.10133", 403, final("auth_failed")],
  ["VOD.10136", 403, final("vendor_unavailable")],
  ["VOD.10138", 403, final("auth_failed")],
  ["VST.10001", 400, oneOfThem],
  ["VST.10002", 500, fault],
  ["VST.10004", 400, final("auth_failed")],
  ["LIVE.100011004", 400, final("not_configured")],
  ["LIVE.100011006", 400, fault],
  ["LIVE.100011008", 400, fault],
  ["LIVE.100011013", 400, final("auth_failed")],
];

const gateway: readonly (readonly [number: string, status: number, outcome: CodeOutcome])[] = [
  ["0101", 404, final("not_configured")],
  ["0103", 404, final("vendor_unavailable")],
  ["0104", 400, final("vendor_unavailable")],
  ["0105", 400, final("vendor_unavailable")],
  ["0106", 400, final("vendor_unavailable")],
  ["0202", 502, fault],
  ["0203", 504, lost],
  ["0301", 401, forAll("auth_failed")],
  ["0302", 403, final("auth_failed")],
  ["0303", 401, forAll("auth_failed")],
  ["0305", 401, forAll("auth_failed")],
  ["0306", 403, final("auth_failed")],
  ["0307", 401, forAll("auth_failed")],
  ["0308", 429, throttled],
  ["0310", 403, final("not_configured")],
  ["0311", 401, forAll("auth_failed")],
  ["0401", 403, final("auth_failed")],
  ["0402", 403, final("auth_failed")],
  ["0404", 403, final("auth_failed")],
  ["0501", 405, final("auth_failed")],
  ["0502", 405, final("auth_failed")],
  ["0601", 500, fault],
  ["0602", 400, oneOfThem],
  ["0605", 500, fault],
  ["0606", 500, fault],
  ["0607", 400, oneOfThem],
  ["0608", 500, fault],
  ["0609", 500, fault],
  ["0610", 502, fault],
  ["0611", 500, fault],
  ["0613", 503, fault],
  ["0705", 500, fault],
  ["0801", 403, final("not_configured")],
  ["0802", 403, final("not_configured")],
];

const alibaba: readonly (readonly [entry: string, status: number, outcome: CodeOutcome, code?: string])[] = [
  ["Throttling", 503, throttled, "Throttling.User"],
  ["QuotaExceeded", 400, forAll("quota_exhausted"), "QuotaExceeded.Refresh"],
  ["PreloadQueueFull", 403, passing("queue_full", 10)],
  ["IllegalOperation", 403, final("forbidden_domain")],
  ["OperationDenied", 403, final("auth_failed")],
  ["OperationDenied.Suspended", 403, final("auth_failed")],
  ["InvalidDomain.NotFound", 404, final("forbidden_domain")],
  ["InvalidDomain.Offline", 404, final("forbidden_domain")],
  ["InvalidDomain.Configure_failed", 500, fault],
  ["ServiceBusy", 403, fault],
  ["MissingParameter", 400, final("internal")],
  ["InvalidObjectPath.Malformed", 400, oneOfThem],
  ["InvalidExtensiveDomain.ValueNotSupported", 400, final("invalid_argument")],
  ["InvalidObjectPath", 400, oneOfThem, "InvalidObjectPath.Size.Malformed"],
  ["SingleRequest.OverLimit", 400, oneOfThem],
  ["InvalidAccessKeyId", 404, final("auth_failed"), "InvalidAccessKeyId.NotFound"],
  ["InvalidSecurityToken", 400, final("auth_failed"), "InvalidSecurityToken.Expired"],
  ["SignatureDoesNotMatch", 403, final("auth_failed")],
  ["IncompleteSignature", 400, final("auth_failed")],
  // Signed anew once, with the time of the answer.
  ["IllegalTimestamp", 400, passing("auth_failed", 2)],
  ["InvalidTimeStamp", 400, passing("auth_failed", 2), "InvalidTimeStamp.Expired"],
  ["SignatureNonceUsed", 400, lost],
  ["Forbidden", 403, final("auth_failed"), "Forbidden.RAM"],
  ["NoPermission", 403, final("auth_failed")],
  ["Forbidden.IllegalStatus", 403, final("not_published")],
  ["Forbidden.AliyunVoDEncryption", 403, final("not_published")],
  ["InvalidVideo.NotFound", 404, final("not_found")],
  ["InvalidVideo.NoneStream", 404, final("not_published")],
  ["InvalidTaskId.Malformed", 400, final("not_found")],
  ["InvalidAction", 404, final("unsupported"), "InvalidAction.NotFound"],
  ["InvalidApi", 404, final("unsupported"), "InvalidApi.NotFound"],
  ["InvalidVersion", 400, final("unsupported")],
  ["UnsupportedOperation", 400, final("unsupported")],
  ["InternalError", 500, lost],
  ["ServiceUnavailable", 503, lost],
  ["ServiceUnAvailable", 503, lost],
];

export const codeRows: readonly CodeRow[] = [
  ...vod.map(([code, status, outcome]): CodeRow => ({ provider: "huawei-vod", code, status, outcome })),
  ...gateway.map(([entry, status, outcome]): CodeRow => ({ provider: "huawei-vod", code: `APIGW.${entry}`, entry, status, outcome })),
  ...alibaba.map(([entry, status, outcome, code = entry]): CodeRow => ({ provider: "alibaba-vod", code, entry, status, outcome })),
];

/** Codes that no table has: then the status is all there is to go by. */
export const unknownCodes: readonly CodeRow[] = [
  { provider: "huawei-vod", code: "VOD.19999", status: 400, outcome: oneOfThem },
  { provider: "huawei-vod", code: "VOD.19998", status: 403, outcome: final("auth_failed") },
  { provider: "huawei-vod", code: "VOD.19997", status: 404, outcome: final("not_found") },
  { provider: "huawei-vod", code: "VOD.19996", status: 429, outcome: throttled },
  { provider: "huawei-vod", code: "VOD.19995", status: 500, outcome: fault },
  { provider: "huawei-vod", code: "VOD.19994", status: 504, outcome: lost },
  { provider: "alibaba-vod", code: "NeverHeardOf.400", status: 400, outcome: final("invalid_argument") },
  { provider: "alibaba-vod", code: "NeverHeardOf.403", status: 403, outcome: final("auth_failed") },
  { provider: "alibaba-vod", code: "NeverHeardOf.404", status: 404, outcome: final("not_found") },
  { provider: "alibaba-vod", code: "NeverHeardOf.429", status: 429, outcome: throttled },
  { provider: "alibaba-vod", code: "NeverHeardOf.500", status: 500, outcome: lost },
  { provider: "alibaba-vod", code: "NeverHeardOf.504", status: 504, outcome: lost },
];

/** The codes of a provider's own tables, read from its source, because nothing else in the project needs them as a list. */
export function entriesOf(provider: ProviderId): string[] {
  const folder = provider === "huawei-vod" ? "huawei" : "alibaba";
  const source = readFileSync(join(import.meta.dirname, "../../../src/providers", folder, "errors.ts"), "utf8");
  const tables = source.matchAll(/new Map<string, Meaning>\(\n {2}Object\.entries\(\{\n(.*?)\n {2}\}\),\n\);/gs);
  return [...tables].flatMap(([, table = ""]) => [...table.matchAll(/^ {4}"?([\w.]+)"?: /gm)].map(([, entry = ""]) => entry));
}
