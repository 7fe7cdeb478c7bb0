/**
 * The facts of Volcengine CDN, and of BytePlus CDN, which is the same product.
 * https://www.volcengine.com/docs/6454/70436 (submit), https://www.volcengine.com/docs/6454/70437 (task list),
 * https://www.volcengine.com/docs/6454/70439 (quota)
 */

import type { ProviderLimits } from "../../prefetch/model/provider.ts";

export const id = "volcengine-cdn";
export const apiVersion = "2021-03-01";
/** Service in the scope of signatures. The vendor's Node client writes it in lower case, its Go clients do not. */
export const SERVICE = "CDN";

/** A call that hands URLs to the product, and the vendor's words for its tasks. */
export interface TaskCall {
  readonly action: string;
  /** Members of the body besides the URLs. */
  readonly more: Readonly<Record<string, string | undefined>>;
  readonly taskType: "preload" | "refresh_file";
  /** The fields of the quota's answer with the units of a day, those that are left, and the URLs that a request may have. */
  readonly quotaFields: readonly [limit: string, remaining: string, urlsPerRequest: string];
  /** For error messages: "the prefetch". */
  readonly what: string;
}

/** `area` is one of `areas`; without it, each URL has the area of its domain. */
export const prefetchCall = (area: string | undefined): TaskCall => ({
  action: "SubmitPreloadTask",
  more: { Area: area },
  taskType: "preload",
  quotaFields: ["PreloadQuota", "PreloadRemain", "PreloadLimit"],
  what: "the prefetch",
});

export const refreshCall: TaskCall = {
  action: "SubmitRefreshTask",
  more: { Type: "file" },
  taskType: "refresh_file",
  quotaFields: ["RefreshQuota", "RefreshRemain", "RefreshQuotaLimit"],
  what: "the refresh",
};

/** The vendor shows tasks of 7 days. After one hour less, a missing row proves nothing. */
export const LISTED_FOR_MS = 7 * 86_400_000 - 3_600_000;

export const limits = {
  urlsPerRequest: 100,
  // The vendor documents no size of a body. A request of this size takes the server a moment only.
  bytesPerRequest: 1_000_000,
  bytesOf: (url) => Buffer.byteLength(JSON.stringify(url)) + 1,
  // Each action may come 20 times a second. A burst at 160 a minute stays below that.
  requestsPerMinute: 160,
  rateByAction: true,
  urlsPerDay: 1_000,
  // The vendor documents no length of a URL.
  urlLength: 8_192,
  // The vendor does not document when its day starts. Beijing and Singapore have the same time.
  timeZone: "Asia/Shanghai",
  pollSeconds: 30,
  recordDays: 7,
  // A request leaves up to 30 s after its turn, can be in flight for 40 s, and is assumed to be listed within another minute.
  listedWithinMs: 130_000,
} satisfies ProviderLimits;

/** https://www.volcengine.com/docs/6454/1251457 */
export const REFRESHES_PER_DAY = 10_000;
