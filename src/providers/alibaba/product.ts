/** What differs between the products of Alibaba Cloud. Signature, credentials, task lists and most error codes are common. */

import type { ProviderLimits } from "../../prefetch/model/provider.ts";
import type { Meaning } from "../kit/error-table.ts";

/** A call that hands URLs to the product, and what it asks the CDN to do with them. */
export interface UrlCall {
  readonly action: string;
  /** For error messages, such as "the prefetch". */
  readonly what: string;
  /** Parameters besides the URLs. */
  readonly params: Readonly<Record<string, string | undefined>>;
  /** The fields of the answer that may have the ids of the vendor's tasks. */
  readonly idFields: readonly string[];
  /** The parameters travel in a form. By default they travel in the query. */
  readonly form?: true;
}

/** The call that lists tasks. */
export interface ListCall {
  readonly action: string;
  /** The field within `Tasks` that has the rows. */
  readonly field: string;
  /** The vendor's largest page. */
  readonly pageRows: number;
}

/** The call that lists the accelerated domains of the account. Its right has the product's prefix: `cdn:DescribeUserDomains`. */
export interface DomainsCall {
  readonly action: string;
  readonly right: string;
  /** At most the vendor's largest page. */
  readonly pageRows: number;
}

/** The vendor's words for prefetches and for refreshes of single URLs. */
export type TaskType = "preload" | "file";

/** The fields of the quota's answer with the units of a day, and with those that are left. */
export type QuotaFields = readonly [limit: string, remaining: string];

export interface Product {
  /** Provider id, such as `alibaba-vod`. */
  readonly id: string;
  /** The vendor's name for the product, such as "ApsaraVideo VOD". */
  readonly service: string;
  /** API version. */
  readonly version: string;
  readonly list: ListCall;
  readonly domains: DomainsCall;
  /** Action of the call that tells the quota. */
  readonly quotaAction: string;
  readonly limits: ProviderLimits & { readonly listedWithinMs: number };
  /** Completes "Grant the RAM user …": the permissions of its calls. */
  readonly permissions: string;
  /** What to check when the API does not know the action: a sentence. */
  readonly unsupportedHint: string;
  /** The variable of the endpoint for the calls that warm caches. */
  readonly endpointSetting: string;
  /** What to check when the vendor refuses an argument without a known code: a sentence. */
  readonly argumentHint: string;
  /** Codes that only this product has. */
  readonly codes?: Readonly<Record<string, Meaning>>;
}

/** Limits that the products have in common. */
export const commonLimits = {
  // Submits for one host within one second share a task id.
  hostIntervalMs: 1_200,
  // Documented for CDN and DCDN.
  urlLength: 1_024,
  // The zone is not documented. This one only predicts the reset; the vendor's own count decides.
  timeZone: "Asia/Shanghai",
  pollSeconds: 30,
  recordDays: 3,
  // A request leaves up to 30 s after its turn, can be in flight for 40 s, and appears in the list up to a minute later.
  // Smaller: a request that is still in flight counts as absent and is sent twice. Larger: the batch waits longer.
  listedWithinMs: 130_000,
} as const satisfies Partial<ProviderLimits>;
