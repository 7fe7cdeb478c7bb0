/** What differs between the products of Tencent Cloud. Signature, credentials and most error codes are common. */

import type { ProviderLimits } from "../../prefetch/model/provider.ts";
import type { Meaning } from "../kit/error-table.ts";

export interface Product {
  /** Provider id, such as `tencent-cdn`. */
  readonly id: string;
  /** The product's name for people, such as "Tencent Cloud CDN". */
  readonly name: string;
  /** The first label of the API's host, and the service in signatures: `cdn`. */
  readonly service: string;
  /** API version. */
  readonly version: string;
  /** Completes "Grant the CAM user …": the permissions of its calls. */
  readonly permissions: string;
  /** The domains whose URLs the product takes: a sentence. */
  readonly domainHint: string;
  readonly endpointSetting: string;
  /** The vendor lists tasks, so its records tell whether a request with a fault was done. */
  readonly traceable?: true;
  /** Codes that only this product has. */
  readonly codes: (is: Meanings) => Readonly<Record<string, Meaning>>;
}

/** What errors of Tencent Cloud mean, with the advice for one product. */
export function meaningsFor({ id, name, permissions, domainHint, endpointSetting }: Omit<Product, "codes">) {
  return {
    invalid: { code: "invalid_argument", divisible: true, hint: "Check the URLs." },
    /** A shorter request may pass. */
    tooMany: { code: "invalid_argument", divisible: true },
    denied: { code: "auth_failed", hint: `Grant the CAM user ${permissions}.` },
    wrongKeys: {
      code: "auth_failed",
      hint: `Check the keys of ${id}, and that they are enabled. Temporary keys expire, and also need their token.`,
    },
    account: { code: "auth_failed", hint: `The account must have ${name}, and no debts. See its console.` },
    foreignDomain: { code: "forbidden_domain", hint: domainHint },
    quota: { code: "quota_exhausted", hint: "Wait for the vendor's next day, or ask Tencent Cloud for a higher quota." },
    throttled: { code: "rate_limited", retryable: true },
    busy: { code: "vendor_unavailable", retryable: true, retryAfterMs: 120_000, hint: "The domain is being changed; this takes minutes." },
    /** The vendor may have done the request all the same. */
    fault: {
      code: "vendor_unavailable",
      retryable: true,
      delivery: "unknown",
      hint: "The vendor has a fault, which usually passes. Call again later.",
    },
    unsupported: { code: "unsupported", hint: `Check ${endpointSetting} and PREFETCH_TENCENT_SITE.` },
    bug: { code: "internal", hint: "This is a bug in cdn-prefetch-mcp." },
  } as const satisfies Record<string, Meaning>;
}

export type Meanings = ReturnType<typeof meaningsFor>;

/** Limits that the products have in common. */
export const commonLimits = {
  // The vendor documents no limit for a body. A request of this size takes the server a moment only.
  bytesPerRequest: 1_000_000,
  bytesOf: (url: string) => JSON.stringify(url).length + 1,
  // Each call may come 20 times a second. A burst at this rate stays below that.
  // https://www.tencentcloud.com/document/product/228/33600, https://www.tencentcloud.com/document/product/1145/50537
  requestsPerMinute: 160,
  rateByAction: true,
  // The vendor has a code for longer URLs and names no length.
  urlLength: 8_192,
  // The zone is not documented. This one only predicts the reset; the vendor's own count decides.
  timeZone: "Asia/Shanghai",
  pollSeconds: 30,
  // A request leaves up to 30 s after its turn, can be in flight for 40 s, and is assumed to be listed within another minute.
  // Smaller: a request that is still in flight counts as absent and is sent twice. Larger: the batch waits longer.
  listedWithinMs: 130_000,
} as const satisfies Partial<ProviderLimits>;
