/**
 * The facts of Huawei Cloud CDN.
 * https://support.huaweicloud.com/api-cdn/CreatePreheatingTasks.html, https://support.huaweicloud.com/api-cdn/ErrorCode.html
 */

import type { ProviderLimits } from "../../prefetch/model/provider.ts";
import type { Meaning } from "../kit/error-table.ts";
import { limits as vodLimits } from "./limits.ts";
import type { Meanings } from "./meanings.ts";
import type { Product } from "./product.ts";

/** A call that hands URLs to the product, and the vendor's words for its tasks. */
export interface TaskCall {
  readonly path: string;
  /** The field of the body and of the answer. */
  readonly field: "preheating_task" | "refresh_task";
  /** Members of the body besides the URLs. */
  readonly more: Readonly<Record<string, string>>;
  readonly taskType: "PREHEATING" | "REFRESH";
  readonly quotaType: "preheat" | "file_refresh";
  /** For error messages: "the prefetch". */
  readonly what: string;
}

export const prefetchCall: TaskCall = {
  path: "content/preheating-tasks",
  field: "preheating_task",
  more: {},
  taskType: "PREHEATING",
  quotaType: "preheat",
  what: "the prefetch",
};

export const refreshCall: TaskCall = {
  path: "content/refresh-tasks",
  field: "refresh_task",
  more: { type: "file" },
  taskType: "REFRESH",
  quotaType: "file_refresh",
  what: "the refresh",
};

export const cdnLimits = {
  urlsPerRequest: 1_000,
  // The gateway accepts 12 MB. A request of this size takes the server a moment only.
  bytesPerRequest: 1_000_000,
  bytesOf: vodLimits.bytesOf,
  // The look-up of URL records may come 5 times a second, submits and details 30 times. A burst at 40 a minute stays below that.
  requestsPerMinute: 40,
  // The vendor documents no default; this is the sample of its quota call. The vendor's own count decides.
  urlsPerDay: 1_000,
  urlLength: 4_096,
  // The vendor does not document when its day starts.
  timeZone: "Asia/Shanghai",
  pollSeconds: 15,
  // Without the time of its creation, a task is found for 7 days.
  recordDays: 7,
  // A request leaves up to 30 s after its turn, can be in flight for 40 s, and is assumed to be listed within another minute.
  listedWithinMs: 130_000,
} satisfies ProviderLimits;

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index).padStart(4, "0"));

/** Refusals of the calls that configure domains and certificates. Should one come, the domain is the reason. */
const domainNumbers = [...numbers(101, 104), "0107", "0109", ...numbers(117, 163), ...numbers(401, 414)];

const codes = (is: Meanings): Readonly<Record<string, Meaning>> => ({
  ...Object.fromEntries(domainNumbers.map((number) => [`CDN.${number}`, is.foreignDomain])),
  "CDN.0000": is.fault,
  "CDN.0001": is.invalid,
  "CDN.0002": is.wrongCredentials,
  "CDN.0003": { code: "not_found", hint: "Check the task id. Tasks are listed for 7 days." },
  "CDN.0004": is.denied,
  "CDN.0005": is.quota,
  "CDN.0020": is.denied,
  "CDN.0021": is.denied,
  "CDN.0105": is.foreignDomain,
  "CDN.0106": { ...is.foreignDomain, hint: "The state of the domain does not allow this. Enable it in the console of Huawei Cloud CDN." },
  "CDN.0108": is.foreignDomain,
  "CDN.0110": is.quota,
  "CDN.0114": is.account,
  "CDN.0115": { ...is.foreignDomain, hint: "The domain is banned. See the console of Huawei Cloud CDN." },
  "CDN.0116": { ...is.foreignDomain, hint: "The domain is locked. See the console of Huawei Cloud CDN." },
  "CDN.0127": is.invalid,
  "CDN.0145": { ...is.foreignDomain, hint: "Only enabled domains can be prefetched. Enable it in the console of Huawei Cloud CDN." },
  "CDN.0201": is.invalid,
});

export const cdn: Product = {
  id: "huawei-cdn",
  permissions:
    "cdn:configuration:preheatCache and cdn:configuration:queryCacheHistoryTask (refresh_first also needs cdn:configuration:refreshCache), and set PREFETCH_HUAWEI_CDN_ENTERPRISE_PROJECT for an IAM user",
  setupHint: "Check PREFETCH_HUAWEI_CDN_ENDPOINT, and that a token is scoped to the account.",
  argumentHint: "Check the URLs. Huawei Cloud CDN takes no directories.",
  domainHint: "The URL's domain must be an enabled acceleration domain of this Huawei Cloud account.",
  endpointSettings: ["PREFETCH_HUAWEI_CDN_ENDPOINT"],
  traceable: true,
  codes,
};
